//! A root context: one configuration on one worker thread. Nothing of it is in a static, because Envoy may put several configurations,
//! the old and the new one among them, into one VM.

mod leaving;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gatespan::backend::{PAUSE_HEADERS, RESPONSE_BYTES};
use gatespan::config::Host;
use gatespan::outbox::{CallId, Outcome};
use gatespan::policy::Needs;
use gatespan::{Call, Config, Gateway, Headers, Pair, Sieve, Time};

use crate::host::{self, Level, Map};
use crate::ledger::Ledger;
use crate::redirect;
use crate::stats::Stats;
use crate::stream::Target;

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

/// What the streams of one configuration share.
pub(crate) struct Shared {
    pub(crate) gateway: RefCell<Gateway>,
    pub(crate) needs: Needs,
    /// The request headers that are read.
    pub(crate) sieve: Sieve,
    /// Random bytes that tell this configuration from others; zeros where there are none.
    pub(crate) mark: [u8; 8],
    /// Whether a stream has left something for the next stream of its request, which is nearly always the next one.
    pub(crate) has_left: Cell<bool>,
    /// Rules that routes name and the configuration does not have.
    unknown_rules: RefCell<Vec<Vec<u8>>>,
    has_logged_unseen_body: Cell<bool>,
    has_logged_unverified: Cell<bool>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Self {
        let mut seed = [0; 8];
        let mut mark = [0; 8];
        // Without random bytes all gateways pause alike, and no redirected request is recognised.
        let _ = getrandom::fill(&mut seed);
        let _ = getrandom::fill(&mut mark);
        Self {
            needs: config.needs(),
            sieve: Sieve::of(config.headers().into_iter().chain(Target::NAMES)),
            gateway: RefCell::new(Gateway::new(config, u64::from_le_bytes(seed))),
            mark,
            has_left: Cell::new(false),
            unknown_rules: RefCell::default(),
            has_logged_unseen_body: Cell::new(false),
            has_logged_unverified: Cell::new(false),
        }
    }

    /// Logs once for each rule that a route names and the configuration does not have.
    pub(crate) fn log_unknown_rule(&self, rule: &[u8]) {
        let mut unknown = self.unknown_rules.borrow_mut();
        if unknown.len() < MAX_UNKNOWN_RULES && !unknown.iter().any(|known| known == rule) {
            let name = rule.escape_ascii();
            host::log(
                Level::Error,
                &format!(
                    "gatespan: a route asks for the rule \"{name}\", which the configuration does not have"
                ),
            );
            unknown.push(rule.into());
        }
    }

    /// Logs once that a held request had no body to read.
    pub(crate) fn log_unseen_body(&self) {
        if !self.has_logged_unseen_body.replace(true) {
            let line = "gatespan: a message was held, and nothing of it was shown: has the plugin allow_on_headers_stop_iteration: true?";
            host::log(Level::Error, line);
        }
    }

    /// Logs once that a certificate has a name and this Envoy does not show whether the certificate is verified.
    pub(crate) fn log_unverified(&self) {
        if !self.has_logged_unverified.replace(true) {
            let line = "gatespan: trust.san does not hold: this Envoy has no connection.peer_certificate_valid (1.39 and later have it)";
            host::log(Level::Error, line);
        }
    }
}

/// Random bytes for more than 3,000 requests. A busier worker thread asks Envoy once more between two ticks.
const ENTROPY_BYTES: usize = 65_536;

/// Fills the random bytes of a gateway.
#[cold]
pub(crate) fn refill(gateway: &mut Gateway, now: Time) {
    gateway.refill(ENTROPY_BYTES, now, |bytes| {
        let is_filled = getrandom::fill(bytes).is_ok();
        if !is_filled {
            host::log(
                Level::Error,
                "gatespan: the host gave no random bytes: nothing is minted or recorded",
            );
        }
        is_filled
    });
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
                self.shared = Some(Rc::new(Shared::new(config)));
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

/// The most unknown rules that are logged.
const MAX_UNKNOWN_RULES: usize = 16;

/// Counters are passed to Envoy on a tick, and people look at them.
const LONGEST_TICK_MS: u32 = 1_000;
