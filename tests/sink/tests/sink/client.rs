//! A client with one connection, and the example bodies that the tables change.

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use gatespan_sink::{Options, Sink};
use serde_json::{Value, json};

pub(crate) const TRACE: &str = "019cae0b-ba4d-7c41-9a3e-5d0f6b72e814";
pub(crate) const ROOT: &str = "019cae0b-ba4d-7b60-9c1b-2281eda8d7fe";
pub(crate) const CHILD: &str = "019cae0b-ba5c-7ffe-8fa9-fc74dec2bb0c";

/// The examples have ids of another day, so there is no time window unless a test sets one.
pub(crate) fn sink() -> Sink {
    with(Options {
        window: None,
        ..Options::default()
    })
}

pub(crate) fn with(options: Options) -> Sink {
    Sink::start(options).expect("a free port")
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// For a message about an answer that should have been empty.
    pub(crate) fn json_or_none(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn new(sink: &Sink) -> Self {
        let stream = TcpStream::connect(sink.address()).expect("the sink listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("a socket");
        let reader = BufReader::new(stream.try_clone().expect("a socket"));
        Self { stream, reader }
    }

    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> std::io::Result<Response> {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: sink\r\ncontent-length: {length}\r\n{headers}\r\n"
        );
        self.raw(&[head.as_bytes(), body].concat())
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) -> std::io::Result<Response> {
        self.stream.write_all(bytes)?;
        self.response()
    }

    pub(crate) fn response(&mut self) -> std::io::Result<Response> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.reader.read_line(&mut head)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .expect("a status line");
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a number"))];
        self.reader.read_exact(&mut body)?;
        Ok(Response { status, head, body })
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("a line");
        line
    }

    pub(crate) fn read(&mut self, path: &str) -> Value {
        self.send("GET", path, "", b"").expect("a response").json()
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Response {
        self.give("POST", path, body)
    }

    pub(crate) fn give(&mut self, method: &str, path: &str, body: &Value) -> Response {
        let json = "content-type: application/json\r\n";
        self.send(method, path, json, body.to_string().as_bytes())
            .expect("a response")
    }

    pub(crate) fn spans(&mut self, body: &Value) -> u16 {
        self.post("/api/v1/private/spans/batch", body).status
    }

    pub(crate) fn traces(&mut self, body: &Value) -> u16 {
        self.post("/api/v1/private/traces/batch", body).status
    }

    pub(crate) fn fault(&mut self, plan: &Value) {
        assert_eq!(self.post("/control/fault", plan).status, 204, "{plan}");
    }
}

/// The row of a minted trace.
pub(crate) fn traces() -> Value {
    json!({ "traces": [{
        "id": TRACE, "project_name": "edge-prod", "name": "POST /v1/chat",
        "start_time": "2026-03-02T10:15:30.125000Z", "end_time": "2026-03-02T10:15:32.480000Z",
        "metadata": { "http.response.status_code": 200 }, "tags": ["gateway"], "thread_id": "conv-7",
        "source": "sdk", "last_updated_at": "2026-03-02T10:15:32.481000Z",
    }] })
}

/// Its root span, an LLM span below it, and a failed span in the trace of a client.
pub(crate) fn spans() -> Value {
    json!({ "spans": [
        {
            "id": ROOT, "project_name": "edge-prod", "trace_id": TRACE, "name": "POST /v1/chat", "type": "general",
            "start_time": "2026-03-02T10:15:30.125000Z", "end_time": "2026-03-02T10:15:32.480000Z",
            "metadata": { "http.request.method": "POST", "http.route": "/v1/chat", "http.response.status_code": 200 },
            "source": "sdk", "last_updated_at": "2026-03-02T10:15:32.481000Z",
        },
        {
            "id": CHILD, "project_name": "edge-prod", "trace_id": TRACE, "parent_span_id": ROOT,
            "name": "chat claude-example-1", "type": "llm",
            "start_time": "2026-03-02T10:15:30.140000Z", "end_time": "2026-03-02T10:15:32.471000Z",
            "model": "claude-example-1", "provider": "anthropic",
            "usage": {
                "prompt_tokens": 62040, "completion_tokens": 300, "total_tokens": 62340,
                "original_usage.input_tokens": 40, "original_usage.output_tokens": 300,
                "original_usage.cache_read_input_tokens": 60000, "original_usage.cache_creation_input_tokens": 2000,
            },
            "ttft": 412.5,
            "metadata": { "gen_ai.response.finish_reasons": ["end_turn"], "gatespan.usage.status": "reported" },
            "source": "sdk", "last_updated_at": "2026-03-02T10:15:32.481000Z",
        },
        {
            "id": "019cae0b-bdba-7137-8e9a-2aaeba1b2b51", "project_name": "edge-prod",
            "trace_id": "019cae0b-b9f2-7d08-8b61-27e4a1c05f93",
            "parent_span_id": "019cae0b-b9f3-7a5e-b0c7-91d62f4e8a1d", "name": "GET /v1/orders", "type": "general",
            "start_time": "2026-03-02T10:15:31.002000Z", "end_time": "2026-03-02T10:15:31.650000Z",
            "metadata": { "http.request.method": "GET", "http.response.status_code": 503 },
            "error_info": {
                "exception_type": "503", "message": "upstream unavailable",
                "traceback": "gateway: upstream answered 503",
            },
            "source": "sdk", "last_updated_at": "2026-03-02T10:15:31.651000Z",
        },
    ] })
}
