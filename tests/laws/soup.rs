//! Contexts, and soups of headers made of them: what the formats of the table print, spoilt, doubled and mixed with bytes of
//! any kind. All of it follows from the table, so that a new format is in it by itself.

use core::fmt;

use gatespan::format::Spelling;
use gatespan::format::tracestate::Ot;
use gatespan::format::{FORMATS, Format, Keep, OtelOut, Outgoing, Seen};
use gatespan::{
    Edits, FUTURE_MS, Headers, OpikId, OpikIds, OtelIds, Sampling, SpanId, Time, TraceId,
};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::laws::{NOW, Owned, apply, pairs, shown};

/// What a gateway may have to say.
#[derive(Clone, Debug)]
pub struct Context {
    pub opik: OpikIds,
    pub otel: OtelIds,
    pub sampling: Sampling,
    pub random: bool,
}

/// Any context there can be.
pub fn context() -> impl Strategy<Value = Context> {
    let millis = prop_oneof![Just(NOW.millis() + FUTURE_MS), 0..=NOW.millis()];
    let opik_id = (millis, any::<[u8; 10]>())
        .prop_map(|(millis, bits)| OpikId::mint(Time::from_millis(millis), bits));
    let opik = (opik_id.clone(), prop::option::of(opik_id))
        .prop_map(|(trace, parent)| OpikIds { trace, parent });
    // Small ids have many zeros in front, which must not get lost.
    let trace = prop_oneof![1..u128::from(u64::MAX), 1..=u128::MAX];
    let span = prop_oneof![1..16_u64, 1..=u64::MAX];
    let otel = (trace, span).prop_map(|(trace, span)| OtelIds {
        trace: TraceId::from_bits(trace).unwrap(),
        span: SpanId::from_bits(span).unwrap(),
    });
    let sampling = prop::sample::select(vec![
        Sampling::Defer,
        Sampling::Deny,
        Sampling::Accept,
        Sampling::Debug,
    ]);
    (opik, otel, sampling, any::<bool>()).prop_map(|(opik, otel, sampling, random)| Context {
        opik,
        otel,
        sampling,
        random,
    })
}

/// How Opik's headers may be spelt.
pub fn spelling() -> impl Strategy<Value = Spelling> {
    prop::sample::select(vec![Spelling::Underscore, Spelling::Dash, Spelling::Both])
}

impl Context {
    /// The headers of a request after a format has written this over them.
    pub fn printed(&self, format: &'static Format, came: &Owned, spelling: Spelling) -> Owned {
        let pairs = pairs(came);
        let outgoing = Outgoing {
            dashed: None,
            opik: Some(self.opik),
            otel: Some(OtelOut {
                ids: self.otel,
                sampling: self.sampling,
                random: self.random,
                state: None,
                ot: Ot::Keep,
            }),
            keep: Keep::default(),
        };
        let mut edits = Edits::default();
        let seen = Seen::sift(Headers::new(&pairs), spelling, NOW);
        format.inject(&seen, &outgoing, &mut edits);
        apply(came, &edits)
    }
}

/// A soup, which is printed as text.
#[derive(Clone)]
pub struct Soup(pub Owned);

impl fmt::Debug for Soup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", shown(&self.0))
    }
}

/// The lines of a list, which are printed as text.
#[derive(Clone)]
pub struct Members(pub Vec<u8>);

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// Headers that are right, headers that were right, and headers that never were.
pub fn headers() -> impl Strategy<Value = Soup> {
    let printed = (context(), spelling(), any::<[bool; FORMATS.len()]>()).prop_map(
        |(context, spelling, present)| -> Owned {
            FORMATS
                .iter()
                .zip(present)
                .filter(|(_, present)| *present)
                .flat_map(|(format, _)| context.printed(format, &Owned::new(), spelling))
                .collect()
        },
    );
    let lists = members().prop_map(|Members(data)| -> Owned {
        let mut lines = data.split(|byte| *byte == b'\n');
        let name = lines.next().unwrap_or_default().to_vec();
        lines.map(|value| (name.clone(), value.to_vec())).collect()
    });
    let garbage = (name(), prop::collection::vec(any::<u8>(), 0..40));
    (
        prop::collection::vec(printed, 0..3),
        prop::option::of(lists),
        prop::collection::vec(garbage, 0..3),
        prop::collection::vec(Spoiling::any(), 0..4),
    )
        .prop_map(|(printed, lists, garbage, spoilings)| {
            let mut soup: Owned = printed.into_iter().flatten().collect();
            soup.extend(lists.into_iter().flatten());
            soup.extend(garbage);
            for spoiling in spoilings {
                spoiling.spoil(&mut soup);
            }
            Soup(soup)
        })
}

/// A name of the table, or another; the case does not matter.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<String> = FORMATS
        .iter()
        .flat_map(|format| format.headers)
        .map(|header| header.name.replace('*', "user"))
        .collect();
    let known = prop::sample::select(known).prop_map(String::into_bytes);
    let shouted = known.clone().prop_map(|name| name.to_ascii_uppercase());
    prop_oneof![4 => known, 1 => shouted, 1 => Just(b"accept".to_vec())]
}

/// One thing that goes wrong on the way.
#[derive(Clone, Debug)]
struct Spoiling {
    header: Index,
    other: Index,
    place: Index,
    byte: u8,
    kind: u8,
}

impl Spoiling {
    fn any() -> impl Strategy<Value = Self> {
        let byte = prop_oneof![
            any::<u8>(),
            prop::sample::select(b" \t,;:=-%0fFgG\r\x7f".to_vec()),
        ];
        (any::<[Index; 3]>(), byte, 0..9_u8).prop_map(|([header, other, place], byte, kind)| Self {
            header,
            other,
            place,
            byte,
            kind,
        })
    }

    fn spoil(&self, soup: &mut Owned) {
        if soup.is_empty() {
            return;
        }
        let other = soup[self.other.index(soup.len())].clone();
        let header = self.header.index(soup.len());
        let (name, value) = &mut soup[header];
        let place = self.place.index(value.len() + 1);
        match self.kind {
            0 => value.insert(place, self.byte),
            1 => value.truncate(place),
            2 => value.make_ascii_uppercase(),
            3 => value.extend([b"," as &[u8], &other.1].concat()),
            4 => *value = other.1,
            5 => name.make_ascii_uppercase(),
            6 => soup.push(other),
            7 => drop(soup.remove(header)),
            _ => {
                if let Some(byte) = value.get_mut(place) {
                    *byte = self.byte;
                }
            }
        }
    }
}

/// The copies of a list, as the fuzz target takes them: the first line is the name.
pub fn members() -> impl Strategy<Value = Members> {
    let text = |text: &'static str| Just(text.as_bytes().to_vec());
    let long = (0..400_usize, "[a-z][a-z0-9]{0,3}")
        .prop_map(|(length, key)| format!("{key}={}", "v".repeat(length)).into_bytes());
    let ot = prop::collection::vec(
        prop_oneof![
            Just("th:8".to_owned()),
            Just("rv:c0000000000000".to_owned()),
            "(th|rv|x|):[0-9a-fA-F]{0,15}",
            "[ ;:a-z]{0,6}",
            (200..256_usize).prop_map(|length| format!("x:{}", "y".repeat(length))),
        ],
        0..5,
    )
    .prop_map(|subs| format!("ot={}", subs.join(";")).into_bytes());
    let member = prop_oneof![
        6 => "[a-z0-9]{1,3}=[!-+.-<>-~]{1,6}".prop_map(String::into_bytes),
        4 => long,
        2 => ot,
        1 => "[ \t]{0,2}[a-z@._-]{0,3} ?= ?[a-z =;]{0,6}[ \t]{0,2}".prop_map(String::into_bytes),
        1 => text("opik.trace_id=019cae0b-ba4d-7c41-9a3e-5d0f6b72e814"),
        1 => text("opik.span_id=019CAE0BBA107D108E210F9A1B2C3D4E;x=y"),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    let good = "[a-z0-9]{1,3}=[!-+.-<>-~]{1,6}".prop_map(String::into_bytes);
    let line = prop_oneof![
        prop::collection::vec(member, 0..6),
        prop::collection::vec(good, 0..70),
    ]
    .prop_map(|members| members.join(b",".as_slice()));
    let name = prop::sample::select(vec!["tracestate", "baggage"]);
    (name, prop::collection::vec(line, 0..4)).prop_map(|(name, lines)| {
        let mut data = name.as_bytes().to_vec();
        for line in lines {
            data.push(b'\n');
            // A line break would begin another copy.
            data.extend(line.into_iter().filter(|byte| *byte != b'\n'));
        }
        Members(data)
    })
}
