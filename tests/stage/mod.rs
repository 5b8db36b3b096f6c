//! Requests through a real gateway, and the calls that come out.

use gatespan::config::Host;
use gatespan::outbox::{CallId, Outcome};
use gatespan::{Admission, Config, End, EndKind, Gateway, Headers, OwnIds, Request, Time};

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
    pub id: CallId,
    pub path: &'static str,
    pub content_type: &'static str,
    pub reads_response: bool,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// A gateway, and a clock that is a number.
pub struct Stage {
    pub gateway: Gateway,
    pub now: Time,
    serial: u64,
}

impl Stage {
    pub fn new(document: &str) -> Self {
        let config = Config::parse(document, Host::Worker, &|_| None);
        let config = config.unwrap_or_else(|faults| panic!("{document}: {faults:?}"));
        Self {
            gateway: Gateway::new(config, 7),
            now: NOW,
            serial: 0,
        }
    }

    /// Runs a request from its beginning to its end.
    pub fn tell(&mut self, story: &Story<'_>) -> OwnIds {
        let request = Request {
            scheme: b"https",
            host: story.host,
            route: story.route,
            ..Request::new(story.method, story.path, Headers::new(story.headers))
        };
        let mut entropy: [u8; 20] = core::array::from_fn(|index| 17 + 7 * index as u8);
        for (place, byte) in (12..20).zip(self.serial.to_le_bytes()) {
            entropy[place - 10] ^= byte;
            entropy[place] ^= byte;
        }
        self.serial += 1;
        self.gateway.refill(20, self.now, |bytes| {
            bytes.copy_from_slice(&entropy);
            true
        });
        let Admission::Forward(forward) = self.gateway.admit(&request, self.now) else {
            panic!("rejected");
        };
        let ended = Time(self.now.0 + story.nanos);
        let mut stream = forward.stream;
        let own = stream.own().expect("a span");
        if !story.events.is_empty() {
            assert!(stream.reads_bodies());
            stream.response_headers(200, ["text/event-stream"]);
        }
        for (number, event) in (1..).zip(story.events) {
            stream.response_chunk(event, Time(self.now.0 + number * 100_000_000));
        }
        self.gateway.close(stream, story.end, ended);
        own
    }

    /// The next call, whenever it is due.
    pub fn poll(&mut self) -> Option<Call> {
        self.now = self.now.max(self.gateway.wake_at()?);
        let call = self.gateway.poll(self.now)?;
        Some(Call {
            id: call.id,
            path: call.path,
            content_type: call.content_type,
            reads_response: call.reads_response,
            headers: (call.headers())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: call.body.to_vec(),
        })
    }

    pub fn answer(&mut self, call: &Call, code: u16) {
        let outcome = Outcome::Status {
            code,
            headers: Headers::new(&[]),
            body: &[],
        };
        self.gateway.settle(call.id, outcome, self.now);
        for counters in self.gateway.counters() {
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
