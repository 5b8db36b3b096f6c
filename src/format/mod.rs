//! The wire formats: one file each, one row each in [`FORMATS`].
//!
//! A format reads its own headers ([`Format::extract`]), writes them ([`Format::inject`]) and takes them away
//! ([`Format::clear`]). It never sees another format; `outbound.rs` decides what is written where.

// A format without its row would be code that nothing calls: that does not compile.
#![deny(dead_code)]

mod b3;
mod b3multi;
pub(crate) mod foreign;
mod jaeger;
mod opik;
mod opik_baggage;
mod seen;
mod set;
mod settings;
mod table;
pub mod tracestate;
mod w3c;

use alloc::borrow::Cow;
use alloc::string::String;

pub use opik::Spelling;
pub use seen::{Field, Seen};
pub use set::FormatSet;
pub use settings::Settings;
use tracestate::{Ot, TraceState};

use crate::fault::Fault;
use crate::ids::{Dashed, Ids, OpikIds, OtelIds, Sampling};
use crate::request::{Edits, is_name};

/// Every format this gateway knows. A new format is a file, its `mod` line and its row here.
pub static FORMATS: &[Format] = &table::placed([
    opik::FORMAT,
    opik_baggage::FORMAT,
    w3c::FORMAT,
    b3::FORMAT,
    b3multi::FORMAT,
    jaeger::FORMAT,
]);

/// Words that stand for formats in a configuration besides the formats' own names.
pub static ALIASES: [(&str, &[&str]); 2] = [
    ("composite", &["jaeger", "b3", "b3multi", "w3c"]),
    ("tracecontext", &["w3c"]),
];

/// One wire format: its names, and how its headers are read, written and taken away.
pub struct Format {
    /// The name in a configuration.
    pub name: &'static str,
    /// Whose ids it carries.
    pub system: System,
    /// Formats of one family are spellings of one context: the one higher in [`FORMATS`] wins.
    pub family: &'static str,
    /// The headers it owns, in the order in which `extract` sees them.
    pub headers: &'static [Header],
    /// What to send, for a caller whose request was refused for lack of it.
    pub ask: &'static str,
    /// Whether it can leave the sampling decision to the receiver.
    pub defers: bool,
    /// Whether it can say that the trace id is random.
    pub vouches: bool,
    extract: Extract,
    inject: Inject,
    clear: Clear,
    index: u8,
    first_field: usize,
    fields: table::Fields,
    /// Those of its family that win over it.
    pub(crate) seniors: FormatSet,
}

/// Absent is `Ok(None)`; present and unusable is a fault. The two are never confused (law 13).
pub type Extracted<'a> = Result<Option<Carried<'a>>, Fault>;

type Extract = for<'a> fn(&Seen<'a>, &[Field<'a>]) -> Extracted<'a>;
type Inject = for<'a> fn(&Seen<'a>, &[Field<'a>], &Outgoing<'_>, &mut Edits<'a>);
type Clear = for<'a> fn(&'static Format, &Seen<'a>, &Outgoing<'_>, &mut Edits<'a>);

/// The two worlds of ids that may travel together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum System {
    /// Trace and parent span as UUIDs of version 7.
    Opik,
    /// A 128-bit trace id and a 64-bit span id.
    Otel,
}

/// A header that belongs to a format.
pub struct Header {
    /// The lower-case name; one that ends in `*` stands for all names with that beginning.
    pub name: &'static str,
    /// What it is to the format.
    pub role: Role,
    /// Whether a comma may stand in its value.
    pub is_list: bool,
}

/// What a header is to its format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Says ids or a sampling state: respelt or removed, never left stale.
    Identity,
    /// Travels beside the ids: passed on from a trusted caller, removed otherwise.
    Rider,
    /// Holds members of others beside our own: its format bounds and filters it.
    Baggage,
}

/// What the headers of one format say.
#[derive(Clone, Debug)]
pub struct Carried<'a> {
    /// The ids, in the format's system.
    pub ids: Ids,
    /// The sampling state.
    pub sampling: Sampling,
    /// Whether the low 56 bits of the trace id are vouched to be random.
    pub random: bool,
    /// The `tracestate` that came along.
    pub state: Option<TraceState<'a>>,
    /// Whether it is spelt as we would spell it, so that it may stay untouched.
    pub canonical: bool,
    /// A repeated header had another value, which was ignored.
    pub differs: bool,
}

/// What goes upstream, for every format to spell.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// The Opik system.
    pub opik: Option<OpikIds>,
    /// Its ids as texts, where our span has spelt them already.
    pub dashed: Option<&'a Dashed>,
    /// The OpenTelemetry system.
    pub otel: Option<OtelOut<'a>>,
    /// What else of the caller's headers may pass.
    pub keep: Keep<'a>,
}

/// The OpenTelemetry half of [`Outgoing`].
#[derive(Clone, Debug)]
pub struct OtelOut<'a> {
    /// The ids.
    pub ids: OtelIds,
    /// The sampling state, the same in every format.
    pub sampling: Sampling,
    /// Whether the low 56 bits of the trace id are vouched to be random.
    pub random: bool,
    /// The `tracestate` to pass on.
    pub state: Option<TraceState<'a>>,
    /// What becomes of its `ot` member.
    pub ot: Ot,
}

impl OtelOut<'_> {
    /// The `tracestate` that goes upstream; empty if none does.
    #[inline]
    pub(crate) fn trace_state(&self) -> Cow<'_, [u8]> {
        if self.state.is_none() && matches!(self.ot, Ot::Keep | Ot::Amend(None)) {
            return Cow::Borrowed(b"");
        }
        let stays = self
            .state
            .as_ref()
            .and_then(|state| state.as_it_came(self.ot));
        stays.map_or_else(
            || {
                TraceState::written(self.state.as_ref(), self.ot)
                    .as_bytes()
                    .to_vec()
                    .into()
            },
            Cow::Borrowed,
        )
    }
}

/// What of the caller's headers besides ids may pass (laws 15 and 16).
#[derive(Clone, Copy, Debug, Default)]
pub struct Keep<'a> {
    /// No trace header at all goes upstream.
    pub strip: bool,
    /// The client's trace is not continued or must not be known upstream: of its baggage only these keys pass.
    pub only: Option<&'a [String]>,
}

impl Keep<'_> {
    /// Whether headers pass that travel beside the ids.
    #[must_use]
    pub const fn riders(&self) -> bool {
        !self.strip && self.only.is_none()
    }

    /// Whether this baggage key passes.
    #[must_use]
    pub fn baggage(&self, key: &[u8]) -> bool {
        let is_listed = |keys: &[String]| keys.iter().any(|known| known.as_bytes() == key);
        self.only.map_or(!self.strip, is_listed)
    }
}

impl Format {
    const fn new(
        name: &'static str,
        system: System,
        headers: &'static [Header],
        ask: &'static str,
    ) -> Self {
        Self {
            name,
            system,
            family: name,
            headers,
            ask,
            defers: false,
            vouches: false,
            extract: |_, _| Ok(None),
            inject: |_, _, _, _| (),
            clear: clear_headers,
            index: 0,
            first_field: 0,
            fields: 0,
            seniors: FormatSet::EMPTY,
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// Reads the headers of this format.
    pub fn extract<'a>(&self, seen: &Seen<'a>) -> Extracted<'a> {
        if seen.has(self) {
            (self.extract)(seen, seen.fields(self))
        } else {
            Ok(None)
        }
    }

    /// Writes the ids of this format's system; what it does not write of its own headers is removed.
    pub fn inject<'a>(
        &'static self,
        seen: &Seen<'a>,
        outgoing: &Outgoing<'_>,
        edits: &mut Edits<'a>,
    ) {
        if seen.has(self) && !outgoing.keep.riders() {
            remove_headers(self, Role::Rider, seen, edits);
        }
        (self.inject)(seen, seen.fields(self), outgoing, edits);
    }

    /// Takes the ids of this format away.
    pub fn clear<'a>(
        &'static self,
        seen: &Seen<'a>,
        outgoing: &Outgoing<'_>,
        edits: &mut Edits<'a>,
    ) {
        if seen.has(self) {
            (self.clear)(self, seen, outgoing, edits);
        }
    }

    /// The place of the row in [`FORMATS`].
    #[must_use]
    pub fn index(&self) -> usize {
        usize::from(self.index)
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}

impl Eq for Format {}

impl core::fmt::Debug for Format {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name)
    }
}

/// The usual way to take a format away: its headers are removed, riders only from a stranger.
fn clear_headers<'a>(
    format: &'static Format,
    seen: &Seen<'a>,
    outgoing: &Outgoing<'_>,
    edits: &mut Edits<'a>,
) {
    remove_headers(format, Role::Identity, seen, edits);
    if !outgoing.keep.riders() {
        remove_headers(format, Role::Rider, seen, edits);
    }
}

fn remove_headers<'a>(format: &'static Format, role: Role, seen: &Seen<'a>, edits: &mut Edits<'a>) {
    for (header, field) in format.headers.iter().zip(seen.fields(format)) {
        if header.role == role {
            seen.remove(header.name, field, edits);
        }
    }
}

/// What a message says in place of a header (SEP-414 of the Model Context Protocol), and in which format.
pub(crate) fn in_message<'a>(
    parent: &'a [u8],
    seen: &Seen<'a>,
) -> Option<(&'static Format, Carried<'a>)> {
    let format = Format::named("w3c")?;
    let fields = [Field::alone(parent), Field::default()];
    let carried = (format.extract)(seen, &fields).ok()??;
    Some((format, carried))
}

/// Baggage that passes at most, in W3C and in Jaeger spelling: what the W3C asks to carry at least.
const BAGGAGE_MEMBERS: usize = 64;
const BAGGAGE_BYTES: usize = 8192;

/// Whether a header is one of ours in whose value no comma may stand: where a host has joined its copies, they can be told
/// apart again.
#[must_use]
pub fn is_single(name: &[u8]) -> bool {
    let mut all = FORMATS.iter().flat_map(|format| format.headers);
    all.any(|header| !header.is_list && is_name(name, header.name.as_bytes()))
}

const fn identity(name: &'static str) -> Header {
    Header {
        name,
        role: Role::Identity,
        is_list: false,
    }
}

const fn rider(name: &'static str) -> Header {
    Header {
        name,
        role: Role::Rider,
        is_list: true,
    }
}
