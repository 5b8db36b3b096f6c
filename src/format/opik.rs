//! Opik's distributed headers.
//!
//! ```text
//! opik_trace_id       = UUID of version 7      ; also spelt opik-trace-id: one header (law 12)
//! opik_parent_span_id = UUID of version 7      ; absent: the top of the trace; never without a trace id
//! ```
//! Example: `opik_trace_id: 019cae0b-ba4d-7c41-9a3e-5d0f6b72e814`.
//!
//! Read in any case, dashed or not; written lower-case and dashed, because the server reads nothing else. Proxies and
//! WSGI servers drop names with underscores, hence the second spelling. There is no sampling state. Three more names
//! (`project_name`, `thread_id`, `tags`) are read by applications: riders.

use super::seen::fit;
use super::{Carried, Extracted, Field, Format, Outgoing, Seen, System, identity, rider};
use crate::fault::{Fault, FaultKind};
use crate::ids::{Ids, OpikId, OpikIds, Sampling};
use crate::request::Edits;
use crate::words::words;

pub(super) const FORMAT: Format = Format {
    extract,
    inject,
    ..Format::new(
        "opik",
        System::Opik,
        &[
            identity(TRACE.underscore),
            identity(TRACE.dash),
            identity(PARENT.underscore),
            identity(PARENT.dash),
            rider("opik_project_name"),
            rider("opik-project-name"),
            rider("opik_thread_id"),
            rider("opik-thread-id"),
            rider("opik_tags"),
            rider("opik-tags"),
        ],
        "opik_trace_id and opik_parent_span_id",
    )
};

words! {
    /// How Opik's headers are spelt upstream.
    Spelling {
        /// `opik_trace_id`, as the SDKs write it; some servers drop it.
        Underscore = "underscore",
        /// `opik-trace-id`, which every server lets through.
        Dash = "dash",
        /// Both.
        Both = "both",
    }
}

/// The two spellings of one header.
struct Name {
    underscore: &'static str,
    dash: &'static str,
}

const TRACE: Name = Name {
    underscore: "opik_trace_id",
    dash: "opik-trace-id",
};
const PARENT: Name = Name {
    underscore: "opik_parent_span_id",
    dash: "opik-parent-span-id",
};

fn extract<'a>(seen: &Seen<'a>, fields: &[Field<'a>]) -> Extracted<'a> {
    let [trace, trace_dash, parent, parent_dash, ..] = fields else {
        return Ok(None);
    };
    let trace_id = read(seen, &TRACE, [trace, trace_dash])?;
    let parent_id = read(seen, &PARENT, [parent, parent_dash])?;
    let ids = match (trace_id, parent_id) {
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            let header = if parent.is_present() {
                PARENT.underscore
            } else {
                PARENT.dash
            };
            return Err(Fault {
                header,
                kind: FaultKind::Incomplete,
            });
        }
        (Some(trace), parent) => OpikIds { trace, parent },
    };
    let canonical = is_canonical(seen.spelling, Some(ids.trace), [trace, trace_dash])
        && is_canonical(seen.spelling, ids.parent, [parent, parent_dash]);
    Ok(Some(Carried {
        ids: Ids::Opik(ids),
        sampling: Sampling::Defer,
        random: false,
        state: None,
        canonical,
        differs: false,
    }))
}

/// Reads every copy of both spellings; they must say the same.
fn read(seen: &Seen<'_>, name: &Name, fields: [&Field<'_>; 2]) -> Result<Option<OpikId>, Fault> {
    let mut id = None;
    let headers = [name.underscore, name.dash].into_iter().zip(fields);
    for (header, field) in headers.filter(|(_, field)| field.is_present()) {
        for value in seen.values(header, field) {
            // What is an id as it came needs no further look.
            let found = OpikId::parse(value, seen.now)
                .or_else(|_| fit(value).and_then(|text| OpikId::parse(text, seen.now)));
            let found = found.map_err(|kind| Fault { header, kind })?;
            if id.is_some_and(|known| known != found) {
                return Err(Fault {
                    header,
                    kind: FaultKind::Differs,
                });
            }
            id = Some(found);
        }
    }
    Ok(id)
}

/// Whether exactly the configured spellings came, once each and spelt as we would.
#[inline]
fn is_canonical(spelling: Spelling, id: Option<OpikId>, fields: [&Field<'_>; 2]) -> bool {
    fields
        .into_iter()
        .zip(wanted(spelling))
        .all(|(field, wanted)| match (id, field.first()) {
            (Some(_), Some(value)) => wanted && !field.is_repeated() && OpikId::is_spelling(value),
            (Some(_), None) => !wanted,
            (None, value) => value.is_none(),
        })
}

/// Whether the underscore and the dash spelling are written.
const fn wanted(spelling: Spelling) -> [bool; 2] {
    match spelling {
        Spelling::Underscore => [true, false],
        Spelling::Dash => [false, true],
        Spelling::Both => [true, true],
    }
}

fn inject<'a>(
    seen: &Seen<'a>,
    fields: &[Field<'a>],
    outgoing: &Outgoing<'_>,
    edits: &mut Edits<'a>,
) {
    let (Some(opik), [trace, trace_dash, parent, parent_dash, ..]) = (outgoing.opik, fields) else {
        return;
    };
    let (of_trace, of_parent);
    let texts: [&[u8]; 2] = match (outgoing.dashed, opik.parent) {
        (Some(dashed), _) => [&dashed.trace, &dashed.span],
        (None, parent) => {
            (of_trace, of_parent) = (opik.trace.dashed(), parent.map(OpikId::dashed));
            [
                &of_trace,
                of_parent.as_ref().map_or(b"", <[u8; _]>::as_slice),
            ]
        }
    };
    let names = [
        (&TRACE, [trace, trace_dash]),
        (&PARENT, [parent, parent_dash]),
    ];
    for ((name, fields), text) in names.into_iter().zip(texts) {
        write(seen, name, fields, text, edits);
    }
}

/// Writes an id in the spellings that are wanted, and removes the others; where there is none, both.
fn write<'a>(
    seen: &Seen<'a>,
    name: &Name,
    [underscore, dash]: [&Field<'a>; 2],
    text: &[u8],
    edits: &mut Edits<'a>,
) {
    let [with_underscore, with_dash] = wanted(seen.spelling);
    let if_any = |wanted| Some(text).filter(|text| wanted && !text.is_empty());
    seen.put(name.underscore, underscore, if_any(with_underscore), edits);
    seen.put(name.dash, dash, if_any(with_dash), edits);
}
