//! What the streams of one configuration share.

use std::cell::{Cell, RefCell};

use gatespan::policy::Needs;
use gatespan::{Config, Gateway, Sieve, Time};

use crate::host::{self, Level};

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
    /// `names` are the headers that the host itself reads.
    pub(crate) fn new(config: Config, names: &[&str]) -> Self {
        let mut seed = [0; 8];
        let mut mark = [0; 8];
        // Without random bytes all gateways pause alike, and no redirected request is recognised.
        let _ = getrandom::fill(&mut seed);
        let _ = getrandom::fill(&mut mark);
        Self {
            needs: config.needs(),
            sieve: Sieve::of(config.headers().into_iter().chain(names.iter().copied())),
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

/// The most unknown rules that are logged.
const MAX_UNKNOWN_RULES: usize = 16;
