//! Whole requests through the gateway of `world`, and the calls that come out.

#[path = "../world/mod.rs"]
mod world;

use core::ops::{Deref, DerefMut};

use gatespan::config::Host;
use gatespan::outbox::{CallId, Outcome};
use gatespan::{End, EndKind, Headers, OwnIds, Request, Time};

use world::World;

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

pub struct Stage {
    world: World,
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

impl Stage {
    pub fn new(document: &str) -> Self {
        Self {
            world: World::new(document, Host::Worker),
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
        self.refill_with(|serial| {
            let mut entropy: [u8; 20] = core::array::from_fn(|index| 17 + 7 * index as u8);
            for (place, byte) in (12..20).zip(serial.to_le_bytes()) {
                entropy[place - 10] ^= byte;
                entropy[place] ^= byte;
            }
            entropy
        });
        let now = self.now;
        let forward = self.forward(&request);
        let ended = Time(now.0 + story.nanos);
        let mut stream = forward.stream;
        let own = stream.own().expect("a span");
        if !story.events.is_empty() {
            assert!(stream.reads_bodies());
            stream.response_headers(200, ["text/event-stream"]);
        }
        for (number, event) in (1..).zip(story.events) {
            stream.response_chunk(event, Time(now.0 + number * 100_000_000));
        }
        self.gateway.close(stream, story.end, ended);
        own
    }

    /// The next call, whenever it is due.
    pub fn poll(&mut self) -> Option<Call> {
        self.now = self.now.max(self.gateway.wake_at()?);
        let now = self.now;
        let call = self.gateway.poll(now)?;
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
        let now = self.now;
        self.gateway.settle(call.id, outcome, now);
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
