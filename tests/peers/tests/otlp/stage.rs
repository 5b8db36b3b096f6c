//! Requests that go through a real gate and a real outbox, and the calls that come out.

use gatespan::config::Host;
use gatespan::outbox::{Outcome, Ticket};
use gatespan::policy::Peer;
use gatespan::{Admission, Config, End, EndKind, Gate, Headers, Outbox, Own, Request, Time};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message as _;

pub const NOW: Time = Time::from_millis(1_772_446_530_125);

/// A request and its end.
#[derive(Clone, Copy)]
pub struct Story<'s> {
    pub method: &'s [u8],
    pub path: &'s [u8],
    pub host: &'s [u8],
    pub route: Option<&'s [u8]>,
    pub headers: &'s [(&'s [u8], &'s [u8])],
    pub end: End,
    /// How long it took.
    pub nanos: u64,
}

pub const END: End = End {
    status: Some(200),
    grpc_status: None,
    kind: EndKind::Complete,
    request_bytes: Some(17),
    // No double holds it.
    response_bytes: Some(9_007_199_254_740_993),
};

pub const STORY: Story<'static> = Story {
    method: b"POST",
    path: b"/v1/chat?stream=true&user=jane",
    host: b"llm.example.com:8443",
    route: None,
    headers: &[],
    end: END,
    nanos: 2_355_000_001,
};

/// A call as the backend sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    pub ticket: Ticket,
    pub path: &'static str,
    pub content_type: &'static str,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Call {
    /// The request that it carries.
    pub fn read(&self) -> ExportTraceServiceRequest {
        match self.content_type {
            "application/x-protobuf" => ExportTraceServiceRequest::decode(&*self.body).unwrap(),
            "application/json" => serde_json::from_slice(&self.body)
                .unwrap_or_else(|error| panic!("{error}: {}", self.body.escape_ascii())),
            other => panic!("{other}"),
        }
    }

    /// The one resource of it.
    pub fn group(&self) -> ResourceSpans {
        let request = self.read();
        let [group] = <[_; 1]>::try_from(request.resource_spans).unwrap();
        assert_eq!(group.scope_spans.len(), 1);
        group
    }

    /// The spans under it.
    pub fn spans(&self) -> Vec<Span> {
        let [scope] = <[_; 1]>::try_from(self.group().scope_spans).unwrap();
        scope.spans
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().filter(|(other, _)| other == name);
        let found = headers.next().map(|(_, value)| value.as_str());
        assert_eq!(headers.next(), None, "{name} twice");
        found
    }
}

/// A gateway, and a clock that is a number.
pub struct Stage {
    pub gate: Gate,
    pub outbox: Outbox,
    pub now: Time,
    serial: u64,
}

impl Stage {
    pub fn new(document: &str) -> Self {
        let config = Config::parse(document, Host::Worker, &|_| None);
        let config = config.unwrap_or_else(|faults| panic!("{document}: {faults:?}"));
        let outbox = Outbox::new(&config, 7);
        Self {
            gate: Gate::new(config),
            outbox,
            now: NOW,
            serial: 0,
        }
    }

    /// Tells it, and says where its span is.
    pub fn tell(&mut self, story: &Story<'_>) -> Own {
        let request = Request {
            method: story.method,
            scheme: b"https",
            path: story.path,
            host: story.host,
            headers: Headers::new(story.headers),
            peer: Peer::default(),
            route: story.route,
            rule: None,
        };
        let mut entropy = core::array::from_fn(|index| 17 + 7 * index as u8);
        for (place, byte) in (12..20).zip(self.serial.to_le_bytes()) {
            entropy[place - 10] ^= byte;
            entropy[place] ^= byte;
        }
        self.serial += 1;
        let export = self.outbox.export(self.now);
        let Admission::Pass(pass) = self.gate.admit(&request, export, self.now, &entropy) else {
            panic!("refused");
        };
        self.outbox.open();
        let ended = Time(self.now.0 + story.nanos);
        let span = pass
            .span
            .expect("a span")
            .close(self.gate.config(), story.end, ended);
        self.outbox.push(&span, self.gate.config(), self.now);
        span.own()
    }

    /// The next call, whenever it is due.
    pub fn poll(&mut self) -> Option<Call> {
        self.now = self.now.max(self.outbox.wake_at()?);
        let dispatch = self.outbox.poll(self.now)?;
        Some(Call {
            ticket: dispatch.ticket,
            path: dispatch.path,
            content_type: dispatch.content_type,
            headers: (dispatch.headers())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: dispatch.body.to_vec(),
        })
    }

    pub fn answer(&mut self, call: &Call, code: u16) {
        let outcome = Outcome::Status {
            code,
            retry_after: None,
            answer: &[],
        };
        self.outbox.settle(call.ticket, outcome, self.now);
        for (_, counters) in self.outbox.counters() {
            assert!(counters.add_up(), "{counters:?}");
        }
    }

    /// All calls that there are, each of them accepted.
    pub fn drain(&mut self) -> Vec<Call> {
        let mut calls = Vec::new();
        while let Some(call) = self.poll() {
            self.answer(&call, 200);
            calls.push(call);
        }
        calls
    }
}

/// A document with a backend for OTLP, which is told `of_backend`; `more` is the rest of the document. Both begin with a
/// comma, if with anything.
pub fn document(of_backend: &str, more: &str) -> String {
    let backend = format!(r#"{{"kind": "otlp", "url": "http://otlp.test"{of_backend}}}"#);
    format!(r#"{{"backend": {backend}{more}}}"#)
}

/// The one call of each encoding that these stories make: the same message in both.
pub fn told(of_backend: &str, more: &str, stories: &[Story<'_>]) -> [Call; 2] {
    let calls = ["protobuf", "json"].map(|encoding| {
        let of_backend = format!(r#", "encoding": "{encoding}"{of_backend}"#);
        let mut stage = Stage::new(&document(&of_backend, more));
        for story in stories {
            stage.tell(story);
        }
        let [call] = <[_; 1]>::try_from(stage.drain()).unwrap();
        call
    });
    assert_eq!(calls[0].read(), calls[1].read());
    calls
}

/// The span of a story, which is the same in both encodings.
pub fn span(more: &str, story: &Story<'_>) -> Span {
    let [call, _] = told("", more, &[*story]);
    let [span] = <[_; 1]>::try_from(call.spans()).unwrap();
    span
}
