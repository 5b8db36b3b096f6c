//! A root context: one configuration on one worker thread. Nothing of it is in a static, because Envoy may put several configurations,
//! the old and the new one among them, into one VM.

mod leaving;

use std::rc::Rc;

use gatespan::backend::{PAUSE_HEADERS, RESPONSE_BYTES};
use gatespan::config::Host;
use gatespan::outbox::{CallId, Outcome};
use gatespan::{Call, Config, Headers, Pair};

use crate::envoy_request;
use crate::host::{self, Level, Map};
use crate::ledger::Ledger;
use crate::redirect;
use crate::shared::{Shared, refill};
use crate::stats::Stats;

/// The root context.
#[derive(Default)]
pub(crate) struct Root {
    shared: Option<Rc<Shared>>,
    /// The calls in flight.
    calls: Vec<EnvoyCall>,
    is_ending: bool,
    stats: Stats,
    /// How often each backend had stopped when that was last logged.
    logged_stops: Vec<u64>,
    ledger: Ledger,
    tick_ms: u32,
}

/// A call in flight.
struct EnvoyCall {
    token: u32,
    id: CallId,
    reads_response: bool,
}

impl Root {
    /// Makes every call that is due. At most one call to each backend is in flight.
    fn send(&mut self) {
        let Some(shared) = self.shared.clone() else {
            return;
        };
        let mut gateway = shared.gateway.borrow_mut();
        for _ in 0..gateway.config().backends.len() {
            let now = host::now();
            let Some(call) = gateway.poll(now) else {
                return;
            };
            let (id, reads_response) = (call.id, call.reads_response);
            match start(&call) {
                Ok(token) => self.calls.push(EnvoyCall {
                    token,
                    id,
                    reads_response,
                }),
                Err(failed) => {
                    let (name, status) = (&call.backend.name, failed.0);
                    host::log(
                        Level::Warn,
                        &format!("gatespan: no call to backend {name}: status {status}"),
                    );
                    gateway.settle(id, Outcome::Lost, now);
                }
            }
        }
    }

    /// Passes all metrics to Envoy, and logs which backends have begun to refuse everything.
    fn publish(&mut self) {
        let Some(shared) = self.shared.clone() else {
            return;
        };
        let gateway = shared.gateway.borrow();
        self.stats.publish(&gateway);
        self.ledger.keep(&self.stats.gauges());
        let backends = &gateway.config().backends;
        self.logged_stops.resize(backends.len(), 0);
        let known = backends.iter().zip(&mut self.logged_stops);
        for ((backend, logged), counters) in known.zip(gateway.counters()) {
            if core::mem::replace(logged, counters.stops) < counters.stops {
                let (name, status) = (&backend.name, counters.stopped.unwrap_or_default());
                let line = format!(
                    "gatespan: backend {name} answers {status}: nothing is recorded for it until it accepts"
                );
                host::log(Level::Error, &line);
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn of(shared: Rc<Shared>) -> Self {
        Self {
            shared: Some(shared),
            ..Self::default()
        }
    }

    /// What a stream under this root works with, once there is a configuration.
    pub(crate) fn shared(&self) -> Option<Rc<Shared>> {
        self.shared.clone()
    }

    /// Reads the configuration. Whether it is taken.
    pub(crate) fn configure(&mut self, size: usize) -> bool {
        let bytes = host::configuration(size).unwrap_or_default();
        match Config::from_bytes(&bytes, Host::Envoy, &host::variable) {
            Ok(config) => {
                for warning in config.warnings() {
                    host::log(Level::Warn, &format!("gatespan: {warning}"));
                }
                let tick = config.export.interval_ms.min(LONGEST_TICK_MS);
                self.end();
                self.ledger = Ledger::default();
                self.stats = Stats::default();
                self.tick_ms = tick;
                self.shared = Some(Rc::new(Shared::new(config, &envoy_request::NAMES)));
                redirect::declare();
                self.publish();
                if let Err(failed) = host::tick_every(tick) {
                    host::log(
                        Level::Error,
                        &format!(
                            "gatespan: no ticks, so nothing is sent: status {}",
                            failed.0
                        ),
                    );
                }
                true
            }
            Err(faults) => {
                for fault in faults {
                    host::log(Level::Error, &format!("gatespan: configuration: {fault}"));
                }
                false
            }
        }
    }

    /// Sends what is due, and tells what was counted.
    pub(crate) fn tick(&mut self) {
        if let Some(shared) = &self.shared {
            let mut gateway = shared.gateway.borrow_mut();
            if gateway.wants_entropy() {
                refill(&mut gateway, host::now());
            }
        }
        self.ledger.tick(self.tick_ms);
        self.send();
        self.publish();
        self.go_if_done();
    }

    /// A call has its answer, or none.
    pub(crate) fn answered(&mut self, token: u32, headers: usize, bytes: usize) {
        let (Some(place), Some(shared)) = (
            self.calls.iter().position(|call| call.token == token),
            self.shared.clone(),
        ) else {
            return;
        };
        let call = self.calls.swap_remove(place);
        let wanted = if call.reads_response && headers > 0 {
            bytes.min(RESPONSE_BYTES)
        } else {
            0
        };
        let answer = host::call_answer(wanted).unwrap_or_default();
        let pauses = if headers > 0 { pauses() } else { Vec::new() };
        let pauses: Vec<Pair<'_>> = pauses
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_slice()))
            .collect();
        let outcome = outcome(headers, Headers::new(&pauses), &answer);
        shared
            .gateway
            .borrow_mut()
            .settle(call.id, outcome, host::now());
        self.send();
        self.publish();
        self.go_if_done();
    }
}

/// Has Envoy make a call.
fn start(call: &Call<'_>) -> Result<u32, host::Failed> {
    let (authority, base) = call.backend.target();
    let path = format!("{base}{}", call.path);
    let mut headers = vec![
        (":method", "POST"),
        (":authority", authority),
        (":path", path.as_str()),
        ("content-type", call.content_type),
    ];
    headers.extend(call.headers());
    host::call(
        call.backend.cluster.as_deref().unwrap_or_default(),
        &headers,
        call.body,
        call.timeout_ms,
    )
}

/// The outcome of a call. A response without headers was cut off: nothing of it may be read.
fn outcome<'a>(headers: usize, pauses: Headers<'a>, body: &'a [u8]) -> Outcome<'a> {
    if headers == 0 {
        return Outcome::Lost;
    }
    status().map_or(Outcome::Lost, |code| Outcome::Status {
        code,
        headers: pauses,
        body,
    })
}

/// The status of the response to a call.
fn status() -> Option<u16> {
    let text = String::from_utf8(host::header(Map::CallResponse, ":status")?).ok()?;
    text.parse().ok()
}

/// The headers of the response to a call in which the backend asks for a pause.
fn pauses() -> Vec<(&'static str, Vec<u8>)> {
    let found = |name| Some((name, host::header(Map::CallResponse, name)?));
    PAUSE_HEADERS.into_iter().filter_map(found).collect()
}

/// Counters are passed to Envoy on a tick, and people look at them.
const LONGEST_TICK_MS: u32 = 1_000;
