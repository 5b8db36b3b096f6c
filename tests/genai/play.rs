//! An exchange as a host plays it, in pieces of any size; and what it found, as lines.

use gatespan::Time;
use gatespan::genai::{ApiName, Exchange, Findings, ModelApi};
use gatespan::span::AttributeValue;

/// When the request came, and when the answer's bytes do.
pub const STARTED: Time = Time::from_millis(1_772_446_530_000);
pub const NOW: Time = Time::from_millis(1_772_446_530_250);

/// An exchange, as literal as it can be written down.
#[derive(Clone, Copy)]
pub struct Play<'p> {
    pub named: Option<ApiName>,
    pub path: &'p str,
    pub host: &'p str,
    pub request: &'p [u8],
    pub request_encoding: &'p str,
    pub status: u16,
    pub kind: &'p str,
    pub encoding: &'p str,
    /// Other headers of the answer.
    pub headers: &'p [(&'p str, &'p str)],
    pub body: &'p [u8],
    pub complete: bool,
}

pub const JSON: &str = "application/json";
pub const SSE: &str = "text/event-stream";
pub const LINES: &str = "application/x-ndjson";
pub const FRAMES: &str = "application/vnd.amazon.eventstream";

/// A call of OpenAI's chat completions; tests change what they are about.
pub const CHAT: Play<'_> = Play {
    named: None,
    path: "/v1/chat/completions",
    host: "api.openai.com",
    request: br#"{"messages":[{"role":"user","content":"hi"}],"model":"gpt-5-mini"}"#,
    request_encoding: "",
    status: 200,
    kind: JSON,
    encoding: "",
    headers: &[],
    body: b"",
    complete: true,
};

impl<'p> Play<'p> {
    pub const fn json(self, body: &'p [u8]) -> Self {
        Self {
            kind: JSON,
            body,
            ..self
        }
    }

    pub const fn sse(self, body: &'p [u8]) -> Self {
        Self {
            kind: SSE,
            body,
            ..self
        }
    }

    pub const fn cut(self) -> Self {
        Self {
            complete: false,
            ..self
        }
    }

    pub const fn failed(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// What is found when both bodies come in these pieces.
    pub fn run<'b>(
        &self,
        request: impl IntoIterator<Item = &'b [u8]>,
        body: impl IntoIterator<Item = &'b [u8]>,
    ) -> Findings {
        let (path, host) = (self.path.as_bytes(), self.host.as_bytes());
        let dialect = ModelApi::find(self.named, b"POST", path, host).expect("a known API");
        let mut exchange = Box::new(Exchange::new(dialect, path));
        exchange.request_headers(
            b"application/json; charset=utf-8",
            self.request_encoding.as_bytes(),
        );
        for chunk in request {
            exchange.request_chunk(chunk);
        }
        let said = exchange.wanted().map(|name| match name {
            "content-type" => self.kind,
            "content-encoding" => self.encoding,
            _ => {
                let mut headers = self.headers.iter();
                headers
                    .find(|(known, _)| *known == name)
                    .map_or("", |(_, value)| value)
            }
        });
        exchange.response_headers(self.status, said);
        for chunk in body {
            exchange.response_chunk(chunk, NOW);
        }
        exchange.end(self.complete)
    }

    /// What is found, however the bodies are cut: whole, byte by byte, at every place, at random places.
    pub fn found(&self) -> String {
        let whole = shown(&self.run([self.request], [self.body]));
        let each = |body: &'p [u8]| body.chunks(1);
        let bytewise = shown(&self.run(each(self.request), each(self.body)));
        assert_eq!(bytewise, whole, "byte by byte");
        for place in 0..=self.body.len() {
            let (one, other) = self.body.split_at(place);
            assert_eq!(
                shown(&self.run([self.request], [one, other])),
                whole,
                "cut at {place}"
            );
        }
        let request = shown(&self.run([self.request], []));
        for place in 0..=self.request.len() {
            let (one, other) = self.request.split_at(place);
            assert_eq!(
                shown(&self.run([one, other], [])),
                request,
                "request cut at {place}"
            );
        }
        for seed in 1..8 {
            let (request, body) = (pieces(self.request, seed), pieces(self.body, seed));
            assert_eq!(shown(&self.run(request, body)), whole, "seed {seed}");
        }
        whole
    }

    /// The same, held against what must be found: a line for each attribute, those of Opik behind them.
    #[track_caller]
    pub fn finds(&self, expected: &str) {
        let found = self.found();
        let expected: String = expected
            .lines()
            .map(|line| format!("{}\n", line.trim()))
            .collect();
        assert_eq!(found.trim(), expected.trim(), "\nfound:\n{found}");
    }
}

/// What a part of the lines must be; behind `!` what no line may begin with.
impl Play<'_> {
    #[track_caller]
    pub fn tells(&self, expected: &[&str]) {
        let found = self.found();
        for line in expected {
            match line.strip_prefix('!') {
                Some(line) => assert!(
                    !found.lines().any(|found| found.starts_with(line)),
                    "!{line} in\n{found}"
                ),
                None => assert!(
                    found.lines().any(|found| found == *line),
                    "{line} not in\n{found}"
                ),
            }
        }
    }
}

/// Events of a stream.
pub fn events(data: &[&str]) -> Vec<u8> {
    data.iter()
        .flat_map(|data| format!("data: {data}\n\n").into_bytes())
        .collect()
}

/// Pieces of sizes that a small generator draws, many of them of a few bytes.
pub fn pieces(body: &[u8], seed: u64) -> Vec<&[u8]> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut rest = body;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let most = [2, 5, 17, 90][(state >> 40) as usize % 4];
        let size = ((state >> 33) as usize % most + 1).min(rest.len());
        let (piece, behind) = rest.split_at(size);
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// Everything that findings tell, without the names' common beginnings.
pub fn shown(findings: &Findings) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        let name = name.strip_prefix("gen_ai.").unwrap_or(name);
        out.push_str(&format!("{name} = {value}\n"));
    };
    gatespan::backend::genai::attributes(findings, STARTED, &mut |name, value| {
        line(&[name.prefix, name.rest].concat(), spelt(value));
    });
    let mut usage = Vec::new();
    gatespan::backend::opik_usage::opik_usage(findings, &mut |name, count| {
        usage.push(format!("{name} {count}"));
    });
    if !usage.is_empty() {
        line(
            gatespan::backend::opik_usage::opik_provider(findings.dialect()),
            usage.join(", "),
        );
    }
    out
}

pub fn spelt(value: AttributeValue<'_>) -> String {
    let text = |text: &[u8]| String::from_utf8(text.to_vec()).expect("UTF-8");
    match value {
        AttributeValue::Text(value) | AttributeValue::Decimal(value) => text(value),
        AttributeValue::Whole(number) => number.to_string(),
        AttributeValue::Seconds(nanoseconds) => format!("{} s", nanoseconds as f64 / 1e9),
        AttributeValue::True => "true".into(),
        AttributeValue::FinishReasons(words) => {
            format!("{:?}", words.iter().map(text).collect::<Vec<_>>())
        }
        other => panic!("{other:?} is no value of a call"),
    }
}
