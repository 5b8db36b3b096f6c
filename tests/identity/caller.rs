//! Callers of all kinds: each format present or not, right or wrong, agreeing or not. The headers are spelt here by hand,
//! so that a mistake in `inject` cannot hide one in `extract`.

use gatespan::OpikId;
use proptest::prelude::*;

use crate::apply::Owned;

/// What one request brings.
#[derive(Clone, Debug)]
pub struct Caller {
    traces: [[u8; 16]; 2],
    spans: [[u8; 8]; 2],
    opik: [[u8; 10]; 4],
    /// Which of the ids each format says; none is absent.
    said: [Option<Said>; 6],
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
    build(prop::array::uniform6(prop::option::of(said)).boxed())
}

/// A caller whose formats agree and are valid.
pub fn consistent_caller() -> impl Strategy<Value = Caller> {
    let said = (prop::array::uniform6(prop::bool::ANY), 0..2u8).prop_map(|(present, state)| {
        present.map(|present| {
            present.then_some(Said {
                which: 0,
                state,
                spoilt: false,
            })
        })
    });
    build(said.boxed())
}

fn build(said: BoxedStrategy<[Option<Said>; 6]>) -> impl Strategy<Value = Caller> {
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
        any::<[[u8; 16]; 2]>(),
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
        for (format, said) in self.said.iter().enumerate() {
            let Some(Said {
                which,
                state,
                spoilt,
            }) = *said
            else {
                continue;
            };
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
            match format {
                0 => lines.extend([
                    ("opik_trace_id", u),
                    (["opik_parent_span_id", "opik-parent-span-id"][state % 2], p),
                ]),
                1 => lines.push(("baggage", format!("opik.trace_id={u},x=y,opik.span_id={p}"))),
                2 => lines.push(("traceparent", format!("00-{trace}-{span}-{sampled}"))),
                3 => lines.push((
                    "b3",
                    format!("{trace}-{span}{}", ["-0", "-1", "-d", ""][state]),
                )),
                4 => {
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
                _ => lines.push((
                    "uber-trace-id",
                    format!("{trace}:{span}:0:{}", ["0", "1", "3", "2"][state]),
                )),
            }
        }
        lines
            .into_iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.into_bytes()))
            .collect()
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
