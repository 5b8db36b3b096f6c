//! The reader of bodies: never a panic, and what is found does not depend on how the bytes are cut.

use gatespan::genai::{ApiName, Exchange, Findings, ModelApi};
use gatespan::span::AttributeValue;
use gatespan::{Time, Word};

const TYPES: [&str; 5] = [
    "application/json",
    "text/event-stream",
    "application/x-ndjson",
    "application/vnd.amazon.eventstream",
    "text/html",
];
const ENCODINGS: [&str; 4] = ["", "gzip", "deflate", "br"];
const STATUSES: [u16; 4] = [200, 200, 429, 101];

/// The first of the bytes below that chooses Bedrock's invoke.
#[allow(dead_code, reason = "the fuzz target chooses by itself")]
pub(crate) const INVOKE: u8 = 11;

/// Four bytes that choose the API, the type, the encoding and the sizes of the pieces; the rest is both bodies.
pub(crate) fn hold(data: &[u8]) {
    let Some(([api, kind, encoding, sizes], body)) = data.split_first_chunk::<4>() else {
        return;
    };
    let pick = |list: usize, byte: &u8| usize::from(*byte) % list;
    let case = Case {
        named: ApiName::MEANINGS[pick(ApiName::MEANINGS.len(), api)],
        kind: TYPES[pick(TYPES.len(), kind)],
        encoding: ENCODINGS[pick(ENCODINGS.len(), encoding)],
        status: STATUSES[pick(STATUSES.len(), sizes)],
        complete: sizes & 0x80 == 0,
        body,
    };
    let Some(whole) = case.run(&mut |_| usize::MAX) else {
        return;
    };
    let bytewise = case.run(&mut |_| 1);
    assert_eq!(bytewise.as_ref(), Some(&whole), "byte by byte");
    let mut state = u32::from(*sizes);
    let pieces = case.run(&mut |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as usize % 23 + 1
    });
    assert_eq!(pieces, Some(whole), "in pieces");
}

struct Case<'d> {
    named: ApiName,
    kind: &'static str,
    encoding: &'static str,
    status: u16,
    complete: bool,
    body: &'d [u8],
}

impl Case<'_> {
    /// Everything that is found when pieces have these sizes.
    fn run(&self, size: &mut dyn FnMut(()) -> usize) -> Option<String> {
        let path = b"/v1/models/x%41:streamGenerateContent";
        let named = Some(self.named);
        let dialect = ModelApi::find(named, b"POST", path, b"api.openai.com")
            .or_else(|| ModelApi::find(named, b"POST", b"/v1/chat/completions", b""))?;
        let mut exchange = Exchange::new(dialect, path);
        exchange.request_headers(b"application/json", self.encoding.as_bytes());
        each(self.body, size, &mut |piece| exchange.request_chunk(piece));
        // What else it wants to know is told by the lines of the body.
        let lines = self.body.split(|byte| *byte == b'\n');
        let known = [self.kind.as_bytes(), self.encoding.as_bytes()];
        exchange.response_headers(self.status, known.into_iter().chain(lines));
        each(self.body, size, &mut |piece| {
            exchange.response_chunk(piece, Time(5));
        });
        Some(told(&exchange.end(self.complete)))
    }
}

fn each(body: &[u8], size: &mut dyn FnMut(()) -> usize, take: &mut dyn FnMut(&[u8])) {
    let mut rest = body;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(size(()).min(rest.len()));
        take(piece);
        rest = behind;
    }
}

/// All of it; and what must hold of each text.
fn told(found: &Findings) -> String {
    let mut out = format!("{:?} {}\n", found.first_token(), found.streamed());
    let mut tell = |name: gatespan::backend::genai::AttributeName, value: AttributeValue<'_>| {
        let text = |text: &[u8]| {
            let text = core::str::from_utf8(text).expect("UTF-8");
            assert!(
                !text.is_empty() && text.len() <= 128 && !text.contains(char::is_control),
                "{text:?}"
            );
            text.to_owned()
        };
        if let ("error.type", AttributeValue::Text(value)) = (name.rest, &value) {
            let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(byte);
            assert!(value.len() <= 64 && value.iter().all(is_word), "{value:?}");
        }
        let value = match value {
            AttributeValue::Text(value) | AttributeValue::Decimal(value) => text(value),
            AttributeValue::Whole(number) => number.to_string(),
            AttributeValue::Seconds(number) => format!("{number} ns"),
            AttributeValue::True => "true".into(),
            AttributeValue::FinishReasons(words) => {
                words.iter().map(text).collect::<Vec<_>>().join(",")
            }
            other => panic!("{other:?} is no value of a call"),
        };
        out.push_str(&format!("{}{} {value}\n", name.prefix, name.rest));
    };
    gatespan::backend::genai::attributes(found, Time(0), &mut tell);
    gatespan::backend::genai::opik_attributes(found, Time(0), &mut tell);
    gatespan::backend::opik_usage::opik_usage(found, &mut |name, count| {
        assert!(count >= 0, "{name} {count}");
        out.push_str(&format!("{name} {count}\n"));
    });
    out
}
