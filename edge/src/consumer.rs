//! A message of the Cloudflare Queue on its way to the backend.

use core::cell::RefCell;
use core::panic::RefUnwindSafe;

use gatespan::Sender;
use gatespan::outbox::Counters;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::call::BackendCall;
use crate::worker::time;

/// Sends the batch of one message.
#[wasm_bindgen]
pub struct Consumer {
    message: Vec<u8>,
    sender: RefCell<Sender>,
}

/// As for [`Worker`](crate::Worker).
impl RefUnwindSafe for Consumer {}

impl Consumer {
    pub(crate) fn new(message: &[u8], sender: Sender) -> Self {
        Self {
            message: message.to_vec(),
            sender: RefCell::new(sender),
        }
    }

    /// The counters without the spans that the Queue will deliver again.
    pub(crate) fn settled(&self) -> Counters {
        let sender = self.sender.borrow();
        let counters = sender.counters().next().copied().unwrap_or_default();
        Counters {
            recorded: counters.recorded - counters.queued,
            queued: 0,
            queued_bytes: 0,
            ..counters
        }
    }
}

#[wasm_bindgen]
impl Consumer {
    /// The next call to make, if one is due.
    #[must_use]
    pub fn poll(&self, now: f64) -> Option<BackendCall> {
        let mut sender = self.sender.borrow_mut();
        Some(BackendCall::direct(&sender.poll(time(now))?))
    }

    /// As in `Worker`.
    #[expect(clippy::needless_pass_by_value, reason = "a call is settled once")]
    pub fn settle(&self, call: BackendCall, now: f64) {
        let mut sender = self.sender.borrow_mut();
        sender.settle(call.id, call.outcome(&call.pauses()), time(now));
    }

    /// For how many seconds the backend must not be called; none if nothing is left to send.
    #[must_use]
    pub fn pause_s(&self, now: f64) -> Option<u32> {
        let until = self.sender.borrow().wake_at()?;
        let nanos = until.0.saturating_sub(time(now).0);
        Some(nanos.div_ceil(NANOS_PER_SECOND) as u32)
    }

    /// Whether nothing of the message was accepted, so that the Queue may deliver it again.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let left = self.sender.borrow().messages();
        left.len() == 1 && left.first() == Some(&self.message)
    }

    /// One of the messages that are made of what is left.
    #[must_use]
    pub fn left(&self, number: usize) -> Option<Vec<u8>> {
        let left = self.sender.borrow().messages();
        left.into_iter().nth(number)
    }
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;
