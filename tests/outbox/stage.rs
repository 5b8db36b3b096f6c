//! A gateway with an outbox, a clock that is a number, and a backend that is played by the test.

use gatespan::Peer;
use gatespan::backend::{APIS, Api, Meaning};
use gatespan::config::Host;
use gatespan::outbox::{Counters, Dropped, Outcome, Ticket};
use gatespan::{
    Admission, Config, End, EndKind, Export, Gate, Headers, OpenSpan, Outbox, Pair, Request,
    Systems, Time,
};
use serde_json::Value;

use super::body;

pub const START: Time = Time::from_millis(1_772_446_530_125);
pub const ROWS: &str = "/v1/private/traces/batch";
pub const SPANS: &str = "/v1/private/spans/batch";
/// What a stage adds to bodies while it bisects: each half opens and closes its own.
pub const BISECTING: u64 = 1_024;

pub struct Stage {
    pub gate: Gate,
    pub outbox: Outbox,
    pub now: Time,
    serial: u64,
}

/// A call as the backend sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    pub ticket: Ticket,
    pub backend: usize,
    pub path: &'static str,
    pub project: Option<String>,
    pub reads_answer: bool,
    pub body: Vec<u8>,
}

impl Sent {
    /// The items of the body: a row or a span each.
    pub fn items(&self) -> Vec<Value> {
        body::items(&self.body)
    }

    /// What the items are called.
    pub fn names(&self) -> Vec<String> {
        let name = |item: &Value| item["name"].as_str().unwrap()["GET /".len()..].to_owned();
        self.items().iter().map(name).collect()
    }

    /// The ids of the items.
    pub fn ids(&self) -> Vec<String> {
        self.items().iter().map(body::id).collect()
    }
}

impl Stage {
    /// One Opik backend; `export` is the part of the document of that name.
    pub fn new(export: &str) -> Self {
        Self::with(OPIK, export)
    }

    /// One backend of any kind.
    pub fn with(backend: &str, export: &str) -> Self {
        Self::of(&format!(r#"{{"backend": {backend}, "export": {export}}}"#))
    }

    pub fn of(document: &str) -> Self {
        Self::in_host(document, Host::Envoy)
    }

    pub fn in_host(document: &str, host: Host) -> Self {
        let config = Config::parse(document, host, &|_| None).unwrap();
        let outbox = Outbox::new(config.delivery(), 7);
        Self {
            gate: Gate::new(config),
            outbox,
            now: START,
            serial: 0,
        }
    }

    /// A request that mints: it writes a row and a span.
    pub fn minted(&mut self, name: &str) {
        let open = self.open(name, &[]).expect("a span");
        self.close(open);
    }

    /// A request that joins: it writes a span alone.
    pub fn joined(&mut self, name: &str) {
        let open = self.open(name, CALLER).expect("a span");
        self.close(open);
    }

    /// So many requests, called 0, 1, 2 …
    pub fn mint(&mut self, count: usize) {
        (0..count).for_each(|index| self.minted(&index.to_string()));
    }

    /// The beginning of a request, if it is recorded.
    pub fn open(&mut self, name: &str, headers: &[(&[u8], &[u8])]) -> Option<Box<OpenSpan>> {
        let path = format!("/{name}");
        let request = Request {
            method: b"GET",
            scheme: b"https",
            path: path.as_bytes(),
            host: b"gateway.test",
            headers: Headers::new(headers),
            peer: Peer::default(),
            route: None,
            rule: None,
            continues: None,
        };
        self.serial += 1;
        let mut entropy = [0; 20];
        entropy[2..10].copy_from_slice(&self.serial.to_le_bytes());
        entropy[12..].copy_from_slice(&self.serial.to_le_bytes());
        let export = self.export();
        let Admission::Pass(pass) = self.gate.admit(&request, export, self.now, &entropy) else {
            panic!("refused");
        };
        if pass.span.is_some() {
            self.outbox.open();
        }
        pass.span
    }

    /// The end of a request.
    pub fn close(&mut self, open: Box<OpenSpan>) {
        let span = self.gate.close(open, END, self.now);
        self.outbox
            .push(&span, &self.gate.config().backends, self.now);
        self.check();
    }

    pub fn export(&mut self) -> Export {
        self.outbox.export(self.now)
    }

    pub fn wait(&mut self, millis: u64) {
        self.now = Time(self.now.0 + millis * 1_000_000);
    }

    pub fn poll(&mut self) -> Option<Sent> {
        let sent = self.outbox.poll(self.now).map(|dispatch| Sent {
            ticket: dispatch.ticket,
            backend: dispatch.backend,
            path: dispatch.path,
            project: (dispatch.headers())
                .find(|(name, _)| *name == "projectname")
                .map(|(_, project)| project.to_owned()),
            reads_answer: dispatch.reads_answer,
            body: dispatch.body.to_vec(),
        });
        self.check();
        sent
    }

    /// The call that must be due now.
    pub fn sent(&mut self) -> Sent {
        self.poll().expect("a call is due")
    }

    /// The next call, whenever it is due.
    pub fn next(&mut self) -> Sent {
        self.now = self
            .now
            .max(self.outbox.wake_at().expect("something waits"));
        self.sent()
    }

    pub fn settle(&mut self, ticket: Ticket, outcome: Outcome) {
        self.outbox.settle(ticket, outcome, self.now);
        self.check();
    }

    pub fn answer(&mut self, sent: &Sent, code: u16) {
        self.settle(sent.ticket, status(code));
    }

    /// Accepts every call until nothing is due, and says what was sent.
    pub fn drain(&mut self) -> Vec<Sent> {
        let mut all = Vec::new();
        while let Some(sent) = self.poll() {
            self.answer(&sent, 204);
            all.push(sent);
        }
        all
    }

    /// The host is about to go.
    pub fn leave(&mut self) {
        self.outbox.leave(self.now);
        self.check();
    }

    /// Whether a host that is about to go need not stay.
    pub fn is_done(&self) -> bool {
        self.outbox.is_done(self.now)
    }

    pub fn counters(&self) -> Counters {
        self.of_backend(0)
    }

    pub fn of_backend(&self, index: usize) -> Counters {
        self.outbox.counters().nth(index).unwrap().1
    }

    pub fn dropped(&self, reason: Dropped) -> u64 {
        self.counters().dropped[reason as usize]
    }

    /// What a status means to the first backend.
    pub fn meaning(&self, code: u16) -> Meaning {
        let api = Api::of(&self.gate.config().backends[0]).unwrap();
        (api.meaning)(code)
    }

    /// What an answer says of the batch.
    pub fn reply(&mut self, sent: &Sent, code: u16, answer: &[u8]) {
        let outcome = Outcome::Status {
            code,
            headers: NO_HEADERS,
            answer,
        };
        self.settle(sent.ticket, outcome);
    }

    /// What must hold at every moment.
    fn check(&self) {
        let limit = u64::from(self.gate.config().export.queue_bytes);
        for (_, counters) in self.outbox.counters() {
            assert!(counters.add_up(), "{counters:?}");
            assert!(counters.queued_bytes <= limit + BISECTING, "{counters:?}");
            assert_eq!(
                counters.queued == 0,
                counters.queued_bytes == 0,
                "{counters:?}"
            );
        }
    }
}

pub const fn status(code: u16) -> Outcome<'static> {
    asks(code, &[])
}

/// A response with these headers.
pub const fn asks<'a>(code: u16, headers: &'a [Pair<'a>]) -> Outcome<'a> {
    Outcome::Status {
        code,
        headers: Headers::new(headers),
        answer: &[],
    }
}

const NO_HEADERS: Headers<'static> = Headers::new(&[]);

pub const OPIK: &str =
    r#"{"kind": "opik", "url": "http://opik.test/api", "cluster": "opik", "api_key": "hunter2"}"#;

pub const OTLP: &str = r#"{"kind": "otlp", "url": "http://otlp.test", "cluster": "otlp"}"#;
pub const OTLP_JSON: &str =
    r#"{"kind": "otlp", "url": "http://json.test", "cluster": "otlp", "encoding": "json"}"#;
pub const OTLP_OPIK: &str =
    r#"{"kind": "otlp", "url": "http://both.test", "cluster": "otlp", "dialect": "opik"}"#;
pub const LILYPAD: &str = r#"{"kind": "lilypad", "url": "http://lilypad.test", "cluster": "lilypad",
    "project_id": "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814"}"#;

/// A backend for each API, in the order of the table.
pub const BACKENDS: [&str; APIS.len()] = [OPIK, OTLP, OTLP_JSON, OTLP_OPIK, LILYPAD];

pub const ACCEPTING: Export = Export::Accepting(Systems {
    opik: true,
    otel: false,
});

pub const CALLER: &[(&[u8], &[u8])] = &[
    (b"opik_trace_id", b"019cae0b-b9f2-7d08-8b61-27e4a1c05f93"),
    (
        b"opik_parent_span_id",
        b"019cae0b-b9f3-7a5e-b0c7-91d62f4e8a1d",
    ),
];

const END: End = End {
    status: Some(200),
    grpc_status: None,
    kind: EndKind::Complete,
    request_bytes: None,
    response_bytes: None,
};
