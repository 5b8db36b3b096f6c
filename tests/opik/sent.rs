//! A request that goes through a real gate and a real outbox, and what the backend is sent of it.

use gatespan::config::Host;
use gatespan::outbox::Outcome;
use gatespan::policy::Peer;
use gatespan::{Admission, Config, End, EndKind, Gate, Headers, Outbox, Receives, Request, Time};
use serde_json::Value;

use super::contract;

pub const NOW: Time = Time::from_millis(1_772_446_530_125);
pub const TRACE: &str = "019cae0b-b9f2-7d08-8b61-27e4a1c05f93";
pub const PARENT: &str = "019cae0b-b9f3-7a5e-b0c7-91d62f4e8a1d";

/// A request and its end.
pub struct Story<'s> {
    pub document: &'s str,
    pub method: &'s [u8],
    pub path: &'s [u8],
    pub host: &'s [u8],
    pub route: Option<&'s [u8]>,
    pub headers: &'s [(&'s [u8], &'s [u8])],
    pub end: End,
    /// How long it took.
    pub micros: u64,
}

pub const DOCUMENT: &str =
    r#"{"backend": {"kind": "opik", "url": "http://opik.test/api", "cluster": "opik"}}"#;

pub const END: End = End {
    status: Some(200),
    grpc_status: None,
    kind: EndKind::Complete,
    request_bytes: Some(17),
    response_bytes: Some(u64::MAX),
};

pub const STORY: Story<'static> = Story {
    document: DOCUMENT,
    method: b"POST",
    path: b"/v1/chat?stream=true&user=jane",
    host: b"llm.example.com:8443",
    route: None,
    headers: &[],
    end: END,
    micros: 2_355_001,
};

/// Everything that was sent.
#[derive(Debug)]
pub struct Written {
    pub rows: Vec<Value>,
    pub spans: Vec<Value>,
}

impl Story<'_> {
    /// Tells it, and holds what was written against the contract.
    pub fn told(&self) -> Written {
        self.told_with(&[])
    }

    /// The same of a call whose answer is a stream of these events, 100 ms apart.
    pub fn told_with(&self, events: &[&[u8]]) -> Written {
        let config = Config::parse(self.document, Host::Envoy, &|_| None).unwrap();
        let gate = Gate::new(config);
        let mut outbox = Outbox::new(gate.config(), 0);
        let request = Request {
            method: self.method,
            scheme: b"https",
            path: self.path,
            host: self.host,
            headers: Headers::new(self.headers),
            peer: Peer {
                address: None,
                names: &[],
            },
            route: self.route,
            rule: None,
        };
        let entropy = core::array::from_fn(|index| 17 + 7 * index as u8);
        let export = outbox.export(NOW);
        let Admission::Pass(pass) = gate.admit(&request, export, NOW, &entropy) else {
            panic!("refused");
        };
        let opik_only = Receives {
            opik: true,
            otel: false,
        };
        assert_eq!(gate.config().receives(), opik_only);
        let end = Time(NOW.0 + self.micros * 1_000);
        outbox.open();
        let mut span = pass.span.unwrap();
        assert_eq!(span.is_read(), !events.is_empty());
        span.observe_answer(200, ["text/event-stream"]);
        for (number, event) in (1..).zip(events) {
            span.observe(event, Time(NOW.0 + number * 100_000_000));
        }
        let span = span.close(gate.config(), self.end, end);
        outbox.push(&span, gate.config(), end);
        outbox.leave(end);
        let written = delivered(&mut outbox, end);
        contract::hold(&written);
        written
    }

    /// The one span of it.
    pub fn span(&self) -> Value {
        let written = self.told();
        assert_eq!(written.spans.len(), 1);
        written.spans[0].clone()
    }
}

/// Takes everything that is sent, as the backend would.
fn delivered(outbox: &mut Outbox, now: Time) -> Written {
    let mut written = Written {
        rows: Vec::new(),
        spans: Vec::new(),
    };
    while let Some(dispatch) = outbox.poll(now) {
        let mut body: Value = serde_json::from_slice(dispatch.body).unwrap();
        let object = body.as_object_mut().unwrap();
        assert_eq!(object.len(), 1);
        let (into, list) = match dispatch.path {
            "/v1/private/traces/batch" => (&mut written.rows, object.remove("traces")),
            "/v1/private/spans/batch" => (&mut written.spans, object.remove("spans")),
            path => panic!("{path}"),
        };
        let Some(Value::Array(items)) = list else {
            panic!("{}", dispatch.path)
        };
        into.extend(items);
        let ticket = dispatch.ticket;
        let stored = Outcome::Status {
            code: 204,
            retry_after: None,
            answer: &[],
        };
        outbox.settle(ticket, stored, now);
    }
    written
}
