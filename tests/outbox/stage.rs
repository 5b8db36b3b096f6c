//! A backend that is played by the test, around the gateway of `world`.

use core::ops::{Deref, DerefMut};

use gatespan::backend::{APIS, BackendApi, Meaning};
use gatespan::config::Host;
use gatespan::outbox::{CallCounts, CallId, Counters, Dropped, Outcome};
use gatespan::{
    Availability, Call, End, EndKind, Headers, Pair, Request, Sender, Stream, Systems, Time,
};
use serde_json::Value;

use super::body;
pub use super::world::START;
use super::world::World;

pub const ROWS: &str = "/v1/private/traces/batch";
pub const SPANS: &str = "/v1/private/spans/batch";
/// What a stage adds to bodies while it bisects: each half opens and closes its own.
pub const BISECTING: u64 = 1_024;

pub struct Stage {
    world: World,
    /// Where the stage consumes a Cloudflare Queue: what sends its message.
    pub consumer: Option<Sender>,
}

impl Deref for Stage {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Stage {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

/// A call as the backend sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    pub id: CallId,
    pub backend: usize,
    pub path: &'static str,
    pub project: Option<String>,
    pub reads_response: bool,
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
        Self {
            world: World::new(document, host),
            consumer: None,
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
    pub fn open(&mut self, name: &str, headers: &[(&[u8], &[u8])]) -> Option<Stream> {
        let path = format!("/{name}");
        let request = Request {
            scheme: b"https",
            host: b"gateway.test",
            ..Request::new(b"GET", path.as_bytes(), Headers::new(headers))
        };
        Some(self.world.stream(&request)).filter(Stream::is_recorded)
    }

    /// The end of a request.
    pub fn close(&mut self, stream: Stream) {
        let now = self.now;
        self.gateway.close(stream, END, now);
        self.check();
    }

    pub fn availability(&mut self) -> Availability {
        let now = self.now;
        self.gateway.availability(now)
    }

    /// Consumes a message of a Cloudflare Queue that was delivered before this often.
    pub fn consume(&mut self, message: &[u8], before: u32) {
        let delivery = self.gateway.config().delivery();
        self.consumer = Sender::of_message(delivery, message, before, 7);
        assert!(self.consumer.is_some());
    }

    /// What is left of the message.
    pub fn left(&self) -> Vec<Vec<u8>> {
        self.consumer.as_ref().unwrap().messages()
    }

    pub fn wake_at(&self) -> Option<Time> {
        match &self.consumer {
            Some(consumer) => consumer.wake_at(),
            None => self.gateway.wake_at(),
        }
    }

    /// Polls without asking what is sent.
    pub fn call(&mut self) -> Option<Call<'_>> {
        let now = self.now;
        match &mut self.consumer {
            Some(consumer) => consumer.poll(now),
            None => self.world.gateway.poll(now),
        }
    }

    pub fn poll(&mut self) -> Option<Sent> {
        let backends = self.gateway.config().backends.iter();
        let names: Vec<String> = backends.map(|backend| backend.name.clone()).collect();
        let sent = self.call().map(|call| Sent {
            id: call.id,
            backend: names
                .iter()
                .position(|name| *name == call.backend.name)
                .unwrap(),
            path: call.path,
            project: (call.headers())
                .find(|(name, _)| *name == "projectname")
                .map(|(_, project)| project.to_owned()),
            reads_response: call.reads_response,
            body: call.body.to_vec(),
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
        self.now = self.now.max(self.wake_at().expect("something waits"));
        self.sent()
    }

    pub fn settle(&mut self, id: CallId, outcome: Outcome) {
        let now = self.now;
        match &mut self.consumer {
            Some(consumer) => consumer.settle(id, outcome, now),
            None => self.world.gateway.settle(id, outcome, now),
        }
        self.check();
    }

    pub fn answer(&mut self, sent: &Sent, code: u16) {
        self.settle(sent.id, status(code));
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
        let now = self.now;
        self.gateway.leave(now);
        self.check();
    }

    /// Whether a host that is about to go need not stay.
    pub fn is_done(&self) -> bool {
        self.gateway.is_done(self.now)
    }

    pub fn counters(&self) -> Counters {
        self.of_backend(0)
    }

    pub fn of_backend(&self, index: usize) -> Counters {
        match &self.consumer {
            Some(consumer) => *consumer.counters().nth(index).unwrap(),
            None => self.gateway.counters().nth(index).unwrap(),
        }
    }

    pub fn dropped(&self, reason: Dropped) -> u64 {
        self.counters().dropped.of(reason)
    }

    /// What a status means to the first backend.
    pub fn meaning(&self, code: u16) -> Meaning {
        let api = BackendApi::of(&self.gateway.config().backends[0]).unwrap();
        (api.meaning)(code)
    }

    /// What an answer says of the batch.
    pub fn reply(&mut self, sent: &Sent, code: u16, answer: &[u8]) {
        let outcome = Outcome::Status {
            code,
            headers: NO_HEADERS,
            body: answer,
        };
        self.settle(sent.id, outcome);
    }

    /// What must hold at every moment.
    fn check(&self) {
        let limit = u64::from(self.gateway.config().export.queue_bytes);
        for counters in self.gateway.counters() {
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

/// The calls with each outcome.
pub const fn calls(ok: u64, retry: u64, split: u64, failed: u64) -> CallCounts {
    CallCounts {
        ok,
        retry,
        split,
        failed,
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
        body: &[],
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

pub const ACCEPTING: Availability = Availability::Accepting(Systems {
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
