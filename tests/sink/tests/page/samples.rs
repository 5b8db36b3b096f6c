//! The data of the page: a trace of a gateway and its services, a plain trace, an orphan.

use core::time::Duration;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

use gatespan_sink::Sink;
use serde_json::{Value, json};

pub(crate) struct Samples {
    /// The start of the main trace, in milliseconds since 1970.
    pub(crate) begin: u64,
    pub(crate) trace: String,
}

impl Samples {
    pub(crate) fn now() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a clock");
        let begin = u64::try_from(since.as_millis()).expect("a time");
        Self {
            begin,
            trace: id(begin, 1),
        }
    }

    /// The id of the span with this number.
    pub(crate) fn id(&self, number: u64) -> String {
        id(self.begin, 0x10 + number)
    }

    fn at(&self, offset: u64) -> String {
        moment(self.begin + offset)
    }

    pub(crate) fn traces(&self) -> Value {
        json!({ "traces": [
            {
                "id": self.trace, "project_name": "checkout", "name": "POST /v1/chat", "start_time": self.at(0),
                "end_time": self.at(2_362), "tags": ["gateway", "prod"], "thread_id": "conv-7", "source": "sdk",
                "metadata": { "http.request.method": "POST", "url.path": "/v1/chat", "http.response.status_code": 200 },
                "last_updated_at": self.at(2_362),
            },
            {
                "id": id(self.begin - 4_000, 2), "project_name": "checkout", "name": "GET /v1/models", "source": "sdk",
                "start_time": moment(self.begin - 4_000), "end_time": moment(self.begin - 3_988),
            },
        ] })
    }

    pub(crate) fn spans(&self) -> Value {
        let mut spans = vec![
            self.span(1, None, "POST /v1/chat", "general", 0, 2_362),
            self.span(2, Some(1), "answer", "general", 18, 2_340),
            self.span(3, Some(2), "load history", "tool", 31, 281),
            self.span(4, Some(2), "load history from the copy", "tool", 290, 342),
            self.span(5, Some(2), "chat claude-example-1", "llm", 360, 2_301),
            self.span(6, Some(2), "check answer", "guardrail", 2_306, 2_331),
        ];
        let put = |span: &mut Value, name: &str, value| span[name] = value;
        put(
            &mut spans[0],
            "metadata",
            json!({
                "gatespan.decision": "joined", "http.request.method": "POST", "url.path": "/v1/chat",
                "http.response.status_code": 200, "gatespan.end": "complete",
            }),
        );
        put(
            &mut spans[2],
            "metadata",
            json!({ "db.system": "postgresql", "server.address": "history-1.internal" }),
        );
        put(&mut spans[2], "tags", json!(["retry", "history"]));
        put(
            &mut spans[2],
            "error_info",
            json!({
                "exception_type": "TimeoutError", "message": "no answer within 250 ms",
                "traceback": "Traceback (most recent call last):\n  File \"history.py\", line 41, in load\nTimeoutError: no answer",
            }),
        );
        put(&mut spans[4], "model", json!("claude-example-1"));
        put(&mut spans[4], "provider", json!("anthropic"));
        put(
            &mut spans[4],
            "usage",
            json!({ "prompt_tokens": 1_204, "completion_tokens": 318, "total_tokens": 1_522 }),
        );
        put(&mut spans[4], "ttft", json!(412.5));
        put(
            &mut spans[5],
            "error_info",
            json!({
                "exception_type": "PolicyWarning", "message": "one sentence was cut", "traceback": "guard: rule 12",
            }),
        );
        json!({ "spans": spans })
    }

    pub(crate) fn late(&self) -> Value {
        json!({ "spans": [self.span(7, Some(2), "write history", "tool", 2_332, 2_338)] })
    }

    pub(crate) fn orphan(&self) -> Value {
        let mut span = self.span(8, Some(99), "GET /v1/orders", "general", 0, 648);
        span["trace_id"] = json!(id(self.begin - 1_500, 3));
        json!({ "spans": [span] })
    }

    pub(crate) fn hostile(&self, name: &str) -> Value {
        json!({ "traces": [{
            "id": id(self.begin - 9_000, 4), "name": name, "start_time": moment(self.begin - 9_000),
            "tags": [name], "metadata": { name: name }, "project_name": name,
        }] })
    }

    fn span(
        &self,
        number: u64,
        parent: Option<u64>,
        name: &str,
        kind: &str,
        from: u64,
        to: u64,
    ) -> Value {
        json!({
            "id": self.id(number), "trace_id": self.trace, "parent_span_id": parent.map(|parent| self.id(parent)),
            "project_name": "checkout", "name": name, "type": kind, "start_time": self.at(from), "end_time": self.at(to),
            "source": "sdk", "last_updated_at": self.at(to),
        })
    }
}

/// A UUID of version 7 with this time.
pub(crate) fn id(millis: u64, number: u64) -> String {
    let time = format!("{millis:012x}");
    let (high, low) = time.split_at(8);
    // Looks random, but is always the same for a number.
    let tail = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(
        "{high}-{low}-7{:03x}-{:04x}-{:012x}",
        tail >> 52,
        0x8000 | tail >> 36 & 0x3fff,
        tail & 0xffff_ffff_ffff
    )
}

pub(crate) fn moment(millis: u64) -> String {
    let (mut days, rest) = (millis / 86_400_000, millis % 86_400_000);
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [
        31,
        28 + u64::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (seconds, fraction) = (rest / 1_000, rest % 1_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!(
        "{year}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{fraction:03}Z",
        days + 1
    )
}

pub(crate) fn post(sink: &Sink, list: &str, body: &Value) {
    assert_eq!(send(sink, list, body), 204, "{body}");
}

pub(crate) fn send(sink: &Sink, list: &str, body: &Value) -> u16 {
    give(sink, &format!("/api/v1/private/{list}/batch"), body)
}

pub(crate) fn give(sink: &Sink, path: &str, body: &Value) -> u16 {
    let body = body.to_string();
    let mut stream = TcpStream::connect(sink.address()).expect("the sink listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a socket");
    let head = format!(
        "POST {path} HTTP/1.1\r\ncontent-type: application/json\r\nconnection: close\r\nx-api-key: k\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("the sink reads");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response");
    response
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .expect("a status")
}
