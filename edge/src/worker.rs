//! One isolate. The JavaScript half owns it, and makes it in the first request.

use core::cell::RefCell;
use core::panic::RefUnwindSafe;
use core::time::Duration;

use gatespan::backend::Via;
use gatespan::config::Host;
use gatespan::outbox::Counters;
use gatespan::{
    Admission, Config, End, Forward, Gateway, Headers, Held, Peer, Request, Stream, Time,
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::admission_text;
use crate::environment::Environment;
use crate::numbered::{Ending, Numbered};
use crate::origins::Origins;
use crate::request_text::{self, RequestText};
use crate::status::Status;

/// What all requests of an isolate share.
#[wasm_bindgen]
pub struct Worker {
    pub(crate) gateway: RefCell<Gateway>,
    pub(crate) origins: Origins,
    pub(crate) status: Option<Status>,
    /// What became of the spans that this isolate consumed from the Queue.
    pub(crate) consumed: RefCell<Counters>,
    pub(crate) streams: RefCell<Numbered<Stream>>,
    pub(crate) held: RefCell<Numbered<Held>>,
}

/// After a panic the next request finds every borrow returned, and every part as it was before or after a whole step: at worst one
/// recorded request is never closed.
impl RefUnwindSafe for Worker {}

#[wasm_bindgen]
impl Worker {
    /// Reads the environment.
    ///
    /// # Errors
    /// Every mistake in the configuration, one line each.
    #[wasm_bindgen(constructor)]
    pub fn new(environment: &str) -> Result<Self, String> {
        let environment = Environment::read(environment);
        let mut errors = Vec::new();
        let origins = Origins::read(&environment, &mut errors);
        let status = Status::read(&environment, &mut errors);
        match read_config(&environment) {
            Ok(config) => {
                errors.extend(missing_queue(&config, &environment));
                errors.extend(origins.unknown_rules(&config));
                if errors.is_empty() {
                    return Ok(Self::of(config, origins, status));
                }
            }
            Err(more) => errors.extend(more),
        }
        Err(errors.join("\n"))
    }

    fn of(config: Config, origins: Origins, status: Option<Status>) -> Self {
        let mut seed = [0; 8];
        // Without random bytes all gateways pause alike.
        let _ = getrandom::fill(&mut seed);
        Self {
            gateway: RefCell::new(Gateway::new(config, u64::from_le_bytes(seed))),
            origins,
            status,
            consumed: RefCell::default(),
            streams: RefCell::default(),
            held: RefCell::default(),
        }
    }

    /// Decides about a request. `request` and the result are described in `request_text` and `admission_text`.
    #[must_use]
    pub fn admit(&self, request: &str, has_body: bool, now: f64) -> String {
        self.decide(request, has_body, None, now)
    }

    /// Decides about a request that was held under this number.
    #[must_use]
    pub fn admit_held(&self, request: &str, held: u32, now: f64) -> String {
        let held = self.held.borrow_mut().take(held);
        self.decide(request, false, held, now)
    }

    /// A chunk of the body of a held request. Whether the next chunk is needed too.
    #[must_use]
    pub fn held_chunk(&self, held: u32, chunk: &[u8]) -> bool {
        let mut all = self.held.borrow_mut();
        all.find(held).is_some_and(|held| held.request_chunk(chunk))
    }

    /// For how many milliseconds a request is held at most.
    #[must_use]
    pub fn held_ms(&self, held: u32, now: f64) -> f64 {
        let mut all = self.held.borrow_mut();
        let deadline = all.find(held).map_or(Time(0), |held| held.deadline());
        (deadline.millis() as f64 - now).max(0.0)
    }

    /// Ends a request. How many milliseconds this request waits and then [polls](Self::poll), if it can wait for `limit_ms`; a number below 0
    /// if there is no need.
    #[expect(clippy::too_many_arguments, reason = "an object would be more calls")]
    pub fn close(
        &self,
        stream: u32,
        ending: Ending,
        status: u16,
        grpc_status: i32,
        response_bytes: f64,
        now: f64,
        limit_ms: f64,
    ) -> f64 {
        let stream = self.streams.borrow_mut().take(stream);
        if let Some(stream) = stream {
            let end = End {
                grpc_status: u32::try_from(grpc_status).ok(),
                response_bytes: Some(response_bytes)
                    .filter(|bytes| *bytes >= 0.0)
                    .map(|bytes| bytes as u64),
                ..End::new(ending.kind(), status)
            };
            // A Worker redirects no request itself, so nothing continues.
            let _ = self.gateway.borrow_mut().close(stream, end, time(now));
        }
        self.wait_ms(now, limit_ms)
    }

    /// As [`close`](Self::close), for a request that has polled already.
    #[must_use]
    pub fn wait_ms(&self, now: f64, limit_ms: f64) -> f64 {
        let mut gateway = self.gateway.borrow_mut();
        let wait = gateway.wait_ms(time(now), limit_ms.max(0.0) as u64);
        wait.map_or(-1.0, |millis| millis as f64)
    }
}

impl Worker {
    fn decide(&self, request: &str, has_body: bool, held: Option<Held>, now: f64) -> String {
        let text = RequestText::read(request);
        let headers = Headers::new(&text.headers);
        let mut request = Request {
            scheme: text.scheme,
            host: text.host,
            peer: Peer {
                address: request_text::address(headers),
                ..Peer::default()
            },
            has_body,
            ..Request::new(text.method, text.path, headers)
        };
        let origin = self.origins.of(&request);
        if let Some((_, origin)) = origin {
            request.route = origin.name.as_deref().map(str::as_bytes);
            request.rule = origin.rule.as_deref().map(str::as_bytes);
        }
        let mut gateway = self.gateway.borrow_mut();
        #[cfg(feature = "panic-hook")]
        panic_if_asked(request.headers);
        let now = time(now);
        refill_if_empty(&mut gateway, now);
        let admission = match held {
            Some(held) => gateway.admit_held(held, &request, now),
            None => gateway.admit(&request, now),
        };
        match admission {
            Admission::ReadBody(held) => {
                admission_text::read_body(self.held.borrow_mut().keep(held))
            }
            Admission::Reject(rejection) => admission_text::reject(rejection, request.rpc()),
            Admission::Forward(forward) => self.forward(forward, origin.map(|(number, _)| number)),
        }
    }

    fn forward(&self, forward: Forward<'_>, origin: Option<usize>) -> String {
        let text = admission_text::Forwarded {
            edits: forward.edits.as_slice(),
            decision: forward.decision,
            exposed_trace_id: forward.exposed_trace_id.as_deref(),
            reads_bodies: forward.stream.reads_bodies(),
            stream: forward
                .stream
                .is_recorded()
                .then(|| self.streams.borrow_mut().keep(forward.stream)),
            origin,
        };
        text.write()
    }
}

/// Random bytes for 51 requests. The platform gives none outside of a request, so the first request asks for the first ones.
const ENTROPY_BYTES: usize = 1_024;

/// Has the platform fill the random bytes, if there are none left.
pub(crate) fn refill_if_empty(gateway: &mut Gateway, now: Time) {
    if gateway.lacks_entropy(now) {
        gateway.refill(ENTROPY_BYTES, now, |bytes| getrandom::fill(bytes).is_ok());
    }
}

/// Reads the configuration.
///
/// # Errors
/// Every mistake in it.
pub(crate) fn read_config(environment: &Environment) -> Result<Config, Vec<String>> {
    let document = environment.text(CONFIG).unwrap_or_default();
    let variable = |name: &str| environment.text(name).map(str::to_owned);
    Config::parse(document, Host::Worker, &variable)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

/// A configuration with `via: queue` needs the Queue.
fn missing_queue(config: &Config, environment: &Environment) -> Option<String> {
    let mut backends = config.backends.iter();
    let wants_queue = backends.any(|backend| backend.via == Via::Queue);
    (wants_queue && !environment.has_method(QUEUE, "send"))
        .then(|| format!("backend.via: queue needs the binding {QUEUE} of a Queue"))
}

/// The variable with the document.
pub(crate) const CONFIG: &str = "GATESPAN_CONFIG";
/// The binding of the Queue.
pub(crate) const QUEUE: &str = "GATESPAN_QUEUE";

/// The platform counts whole milliseconds, and its clock stands still while code runs.
pub(crate) fn time(millis: f64) -> Time {
    Time(Duration::from_millis(millis as u64).as_nanos() as u64)
}

/// The header that the test of panics sends.
#[cfg(feature = "panic-hook")]
pub(crate) const PANIC: &str = "x-gatespan-panic";

/// Panics, or traps, in the middle of a request and with the gateway borrowed.
#[cfg(feature = "panic-hook")]
#[expect(clippy::panic, reason = "a test asks for it")]
fn panic_if_asked(headers: Headers<'_>) {
    match headers.first(PANIC.as_bytes()) {
        None => {}
        Some(b"trap") => std::process::abort(),
        Some(_) => panic!("the test asks for it"),
    }
}
