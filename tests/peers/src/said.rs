//! What an implementation makes of the headers of one system, in words that can be compared.

use core::fmt;

use crate::gateway::{NOW, admit, edited, gate, pairs, request};
use gatespan::format::Spelling;
use gatespan::format::tracestate::Ot;
use gatespan::format::{Keep, OtelOut, Outgoing, Seen};
use gatespan::{Decision, Edits, Format, Headers, OtelIds, Rejection};
use gatespan::{Sampling, SpanId, TraceId};

/// Header lines: names and values.
pub type Lines = Vec<(String, String)>;

/// What an implementation makes of the headers it was shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// There is no context.
    Nothing,
    /// There is one, and it is malformed. The peers do not tell this from nothing.
    Refused,
    /// There are no ids, but a decision.
    Alone(State),
    /// There is a context.
    Context(Context),
}

/// A context.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Context {
    /// The trace id.
    pub trace: u128,
    /// The span id.
    pub span: u64,
    /// The sampling decision.
    pub state: State,
    /// Whether the trace id is vouched to be random.
    pub random: bool,
    /// The `tracestate`, as it is passed on.
    pub tracestate: String,
}

/// A sampling decision. Debug and defer are marks beside the yes or no that the peers keep apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct State {
    /// The yes or no.
    pub sampled: bool,
    /// What more is known.
    pub mark: Mark,
}

/// What more is known of a sampling decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// Nothing.
    Plain,
    /// It is a debug trace.
    Debug,
    /// The receiver decides; `sampled` says what an implementation assumes until then.
    Defer,
}

impl State {
    /// The decision without a mark.
    #[must_use]
    pub const fn plain(sampled: bool) -> Self {
        Self {
            sampled,
            mark: Mark::Plain,
        }
    }
}

/// The ids of the tables, so that a row stays readable.
pub const T: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// The span id of the tables.
pub const S: &str = "00f067aa0ba902b7";

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Refused => f.write_str("refused"),
            Self::Alone(state) => write!(f, "no ids, {state}"),
            Self::Context(context) => {
                let trace = format!("{:032x}", context.trace).replace(T, "T");
                let span = format!("{:016x}", context.span).replace(S, "S");
                write!(f, "{trace} {span} {}", context.state)?;
                if context.random {
                    f.write_str(" random")?;
                }
                if !context.tracestate.is_empty() {
                    write!(f, " [{}]", context.tracestate)?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.sampled { "sampled" } else { "unsampled" })?;
        f.write_str(match self.mark {
            Mark::Plain => "",
            Mark::Debug => " debug",
            Mark::Defer => " deferred",
        })
    }
}

/// What gatespan makes of the headers of `formats`: a gateway that records nothing passes on what it believed, spelt
/// its own way, and that is read here by hand rather than by gatespan again.
#[must_use]
pub fn by_gatespan(formats: &[&str], lines: &Lines) -> Said {
    let gate = gate(
        formats,
        r#", "rule": {"invalid": "reject", "missing": "pass"}"#,
    );
    let pairs = pairs(lines);
    match admit(&gate, &request(&pairs)) {
        Err(Rejection::Invalid(_)) => Said::Refused,
        Err(other) => panic!("nothing else refuses here: {other:?}"),
        Ok(pass) => {
            let out = edited(lines, &pass.edits);
            let mut spellings = formats.iter().map(|format| canonical(format, &out));
            let said = spellings.clone().find(|said| *said != Said::Nothing);
            let said = said.unwrap_or(Said::Nothing);
            if matches!(said, Said::Context(_)) {
                assert!(spellings.all(|other| other == said), "{out:?}");
            }
            let joined = matches!(said, Said::Context(_));
            assert_eq!(joined, pass.decision == Decision::Joined, "{out:?}");
            said
        }
    }
}

/// What gatespan writes for a context, or for none.
#[must_use]
pub fn written_by_gatespan(format: &str, context: Option<&Context>) -> Lines {
    let format = Format::named(format).expect("a format of the table");
    let seen = Seen::sift(Headers::new(&[]), Spelling::Both, NOW);
    let otel = context.map(|context| OtelOut {
        ids: OtelIds {
            trace: TraceId::from_bits(context.trace).expect("a trace id"),
            span: SpanId::from_bits(context.span).expect("a span id"),
        },
        sampling: match (context.state.mark, context.state.sampled) {
            (Mark::Defer, _) => Sampling::Defer,
            (Mark::Debug, _) => Sampling::Debug,
            (Mark::Plain, sampled) => Sampling::from(sampled),
        },
        random: context.random,
        state: None,
        ot: Ot::Keep,
    });
    let outgoing = Outgoing {
        dashed: None,
        opik: None,
        otel,
        keep: Keep::default(),
    };
    let mut edits = Edits::default();
    format.inject(&seen, &outgoing, &mut edits);
    edited(&Lines::new(), &edits)
}

/// Reads the headers of a format as gatespan writes them, and panics at anything else.
#[must_use]
pub fn canonical(format: &str, lines: &Lines) -> Said {
    let one = |name: &str| {
        let mut values = lines.iter().filter(|(other, _)| other == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert_eq!(values.next(), None, "{name} stands twice in {lines:?}");
        value
    };
    match format {
        "w3c" => canonical_w3c(one("traceparent"), one("tracestate")),
        "b3" => one("b3").map_or(Said::Nothing, canonical_b3),
        "b3multi" => {
            let ids = [one("x-b3-traceid"), one("x-b3-spanid")];
            canonical_b3multi(ids, one("x-b3-sampled"), one("x-b3-flags"))
        }
        "jaeger" => match (one("uber-trace-id"), one("jaeger-debug-id")) {
            (None, None) => Said::Nothing,
            (None, Some(_)) => Said::Alone(b3_state("d")),
            (Some(value), _) => canonical_jaeger(value),
        },
        other => panic!("no format of this crate: {other}"),
    }
}

fn canonical_w3c(traceparent: Option<&str>, tracestate: Option<&str>) -> Said {
    let Some(value) = traceparent else {
        return Said::Nothing;
    };
    let [version, trace, span, flags] = fields(value, '-');
    assert_eq!(version, "00", "{value}");
    let flags = hex(flags, 2);
    assert!(flags <= 3, "{value}");
    assert_ne!(tracestate, Some(""), "a header that says nothing");
    Said::Context(Context {
        random: flags & 2 != 0,
        tracestate: tracestate.unwrap_or_default().into(),
        ..context(trace, span, State::plain(flags & 1 != 0))
    })
}

fn canonical_b3(value: &str) -> Said {
    match value.split('-').collect::<Vec<_>>()[..] {
        [state] => Said::Alone(b3_state(state)),
        [trace, span] => Said::Context(context(trace, span, b3_state(""))),
        // A gateway that writes no span of its own leaves the caller's parent where it is.
        [trace, span, state] | [trace, span, state, _] => {
            Said::Context(context(trace, span, b3_state(state)))
        }
        _ => panic!("{value}"),
    }
}

fn canonical_b3multi(ids: [Option<&str>; 2], sampled: Option<&str>, flags: Option<&str>) -> Said {
    let state = match (flags, sampled) {
        (None, state) => b3_state(state.unwrap_or_default()),
        (Some("1"), None) => b3_state("d"),
        other => panic!("{other:?}"),
    };
    match ids {
        [Some(trace), Some(span)] => Said::Context(context(trace, span, state)),
        [None, None] if state.mark == Mark::Defer => Said::Nothing,
        [None, None] => Said::Alone(state),
        other => panic!("{other:?}"),
    }
}

fn canonical_jaeger(value: &str) -> Said {
    let [trace, span, parent, flags] = fields(value, ':');
    assert_eq!(parent, "0", "{value}");
    let state = match flags {
        "00" => State::plain(false),
        "01" => State::plain(true),
        "03" => b3_state("d"),
        _ => panic!("{value}"),
    };
    Said::Context(context(trace, span, state))
}

fn context(trace: &str, span: &str, state: State) -> Context {
    let context = Context {
        trace: hex(trace, 32),
        span: hex(span, 16) as u64,
        state,
        random: false,
        tracestate: String::new(),
    };
    assert!(context.trace != 0 && context.span != 0, "an id of zero");
    context
}

fn hex(text: &str, length: usize) -> u128 {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    assert!(text.len() == length && text.bytes().all(is_hex), "{text}");
    u128::from_str_radix(text, 16).expect("hex")
}

fn fields<const N: usize>(text: &str, separator: char) -> [&str; N] {
    let fields: Vec<&str> = text.split(separator).collect();
    fields.try_into().expect(text)
}

fn b3_state(text: &str) -> State {
    match text {
        "" => State {
            sampled: false,
            mark: Mark::Defer,
        },
        "0" => State::plain(false),
        "1" => State::plain(true),
        "d" => State {
            sampled: true,
            mark: Mark::Debug,
        },
        _ => panic!("{text}"),
    }
}
