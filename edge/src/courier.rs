//! One message of the Queue on its way to the backend.

use alloc::rc::Rc;
use core::cell::RefCell;
use core::panic::RefUnwindSafe;

use gatespan::outbox::Counters;
use gatespan::{Gate, Outbox};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::call::Call;
use crate::worker::time;

/// One message of the Queue on its way to the backend.
#[wasm_bindgen]
pub struct Courier {
    gate: Rc<Gate>,
    message: Vec<u8>,
    outbox: RefCell<Outbox>,
}

/// As for [`Worker`](crate::Worker).
impl RefUnwindSafe for Courier {}

impl Courier {
    pub(crate) fn new(gate: Rc<Gate>, message: &[u8], outbox: Outbox) -> Self {
        Self {
            gate,
            message: message.to_vec(),
            outbox: RefCell::new(outbox),
        }
    }

    /// The counters without what the Queue will bring again.
    pub(crate) fn settled(&self) -> Counters {
        let outbox = self.outbox.borrow();
        let mut all = outbox.counters().map(|(_, counters)| counters);
        let counters = all.next().unwrap_or_default();
        Counters {
            recorded: counters.recorded - counters.queued,
            queued: 0,
            queued_bytes: 0,
            ..counters
        }
    }
}

#[wasm_bindgen]
impl Courier {
    /// The next call to make, if one is due.
    #[must_use]
    pub fn poll(&self, now: f64) -> Option<Call> {
        let mut outbox = self.outbox.borrow_mut();
        Call::direct(&outbox.poll(time(now))?, self.gate.config())
    }

    /// What came of a call, as in `Worker`.
    #[expect(clippy::needless_pass_by_value, reason = "a call is settled once")]
    pub fn settle(&self, call: Call, now: f64) {
        self.outbox
            .borrow_mut()
            .settle(call.ticket, call.outcome(&call.pauses()), time(now));
    }

    /// For how many seconds the backend wants to be left alone; no number if nothing is left to deliver.
    #[must_use]
    pub fn pause(&self, now: f64) -> Option<u32> {
        let until = self.outbox.borrow().wake_at()?;
        let nanos = until.0.saturating_sub(time(now).0);
        Some(nanos.div_ceil(SECOND) as u32)
    }

    /// Whether the message is as it came, so that the Queue may bring it again.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.left(0).as_ref() == Some(&self.message) && self.left(1).is_none()
    }

    /// One of the messages that are made of what is left.
    #[must_use]
    pub fn left(&self, number: usize) -> Option<Vec<u8>> {
        let parcels = self.outbox.borrow().parcels(&self.gate.config().backends);
        parcels.into_iter().nth(number)
    }
}

const SECOND: u64 = 1_000_000_000;
