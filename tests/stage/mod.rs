//! Requests that go through a real gate and a real outbox, and the calls that come out.

use gatespan::Peer;
use gatespan::config::Host;
use gatespan::outbox::{Outcome, Ticket};
use gatespan::{Admission, Config, End, EndKind, Gate, Headers, Outbox, OwnIds, Request, Time};

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
    /// The events of its answer, 100 ms apart, where bodies are read.
    pub events: &'s [&'s [u8]],
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
    events: &[],
    nanos: 2_355_001_001,
};

/// A call as the backend sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    pub ticket: Ticket,
    pub path: &'static str,
    pub content_type: &'static str,
    pub reads_answer: bool,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
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
        let outbox = Outbox::new(config.delivery(), 7);
        Self {
            gate: Gate::new(config),
            outbox,
            now: NOW,
            serial: 0,
        }
    }

    /// Tells it, and says where its span is.
    pub fn tell(&mut self, story: &Story<'_>) -> OwnIds {
        let request = Request {
            method: story.method,
            scheme: b"https",
            path: story.path,
            host: story.host,
            headers: Headers::new(story.headers),
            peer: Peer::default(),
            route: story.route,
            rule: None,
            continues: None,
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
        let mut span = pass.span.expect("a span");
        if !story.events.is_empty() {
            assert!(span.is_read());
            span.observe_answer(200, ["text/event-stream"]);
        }
        for (number, event) in (1..).zip(story.events) {
            span.observe(event, Time(self.now.0 + number * 100_000_000));
        }
        let span = self.gate.close(span, story.end, ended);
        self.outbox
            .push(&span, &self.gate.config().backends, self.now);
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
            reads_answer: dispatch.reads_answer,
            headers: (dispatch.headers())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: dispatch.body.to_vec(),
        })
    }

    pub fn answer(&mut self, call: &Call, code: u16) {
        let outcome = Outcome::Status {
            code,
            headers: Headers::new(&[]),
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
