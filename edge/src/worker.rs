//! One isolate: its configuration, its outbox and its counters. The JavaScript half owns it, and makes it in the first
//! request.

use alloc::rc::Rc;
use core::cell::RefCell;
use core::panic::RefUnwindSafe;
use core::time::Duration;

use gatespan::Peer;
use gatespan::backend::Via;
use gatespan::config::Host;
use gatespan::genai::Exchange;
use gatespan::metrics::Tally;
use gatespan::outbox::Counters;
use gatespan::{Admission, Config, End, Gate, Headers, Outbox, Request, Time};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::answer;
use crate::entropy::Pool;
use crate::environment::Environment;
use crate::facts::{self, Facts};
use crate::open::{Ending, Numbered, Open};
use crate::origins::Origins;
use crate::status::Status;
use crate::vigil::Vigil;

/// What all requests of an isolate share.
#[wasm_bindgen]
pub struct Worker {
    pub(crate) gate: Rc<Gate>,
    pub(crate) origins: Origins,
    pub(crate) status: Option<Status>,
    pub(crate) outbox: RefCell<Outbox>,
    pub(crate) tally: RefCell<Tally>,
    /// What became of the spans that the Queue has brought.
    pub(crate) brought: RefCell<Counters>,
    pub(crate) vigil: Vigil,
    pub(crate) opened: RefCell<Numbered<Open>>,
    /// What reads in requests that are not decided yet.
    pub(crate) held: RefCell<Numbered<Box<Exchange>>>,
    pool: RefCell<Pool>,
}

/// After a panic the next request finds every borrow given back, and every part as it was before or after a whole step of
/// it: at worst one span is counted that does not come.
impl RefUnwindSafe for Worker {}

#[wasm_bindgen]
impl Worker {
    /// Reads the environment.
    ///
    /// # Errors
    /// Every fault of the configuration, a line each.
    #[wasm_bindgen(constructor)]
    pub fn new(environment: &str) -> Result<Self, String> {
        let environment = Environment::read(environment);
        let mut faults = Vec::new();
        let origins = Origins::read(&environment, &mut faults);
        let status = Status::read(&environment, &mut faults);
        let document = environment.text(CONFIG).unwrap_or_default();
        let variable = |name: &str| environment.text(name).map(str::to_owned);
        match Config::parse(document, Host::Worker, &variable) {
            Ok(config) => {
                faults.extend(impossible(&config, &environment));
                faults.extend(origins.unknown_rules(&config));
                if faults.is_empty() {
                    return Ok(Self::of(config, origins, status));
                }
            }
            Err(complaints) => faults.extend(complaints.iter().map(ToString::to_string)),
        }
        Err(faults.join("\n"))
    }

    fn of(config: Config, origins: Origins, status: Option<Status>) -> Self {
        let mut pool = Pool::new();
        let seed = pool.draw().unwrap_or_default();
        let seed = seed.first_chunk().copied().unwrap_or_default();
        Self {
            outbox: RefCell::new(Outbox::new(config.delivery(), u64::from_le_bytes(seed))),
            opened: RefCell::default(),
            held: RefCell::default(),
            pool: RefCell::new(pool),
            tally: RefCell::default(),
            brought: RefCell::default(),
            vigil: Vigil::default(),
            origins,
            status,
            gate: Rc::new(Gate::new(config)),
        }
    }

    /// Decides about a request that came at this time. `facts` and the answer are described in their own files; `held` is
    /// the number of what has read ahead in it, if anything has.
    ///
    /// # Errors
    /// If the platform gives no random bytes.
    pub fn admit(&self, facts: &str, now: f64, held: u32) -> Result<String, String> {
        let facts = Facts::read(facts);
        let now = time(now);
        let (request, origin) = self.asked(&facts);
        let read = self.held.borrow_mut().take(held);
        let mut outbox = self.outbox.borrow_mut();
        let export = outbox.export(now);
        #[cfg(feature = "panic-hook")]
        panic_if_asked(request.headers);
        let entropy = self.pool.borrow_mut().draw();
        let entropy = entropy.ok_or("the platform gave no random bytes")?;
        let mut tally = self.tally.borrow_mut();
        match self.gate.admit_ahead(&request, read, export, now, &entropy) {
            Admission::Reject(rejection) => {
                tally.rejected(rejection.reason());
                Ok(answer::refuse(rejection, request.rpc()))
            }
            Admission::Pass(mut pass) => {
                tally.passed(&pass);
                let is_read = pass.span.as_ref().is_some_and(|span| span.is_read());
                let span = pass.span.take().map(|span| {
                    outbox.open();
                    let is_grpc = request.rpc().is_some();
                    self.opened.borrow_mut().keep(Open { span, is_grpc })
                });
                Ok(answer::pass(&pass, span, is_read, origin))
            }
        }
    }

    /// Ends a span and queues it. How many milliseconds the caller has to wait and then [`poll`](Self::poll), if it can
    /// wait for `patience` of them; a number below 0 if there is no need.
    #[expect(clippy::too_many_arguments, reason = "an object would be more calls")]
    pub fn close(
        &self,
        span: u32,
        ending: Ending,
        status: u16,
        grpc_status: i32,
        response_bytes: f64,
        now: f64,
        patience: f64,
    ) -> f64 {
        let now = time(now);
        if let Some(open) = self.opened.borrow_mut().take(span) {
            let end = End {
                status: Some(status).filter(|status| *status != 0),
                grpc_status: u32::try_from(grpc_status).ok().filter(|_| open.is_grpc),
                kind: ending.kind(),
                request_bytes: None,
                response_bytes: Some(response_bytes)
                    .filter(|bytes| *bytes >= 0.0)
                    .map(|bytes| bytes as u64),
            };
            let config = self.gate.config();
            let span = self.gate.close(open.span, end, now);
            self.outbox.borrow_mut().push(&span, &config.backends, now);
        }
        self.stand(now, patience)
    }
}

impl Worker {
    /// A request, and the number of the origin that it goes to.
    pub(crate) fn asked<'r>(&'r self, facts: &'r Facts<'r>) -> (Request<'r>, Option<usize>) {
        let headers = Headers::new(&facts.headers);
        let mut request = Request {
            method: facts.method,
            scheme: facts.scheme,
            path: facts.path,
            host: facts.host,
            headers,
            peer: Peer {
                address: facts::address(headers),
                ..Peer::default()
            },
            route: None,
            rule: None,
            continues: None,
        };
        let Some((number, origin)) = self.origins.of(&request) else {
            return (request, None);
        };
        request.route = origin.name.as_deref().map(str::as_bytes);
        request.rule = origin.rule.as_deref().map(str::as_bytes);
        (request, Some(number))
    }

    pub(crate) fn stand(&self, now: Time, patience: f64) -> f64 {
        let due = self.outbox.borrow().wake_at();
        let wait = self.vigil.stand(due, now, patience.max(0.0) as u64);
        wait.map_or(-1.0, |millis| millis as f64)
    }
}

/// What the document wants and this Worker cannot do.
fn impossible(config: &Config, environment: &Environment) -> impl Iterator<Item = String> {
    let wants_queue = config
        .backends
        .iter()
        .any(|backend| backend.via == Via::Queue);
    let lacks_queue = wants_queue && !environment.has_method(QUEUE, "send");
    let queue =
        lacks_queue.then(|| format!("backend.via: queue needs the binding {QUEUE} of a Queue"));
    queue.into_iter()
}

/// The variable with the document.
pub(crate) const CONFIG: &str = "GATESPAN_CONFIG";
/// The binding of the Queue.
pub(crate) const QUEUE: &str = "GATESPAN_QUEUE";

/// The platform counts whole milliseconds, and stands still while code runs.
pub(crate) fn time(millis: f64) -> Time {
    Time(Duration::from_millis(millis as u64).as_nanos() as u64)
}

/// The header that the test of panics sends.
#[cfg(feature = "panic-hook")]
pub(crate) const PANIC: &str = "x-gatespan-panic";

/// Panics, or traps, in the middle of a request and with the outbox borrowed.
#[cfg(feature = "panic-hook")]
#[expect(clippy::panic, reason = "that is what it is for")]
fn panic_if_asked(headers: Headers<'_>) {
    match headers.first(PANIC.as_bytes()) {
        None => {}
        Some(b"trap") => std::process::abort(),
        Some(_) => panic!("the test asks for it"),
    }
}
