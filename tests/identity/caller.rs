//! Callers of all kinds: each format present or not, right or wrong, agreeing or not. The headers are spelt here by hand,
//! so that a mistake in `inject` cannot hide one in `extract`; a format that is not known here spells itself.

use gatespan::format::Spelling;
use gatespan::format::tracestate::Ot;
use gatespan::format::{FORMATS, Format, Keep, OtelOut, Outgoing, Seen};
use gatespan::{Edit, Edits, Headers, OpikId, OpikIds, OtelIds, Sampling, SpanId, Time, TraceId};
use proptest::prelude::*;

use crate::apply::Owned;

/// What one request brings.
#[derive(Clone, Debug)]
pub struct Caller {
    traces: [[u8; 16]; 2],
    spans: [[u8; 8]; 2],
    opik: [[u8; 10]; 4],
    /// Which of the ids each format of the table says; none is absent.
    said: Vec<Option<Said>>,
    extra: Vec<(&'static str, String)>,
}

#[derive(Clone, Copy, Debug)]
struct Said {
    which: usize,
    state: u8,
    spoilt: bool,
}

/// A caller who may contradict itself and send garbage.
pub fn caller() -> impl Strategy<Value = Caller> {
    let said =
        (0..2usize, 0..4u8, prop::bool::weighted(0.2)).prop_map(|(which, state, spoilt)| Said {
            which,
            state,
            spoilt,
        });
    build(prop::collection::vec(prop::option::of(said), FORMATS.len()).boxed())
}

/// A caller whose formats agree and are valid; those that can leave the decision open may do so.
pub fn consistent_caller() -> impl Strategy<Value = Caller> {
    let present = prop::collection::vec(prop::bool::ANY, FORMATS.len());
    let said = (present, 0..2u8, prop::bool::ANY).prop_map(|(present, state, defers)| {
        let said = |(present, format): (bool, &Format)| {
            present.then_some(Said {
                which: 0,
                state: if defers && format.defers {
                    DEFERRED
                } else {
                    state
                },
                spoilt: false,
            })
        };
        present.into_iter().zip(FORMATS).map(said).collect()
    });
    build(said.boxed())
}

/// The state, of those that are spelt below, that leaves the decision open where a format can.
const DEFERRED: u8 = 3;

/// Random bytes, or an id with a time in it: of long ago, of a while ago, of soon, of later.
fn trace() -> impl Strategy<Value = [u8; 16]> {
    const MINUTE: i64 = 60_000;
    let ages = [
        -3000 * MINUTE,
        -MINUTE,
        MINUTE / 2,
        10 * MINUTE,
        3000 * MINUTE,
    ];
    let dated =
        (prop::sample::select(ages.to_vec()), any::<[u8; 10]>()).prop_map(|(age, random)| {
            let time = Time::from_millis(crate::NOW.millis().saturating_add_signed(age));
            OpikId::mint(time, random).bits().to_be_bytes()
        });
    prop_oneof![any::<[u8; 16]>(), dated]
}

fn build(said: BoxedStrategy<Vec<Option<Said>>>) -> impl Strategy<Value = Caller> {
    let extra = prop::sample::subsequence(
        vec![
            ("accept", "*/*".to_owned()),
            (
                "tracestate",
                "vendor=1,ot=th:8;rv:ffffffffffffff".to_owned(),
            ),
            ("baggage", "tenant=a,user=b".to_owned()),
            ("uberctx-user", "b".to_owned()),
            ("opik_project_name", "theirs".to_owned()),
            ("x-b3-parentspanid", "05e3ac9a4f6e3b90".to_owned()),
        ],
        0..=5,
    );
    // Ids long enough to be told apart from anything else in a header.
    (
        prop::array::uniform2(trace()),
        any::<[[u8; 8]; 2]>(),
        any::<[[u8; 10]; 4]>(),
        said,
        extra,
    )
        .prop_map(|(mut traces, mut spans, opik, said, extra)| {
            traces.iter_mut().for_each(|id| id[0] |= 1);
            spans.iter_mut().for_each(|id| id[0] |= 1);
            Caller {
                traces,
                spans,
                opik,
                said,
                extra,
            }
        })
}

impl Caller {
    /// The headers, spelt by hand.
    pub fn headers(&self) -> Owned {
        let mut lines: Vec<(&str, String)> = self.extra.clone();
        for (format, said) in FORMATS.iter().zip(&self.said) {
            let Some(said) = *said else { continue };
            let Said {
                which,
                state,
                spoilt,
            } = said;
            let (trace, span) = (hex(&self.traces[which]), hex(&self.spans[which]));
            let (u, p) = (self.opik_id(which), self.opik_id(which + 2));
            let state = usize::from(state);
            let sampled = ["00", "01", "03", "02"][state];
            let trace = if spoilt {
                trace.to_uppercase() + "!"
            } else {
                trace
            };
            let u = if spoilt { "not-a-uuid".to_owned() } else { u };
            match format.name {
                "opik" => lines.extend([
                    ("opik_trace_id", u),
                    (["opik_parent_span_id", "opik-parent-span-id"][state % 2], p),
                ]),
                "opik_baggage" => {
                    lines.push(("baggage", format!("opik.trace_id={u},x=y,opik.span_id={p}")));
                }
                "w3c" => lines.push(("traceparent", format!("00-{trace}-{span}-{sampled}"))),
                "b3" => lines.push((
                    "b3",
                    format!("{trace}-{span}{}", ["-0", "-1", "-d", ""][state]),
                )),
                "b3multi" => {
                    lines.extend([("x-b3-traceid", trace), ("x-b3-spanid", span)]);
                    lines.extend(
                        [
                            ("x-b3-sampled", "0"),
                            ("x-b3-sampled", "1"),
                            ("x-b3-flags", "1"),
                        ]
                        .get(state)
                        .map(|(n, v)| (*n, (*v).to_owned())),
                    );
                }
                "jaeger" => lines.push((
                    "uber-trace-id",
                    format!("{trace}:{span}:0:{}", ["0", "1", "3", "2"][state]),
                )),
                _ => lines.extend(self.by_itself(format, said)),
            }
        }
        lines
            .into_iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.into_bytes()))
            .collect()
    }

    /// The headers of a format, spelt by itself.
    fn by_itself(&self, format: &'static Format, said: Said) -> Vec<(&'static str, String)> {
        let Said {
            which,
            state,
            spoilt,
        } = said;
        let opik = |which: usize| crate::opik_id(self.opik[which]);
        let states = [
            Sampling::Deny,
            Sampling::Accept,
            Sampling::Debug,
            Sampling::Defer,
        ];
        let outgoing = Outgoing {
            dashed: None,
            opik: Some(OpikIds {
                trace: opik(which),
                parent: Some(opik(which + 2)),
            }),
            otel: Some(OtelOut {
                ids: OtelIds {
                    trace: TraceId::from_bits(u128::from_be_bytes(self.traces[which])).unwrap(),
                    span: SpanId::from_bits(u64::from_be_bytes(self.spans[which])).unwrap(),
                },
                sampling: states[usize::from(state)],
                random: false,
                state: None,
                ot: Ot::Keep,
            }),
            keep: Keep::default(),
        };
        let nothing = Seen::sift(Headers::new(&[]), Spelling::Both, crate::NOW);
        let mut edits = Edits::default();
        format.inject(&nothing, &outgoing, &mut edits);
        let lines = edits.as_slice().iter().filter_map(|edit| match edit {
            Edit::Remove(_) => None,
            Edit::Set(name, value) => {
                let value = String::from_utf8(value.as_bytes().to_vec()).unwrap();
                Some((*name, if spoilt { value + "!" } else { value }))
            }
        });
        lines.collect()
    }

    /// Every id that was said, without dashes, and the half of it that our own ids could repeat.
    pub fn ids(&self) -> Vec<String> {
        let opik = (0..4).map(|which| self.opik_id(which).replace('-', ""));
        let low = (0..4).map(|which| self.opik_id(which).replace('-', "").split_off(16));
        self.traces
            .iter()
            .map(|id| hex(id))
            .chain(self.spans.iter().map(|id| hex(id)))
            .chain(opik)
            .chain(low)
            .collect()
    }

    fn opik_id(&self, which: usize) -> String {
        let id: OpikId = crate::opik_id(self.opik[which]);
        String::from_utf8(id.dashed().to_vec()).unwrap()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
