//! One worker: its configuration, its outbox and its counters. All of it lives here and in no static, because Envoy may
//! put several configurations, the old and the new one among them, into one VM.

mod leaving;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gatespan::backend::{self, ANSWER_BYTES, PAUSE_HEADERS};
use gatespan::config::Host;
use gatespan::genai::Exchange;
use gatespan::outbox::{Dispatch, Outcome, Ticket};
use gatespan::policy::Needs;
use gatespan::{Admission, Config, End, Gate, Headers, OpenSpan, Outbox, Pair, Request, Sieve};

use crate::entropy::Pool;
use crate::host::{self, Level, Map};
use crate::ledger::Ledger;
use crate::redirect;
use crate::stats::Stats;
use crate::stream::Target;

/// The root context.
#[derive(Default)]
pub(crate) struct Root {
    worker: Option<Rc<Worker>>,
    /// Calls whose outcome is not known yet, by Envoy's token.
    calls: Vec<Flight>,
    is_ending: bool,
    /// How often each backend had refused everything when that was last said.
    stops_told: Vec<u64>,
    ledger: Ledger,
    tick_ms: u32,
}

/// A call whose outcome is not known yet.
struct Flight {
    token: u32,
    ticket: Ticket,
    reads_answer: bool,
}

/// What the streams of a worker share.
pub(crate) struct Worker {
    pub(crate) gate: Gate,
    pub(crate) needs: Needs,
    /// Which headers of a request are looked at.
    pub(crate) sieve: Sieve,
    pub(crate) outbox: RefCell<Outbox>,
    pub(crate) stats: RefCell<Stats>,
    /// What tells this configuration from others; zeros where there are no random bytes.
    pub(crate) mark: [u8; 8],
    /// Whether a request has left something for its next stream. That is nearly always the one that comes next.
    pub(crate) has_left: Cell<bool>,
    pool: RefCell<Pool>,
    /// Rules that routes ask for and the configuration does not have.
    missed: RefCell<Vec<Vec<u8>>>,
    has_wondered: Cell<bool>,
    has_doubted: Cell<bool>,
}

impl Worker {
    pub(crate) fn new(config: Config) -> Self {
        let mut pool = Pool::default();
        let [a, b, c, d, e, f, g, h, mark @ .., _, _, _, _] = pool.draw();
        Self {
            needs: config.needs(),
            sieve: Sieve::of(config.headers().into_iter().chain(Target::NAMES)),
            outbox: RefCell::new(Outbox::new(
                config.delivery(),
                u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            )),
            stats: RefCell::default(),
            mark,
            has_left: Cell::new(false),
            pool: RefCell::new(pool),
            missed: RefCell::default(),
            has_wondered: Cell::new(false),
            has_doubted: Cell::new(false),
            gate: Gate::new(config),
        }
    }

    /// Asks the core about a request; `read` is what has read ahead in it.
    pub(crate) fn admit<'a>(
        &'a self,
        request: &Request<'a>,
        read: Option<Box<Exchange>>,
    ) -> Admission<'a> {
        let now = host::now();
        let export = self.outbox.borrow_mut().export(now);
        let entropy = self.pool.borrow_mut().draw();
        self.gate.admit_ahead(request, read, export, now, &entropy)
    }

    /// A route asks for a rule that does not exist: said once for each.
    pub(crate) fn miss(&self, rule: &[u8]) {
        let mut missed = self.missed.borrow_mut();
        if missed.len() < MOST_MISSED && !missed.iter().any(|known| known == rule) {
            let name = rule.escape_ascii();
            host::log(
                Level::Error,
                &format!(
                    "gatespan: a route asks for the rule \"{name}\", which the configuration does not have"
                ),
            );
            missed.push(rule.into());
        }
    }

    /// A request was held for nothing: said once.
    pub(crate) fn wonder(&self) {
        if !self.has_wondered.replace(true) {
            let line = "gatespan: a message was held, and nothing of it was shown: has the plugin allow_on_headers_stop_iteration: true?";
            host::log(Level::Error, line);
        }
    }

    /// Logs, once, that a certificate has a name and this Envoy does not show whether the certificate is verified.
    pub(crate) fn doubt(&self) {
        if !self.has_doubted.replace(true) {
            let line = "gatespan: trust.san does not hold: this Envoy has no connection.peer_certificate_valid (1.39 and later have it)";
            host::log(Level::Error, line);
        }
    }

    /// Ends a span and queues it.
    pub(crate) fn close(&self, span: Box<OpenSpan>, end: End) {
        let now = host::now();
        let span = self.gate.close(span, end, now);
        self.outbox
            .borrow_mut()
            .push(&span, &self.gate.config().backends, now);
    }
}

impl Root {
    /// Makes every call that is due. At most one a backend is under way.
    fn send(&mut self) {
        let Some(worker) = self.worker.clone() else {
            return;
        };
        let config = worker.gate.config();
        for _ in &config.backends {
            let now = host::now();
            let mut outbox = worker.outbox.borrow_mut();
            let Some(dispatch) = outbox.poll(now) else {
                return;
            };
            let (ticket, reads_answer) = (dispatch.ticket, dispatch.reads_answer);
            let Some(backend) = config.backends.get(dispatch.backend) else {
                return;
            };
            match call(&dispatch, backend, config.export.timeout_ms) {
                Ok(token) => self.calls.push(Flight {
                    token,
                    ticket,
                    reads_answer,
                }),
                Err(failed) => {
                    let name = &backend.name;
                    host::log(
                        Level::Warn,
                        &format!("gatespan: no call to backend {name}: status {}", failed.0),
                    );
                    outbox.settle(ticket, Outcome::Lost, now);
                }
            }
        }
    }

    fn publish(&mut self) {
        let Some(worker) = self.worker.clone() else {
            return;
        };
        let outbox = worker.outbox.borrow();
        let mut stats = worker.stats.borrow_mut();
        stats.publish(&outbox, worker.gate.config());
        self.ledger.keep(&stats.gauges());
        self.stops_told
            .resize(worker.gate.config().backends.len(), 0);
        for (index, counters) in outbox.counters() {
            let (Some(told), Some(backend)) = (
                self.stops_told.get_mut(index),
                worker.gate.config().backends.get(index),
            ) else {
                continue;
            };
            if core::mem::replace(told, counters.stops) < counters.stops {
                let (name, status) = (&backend.name, counters.stopped.unwrap_or_default());
                let line = format!(
                    "gatespan: backend {name} answers {status}: nothing is recorded for it until it accepts"
                );
                host::log(Level::Error, &line);
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn of(worker: Rc<Worker>) -> Self {
        Self {
            worker: Some(worker),
            ..Self::default()
        }
    }

    /// What a stream under this root works with, once there is a configuration.
    pub(crate) fn worker(&self) -> Option<Rc<Worker>> {
        self.worker.clone()
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
                let worker = Worker::new(config);
                self.ledger = Ledger::default();
                self.tick_ms = tick;
                self.worker = Some(Rc::new(worker));
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
        if let Some(worker) = &self.worker {
            worker.pool.borrow_mut().top_up();
        }
        self.ledger.tick(self.tick_ms);
        self.send();
        self.publish();
        self.go_if_done();
    }

    /// A call has its answer, or none.
    pub(crate) fn answered(&mut self, token: u32, headers: usize, bytes: usize) {
        let (Some(place), Some(worker)) = (
            self.calls.iter().position(|call| call.token == token),
            self.worker.clone(),
        ) else {
            return;
        };
        let call = self.calls.swap_remove(place);
        let wanted = if call.reads_answer && headers > 0 {
            bytes.min(ANSWER_BYTES)
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
        worker
            .outbox
            .borrow_mut()
            .settle(call.ticket, outcome, host::now());
        self.send();
        self.publish();
        self.go_if_done();
    }
}

fn call(
    dispatch: &Dispatch<'_>,
    backend: &backend::Settings,
    timeout_ms: u32,
) -> Result<u32, host::Failed> {
    let (authority, base) = backend.target();
    let path = format!("{base}{}", dispatch.path);
    let mut headers = vec![
        (":method", "POST"),
        (":authority", authority),
        (":path", path.as_str()),
        ("content-type", dispatch.content_type),
    ];
    headers.extend(dispatch.headers());
    host::call(
        backend.cluster.as_deref().unwrap_or_default(),
        &headers,
        dispatch.body,
        timeout_ms,
    )
}

/// What came of a call. An answer without headers is one that broke off: nothing of it may be looked at.
fn outcome<'a>(headers: usize, pauses: Headers<'a>, answer: &'a [u8]) -> Outcome<'a> {
    if headers == 0 {
        return Outcome::Lost;
    }
    status().map_or(Outcome::Lost, |code| Outcome::Status {
        code,
        headers: pauses,
        answer,
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

/// After so many missing rules nobody reads on.
const MOST_MISSED: usize = 16;

/// Counters are told on a tick as well, and people look at them.
const LONGEST_TICK_MS: u32 = 1_000;
