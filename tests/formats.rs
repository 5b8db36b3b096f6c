//! What each format reads and writes, row by row, with the reason beside each row.
//!
//! Headers and outcomes are text. In both, `{T}` stands for an id of [`IDS`], `{x0b}` for a byte, `{ab*300}` for a text
//! repeated, and `{members 33}` for the list `k0=v,k1=v,…`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    reason = "tables are long, and a row that cannot be read must stop the test"
)]

#[path = "laws/mod.rs"]
mod laws;

#[path = "formats/b3.rs"]
mod b3;
#[path = "formats/baggage.rs"]
mod baggage;
#[path = "formats/jaeger.rs"]
mod jaeger;
#[path = "formats/opik.rs"]
mod opik;
#[path = "formats/tracestate.rs"]
mod tracestate;
#[path = "formats/w3c.rs"]
mod w3c;

use gatespan::format::Spelling;
use gatespan::format::tracestate::Ot;
use gatespan::format::{Carried, Format, Keep, OtelOut, Outgoing, Seen};
use gatespan::{
    Edit, Edits, Headers, Ids, OpikId, OpikIds, OtelIds, Pair, Sampler, Sampling, SpanId, TraceId,
};
use laws::{NOW, Owned, apply, lines, pairs};

/// The ids of the tables: `T` and `S` a trace and a span, `M` and `N` others; `U` and `P` the same for Opik, `V` another.
const IDS: [(&str, &str); 8] = [
    ("T", "4bf92f3577b34da6a3ce929d0e0e4736"),
    ("S", "00f067aa0ba902b7"),
    ("M", "0af7651916cd43dd8448eb211c80319c"),
    ("N", "b7ad6b7169203331"),
    ("U", "019cae0b-ba4d-7c41-9a3e-5d0f6b72e814"),
    ("P", "019cae0b-ba10-7d10-8e21-0f9a1b2c3d4e"),
    ("V", "019cae0b-ba33-7b60-9c1b-2281eda8d7fe"),
    // `U` without dashes and in capitals.
    ("UU", "019CAE0BBA4D7C419A3E5D0F6B72E814"),
];

/// Headers, what is read in them, and why.
type Reading = [&'static str; 3];
/// Headers, what is to go out, the edits or the header that this makes, and why.
type Writing = [&'static str; 4];

fn read_all(format: &str, rows: &[Reading]) {
    compare(
        rows.iter()
            .map(|[headers, wanted, why]| (*headers, outcome(format, headers), *wanted, *why)),
    );
}

fn write_all(format: &str, rows: &[Writing]) {
    compare(rows.iter().map(|[headers, outgoing, wanted, why]| {
        let found = written(format, headers, outgoing, Spelling::Both);
        (*headers, found, *wanted, *why)
    }));
}

/// All rows are compared, so that one failure does not hide another.
fn compare<'r>(rows: impl Iterator<Item = (&'r str, String, &'r str, &'r str)>) {
    let failures: Vec<String> = rows
        .filter_map(|(headers, found, wanted, why)| {
            let wanted = text(&expand(wanted));
            let fails = format!("{headers}\n  wanted {wanted}\n  found  {found}\n  because {why}");
            (found != wanted).then_some(fails)
        })
        .collect();
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

/// What a format finds: `<trace>/<span> <state> [random] [canonical] [differs]`, `absent`, or the fault.
fn outcome(format: &str, headers: &str) -> String {
    let came = request(headers);
    let pairs = pairs(&came);
    match Format::named(format)
        .unwrap()
        .extract(&sift(&pairs, Spelling::Both))
    {
        Ok(None) => "absent".into(),
        Ok(Some(carried)) => said(&carried),
        Err(fault) => fault.to_string(),
    }
}

fn said(carried: &Carried<'_>) -> String {
    let hex = |id: &[u8]| String::from_utf8(id.to_vec()).unwrap();
    let ids = match carried.ids {
        Ids::None => "-".into(),
        Ids::Otel(ids) => format!("{}/{}", hex(&ids.trace.hex()), hex(&ids.span.hex())),
        Ids::Opik(ids) => {
            let parent = ids.parent.map_or("-".into(), |id| hex(&id.dashed()));
            format!("{}/{parent}", hex(&ids.trace.dashed()))
        }
    };
    let state = match carried.sampling {
        Sampling::Defer => "defer",
        Sampling::Deny => "deny",
        Sampling::Accept => "accept",
        Sampling::Debug => "debug",
    };
    let mut words = vec![ids, state.into()];
    for (holds, word) in [
        (carried.random, "random"),
        (carried.state.is_some(), "tracestate"),
        (carried.canonical, "canonical"),
        (carried.differs, "differs"),
    ] {
        words.extend(holds.then(|| word.into()));
    }
    words.join(" ")
}

/// The edits of a format: `-name` for a removal, `name: value` for a set, a semicolon between two, or `untouched`.
///
/// `outgoing` is `clear`, or the ids to write and words about them; see [`Wish`].
fn written(format: &str, headers: &str, outgoing: &str, spelling: Spelling) -> String {
    let came = request(headers);
    let pairs = pairs(&came);
    let edits = edit(format, &sift(&pairs, spelling), outgoing);
    let lines: Vec<String> = edits
        .as_slice()
        .iter()
        .map(|edit| match edit {
            Edit::Remove(name) => format!("-{}", text(name)),
            Edit::Set(name, value) => format!("{name}: {}", text(value.as_bytes())),
        })
        .collect();
    if lines.is_empty() {
        "untouched".into()
    } else {
        lines.join("; ")
    }
}

/// The one header of this name after the edits of a format, or `gone`; ` (untouched)` behind it if no edit names it.
fn passed_on(format: &str, headers: &str, outgoing: &str, name: &str) -> String {
    let came = request(headers);
    let pairs = pairs(&came);
    let edits = edit(format, &sift(&pairs, Spelling::Both), outgoing);
    let left = apply(&came, &edits);
    let touched = edits.as_slice().iter().any(|edit| match edit {
        Edit::Remove(other) => other.eq_ignore_ascii_case(name.as_bytes()),
        Edit::Set(other, _) => *other == name,
    });
    let values: Vec<String> = left
        .iter()
        .filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, value)| text(value))
        .collect();
    let value = match values.as_slice() {
        [] => "gone".into(),
        values => values.join(" | "),
    };
    value + if touched { "" } else { " (untouched)" }
}

fn edit<'a>(name: &str, seen: &Seen<'a>, outgoing: &str) -> Edits<'a> {
    let format = Format::named(name).unwrap();
    let wish = Wish::read(outgoing);
    // Leaked, because the edits of a test may borrow from it; a row is a few bytes.
    let only = wish.only.clone().map(|keys| &*Vec::leak(keys));
    let state = Format::named("w3c")
        .unwrap()
        .extract(seen)
        .ok()
        .flatten()
        .and_then(|carried| carried.state);
    let outgoing = Outgoing {
        dashed: None,
        opik: wish.opik,
        otel: wish.otel.map(|ids| OtelOut {
            ids,
            sampling: wish.sampling,
            random: wish.random,
            state,
            ot: wish.ot,
        }),
        keep: Keep {
            strip: wish.strip,
            only,
        },
    };
    let mut edits = Edits::default();
    if wish.clear {
        format.clear(seen, &outgoing, &mut edits);
    } else {
        format.inject(seen, &outgoing, &mut edits);
    }
    edits
}

/// What is to go out: `{T}/{S}` or `{U}/-`, a sampling state, `random`; `ot` (erase the threshold) or `ot=0.5` (announce
/// this probability); `strip`; `only=` the baggage keys that a stranger may send. `clear` writes nothing.
struct Wish {
    clear: bool,
    opik: Option<OpikIds>,
    otel: Option<OtelIds>,
    sampling: Sampling,
    random: bool,
    ot: Ot,
    strip: bool,
    only: Option<Vec<String>>,
}

impl Wish {
    fn read(outgoing: &str) -> Self {
        let mut wish = Self {
            clear: false,
            opik: None,
            otel: None,
            sampling: Sampling::Defer,
            random: false,
            ot: Ot::Keep,
            strip: false,
            only: None,
        };
        let outgoing = String::from_utf8(expand(outgoing)).unwrap();
        for word in outgoing.split_whitespace() {
            match word.split_once(['/', '=']).unwrap_or((word, "")) {
                ("clear", "") => wish.clear = true,
                ("defer", "") => wish.sampling = Sampling::Defer,
                ("deny", "") => wish.sampling = Sampling::Deny,
                ("accept", "") => wish.sampling = Sampling::Accept,
                ("debug", "") => wish.sampling = Sampling::Debug,
                ("random", "") => wish.random = true,
                ("strip", "") => wish.strip = true,
                ("ot", "") => wish.ot = Ot::Amend(None),
                ("ot", kept) => {
                    let sampler = Sampler::with_probability(kept.parse().unwrap());
                    wish.ot = Ot::Amend(sampler.threshold());
                }
                ("only", keys) => {
                    wish.only = Some(keys.split('+').map(Into::into).collect());
                }
                (trace, parent) if trace.len() == 36 => {
                    let id = |text: &str| OpikId::parse(text.as_bytes(), NOW);
                    wish.opik = Some(OpikIds {
                        trace: id(trace).unwrap(),
                        parent: id(parent).ok(),
                    });
                }
                (trace, span) => {
                    wish.otel = Some(OtelIds {
                        trace: TraceId::parse(trace.as_bytes()).unwrap(),
                        span: SpanId::parse(span.as_bytes()).unwrap(),
                    });
                }
            }
        }
        wish
    }
}

fn sift<'a>(pairs: &'a [Pair<'a>], spelling: Spelling) -> Seen<'a> {
    Seen::sift(Headers::new(pairs), spelling, NOW)
}

/// Header lines; a line break inside a value is spelt `{x0a}`.
fn request(headers: &str) -> Owned {
    headers
        .lines()
        .flat_map(|line| {
            let (name, value) = line.split_once(':').expect("a line is `name: value`");
            let mut header = lines(b"name:");
            let value = expand(value.strip_prefix(' ').unwrap_or(value));
            header[0] = (expand(name), value);
            header
        })
        .collect()
}

/// Replaces what stands in braces.
fn expand(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((plain, behind)) = rest.split_once('{') {
        bytes.extend_from_slice(plain.as_bytes());
        let (inside, behind) = behind.split_once('}').expect("a closing brace");
        if let Some((_, id)) = IDS.iter().find(|(name, _)| *name == inside) {
            bytes.extend_from_slice(id.as_bytes());
        } else if let Some(count) = inside.strip_prefix("members ") {
            let members = (0..count.parse::<usize>().unwrap()).map(|n| format!("k{n}=v"));
            bytes.extend(members.collect::<Vec<_>>().join(",").into_bytes());
        } else if let Some((unit, count)) = inside.split_once('*') {
            bytes.extend(unit.repeat(count.parse().unwrap()).into_bytes());
        } else {
            let digits = inside.strip_prefix('x').expect("an id or a byte");
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
        }
        rest = behind;
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

/// Bytes for people: what is not printable becomes `\x0b`, and a long run of one byte `{v*8190}`.
fn text(bytes: &[u8]) -> String {
    bytes
        .chunk_by(|a, b| a == b)
        .map(|run| {
            let one = match run[0] {
                byte @ b' '..=b'~' => char::from(byte).to_string(),
                byte => format!("\\x{byte:02x}"),
            };
            // No id is as long as this.
            if run.len() < 40 {
                one.repeat(run.len())
            } else {
                format!("{{{one}*{}}}", run.len())
            }
        })
        .collect()
}
