//! One isolate: its configuration, its outbox and its counters. The JavaScript half owns it, and makes it in the first
//! request.

use core::cell::RefCell;
use core::panic::RefUnwindSafe;
use core::time::Duration;

use gatespan::backend::{PAUSE_HEADERS, undeliverable};
use gatespan::config::Host;
use gatespan::metrics::{Tally, metrics};
use gatespan::outbox::Outcome;
use gatespan::policy::Peer;
use gatespan::{Admission, Config, End, Gate, Headers, Outbox, Request, Time, Word};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::answer;
use crate::call::Call;
use crate::entropy::Pool;
use crate::environment::Environment;
use crate::facts::{self, Facts};
use crate::open::{Ending, Open, Opened};
use crate::origins::Origins;
use crate::status::{self, Status};
use crate::vigil::Vigil;

/// What all requests of an isolate share.
#[wasm_bindgen]
pub struct Worker {
    gate: Gate,
    origins: Origins,
    status: Option<Status>,
    outbox: RefCell<Outbox>,
    opened: RefCell<Opened>,
    pool: RefCell<Pool>,
    tally: RefCell<Tally>,
    vigil: Vigil,
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
        let document = environment.text("GATESPAN_CONFIG").unwrap_or_default();
        let variable = |name: &str| environment.text(name).map(str::to_owned);
        match Config::parse(document, Host::Worker, &variable) {
            Ok(config) => {
                faults.extend(undeliverable(&config).map(|backend| {
                    let kind = backend.kind.word();
                    format!("backend.kind: {kind} cannot be delivered to yet")
                }));
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
            outbox: RefCell::new(Outbox::new(&config, u64::from_le_bytes(seed))),
            opened: RefCell::default(),
            pool: RefCell::new(pool),
            tally: RefCell::default(),
            vigil: Vigil::default(),
            origins,
            status,
            gate: Gate::new(config),
        }
    }

    /// The request headers that [`admit`](Self::admit) wants to see.
    #[must_use]
    pub fn headers(&self) -> Vec<String> {
        let config = self.gate.config();
        let address = config.needs().address.then_some(facts::ADDRESS);
        let headers = config.headers().into_iter().chain(address);
        #[cfg(feature = "panic-hook")]
        let headers = headers.chain([PANIC]);
        headers.map(str::to_owned).collect()
    }

    /// The origins, each a URL or the name of a binding.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        self.origins.places().map(str::to_owned).collect()
    }

    /// The response header of an exposed trace id.
    #[must_use]
    pub fn response_header(&self) -> String {
        self.gate.config().response_header.clone()
    }

    /// The headers in which a backend asks for a pause, the one to believe first.
    #[must_use]
    pub fn pause_headers(&self) -> Vec<String> {
        PAUSE_HEADERS.map(str::to_owned).into()
    }

    /// How long a call to a backend may take, in milliseconds.
    #[must_use]
    pub fn timeout(&self) -> u32 {
        self.gate.config().export.timeout_ms
    }

    /// Decides about a request. `facts` and the answer are described in their own files.
    ///
    /// # Errors
    /// If the platform gives no random bytes.
    pub fn admit(&self, facts: &str, now: f64) -> Result<String, String> {
        let facts = Facts::read(facts);
        let headers = Headers::new(&facts.headers);
        let now = time(now);
        let mut request = Request {
            method: facts.method,
            path: facts.path,
            host: facts.host,
            headers,
            peer: Peer {
                address: facts::address(headers),
                names: &[],
            },
            route: None,
            rule: None,
        };
        let origin = self.origins.of(&request);
        if let Some((_, origin)) = origin {
            request.route = origin.name.as_deref().map(str::as_bytes);
            request.rule = origin.rule.as_deref().map(str::as_bytes);
        }
        let mut outbox = self.outbox.borrow_mut();
        let export = outbox.export(self.gate.config(), now);
        #[cfg(feature = "panic-hook")]
        panic_if_asked(headers);
        let entropy = self.pool.borrow_mut().draw();
        let entropy = entropy.ok_or("the platform gave no random bytes")?;
        let mut tally = self.tally.borrow_mut();
        match self.gate.admit(&request, export, now, &entropy) {
            Admission::Refuse(refusal) => {
                tally.rejected(refusal.reason());
                Ok(answer::refuse(refusal, request.is_grpc()))
            }
            Admission::Pass(mut pass) => {
                tally.decided(pass.decision);
                if let Some(reason) = pass.unrecorded {
                    tally.not_recorded(reason);
                }
                let span = pass.span.take().map(|span| {
                    outbox.open();
                    let is_grpc = request.is_grpc();
                    self.opened.borrow_mut().keep(Open { span, is_grpc })
                });
                Ok(answer::pass(&pass, span, origin.map(|(index, _)| index)))
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
            let span = open.span.close(config, end, now);
            self.outbox.borrow_mut().push(&span, config, now);
        }
        self.stand(now, patience)
    }

    /// As [`close`](Self::close), for one who has looked already.
    #[must_use]
    pub fn wait(&self, now: f64, patience: f64) -> f64 {
        self.vigil.relieve();
        self.stand(time(now), patience)
    }

    /// The next call to make, if one is due.
    #[must_use]
    pub fn poll(&self, now: f64) -> Option<Call> {
        let mut outbox = self.outbox.borrow_mut();
        Call::of(&outbox.poll(time(now))?, self.gate.config())
    }

    /// What came of a call: a status, or 0 if no answer came, and the pause that the backend asked for.
    #[expect(clippy::needless_pass_by_value, reason = "a call is settled once")]
    pub fn settle(&self, call: Call, status: u16, retry_after: Option<u32>, now: f64) {
        let outcome = match status {
            0 => Outcome::Lost,
            code => Outcome::Status { code, retry_after },
        };
        self.outbox
            .borrow_mut()
            .settle(call.ticket, outcome, time(now));
    }

    /// The path that shows the counters, if one does.
    #[must_use]
    pub fn status_path(&self) -> Option<String> {
        Some(self.status.as_ref()?.path.clone())
    }

    /// The counters of this isolate as JSON, under the names that Envoy shows; none for somebody without the secret.
    #[must_use]
    pub fn status(&self, authorization: &str) -> Option<String> {
        let status = self.status.as_ref()?;
        if !status.is_for(authorization) {
            return None;
        }
        let (tally, outbox) = (self.tally.borrow(), self.outbox.borrow());
        Some(status::counters(&metrics(
            &tally,
            &outbox,
            self.gate.config(),
        )))
    }
}

impl Worker {
    fn stand(&self, now: Time, patience: f64) -> f64 {
        let due = self.outbox.borrow().wake_at();
        let wait = self.vigil.stand(due, now, patience.max(0.0) as u64);
        wait.map_or(-1.0, |millis| millis as f64)
    }
}

/// The platform counts whole milliseconds, and stands still while code runs.
fn time(millis: f64) -> Time {
    Time(Duration::from_millis(millis as u64).as_nanos() as u64)
}

/// The header that the test of panics sends.
#[cfg(feature = "panic-hook")]
const PANIC: &str = "x-gatespan-panic";

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
