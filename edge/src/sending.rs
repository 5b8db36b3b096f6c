//! Calls to the backends, and messages of the Cloudflare Queue.

use gatespan::Sender;
use gatespan::outbox::Outcome;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::call::BackendCall;
use crate::consumer::Consumer;
use crate::worker::{Worker, time};

#[wasm_bindgen]
impl Worker {
    /// The next call to make, if one is due.
    #[must_use]
    pub fn poll(&self, now: f64) -> Option<BackendCall> {
        let mut gateway = self.gateway.borrow_mut();
        let call = BackendCall::of(&gateway.poll(time(now))?);
        if call.is_direct() {
            return Some(call);
        }
        let message = gateway.message(call.id)?;
        Some(call.with_message(message))
    }

    /// The call has a response, or failed.
    #[expect(clippy::needless_pass_by_value, reason = "a call is settled once")]
    pub fn settle(&self, call: BackendCall, now: f64) {
        let mut gateway = self.gateway.borrow_mut();
        gateway.settle(call.id, call.outcome(&call.pauses()), time(now));
    }

    /// The Queue has taken the message of a call.
    #[expect(clippy::needless_pass_by_value, reason = "a call is settled once")]
    pub fn settle_taken(&self, call: BackendCall, now: f64) {
        let mut gateway = self.gateway.borrow_mut();
        gateway.settle(call.id, Outcome::Taken, time(now));
    }

    /// Consumes a message that the Queue has delivered this often; none if it is not a batch of this configuration.
    #[must_use]
    pub fn consume(&self, message: &[u8], attempts: u32) -> Option<Consumer> {
        let gateway = self.gateway.borrow();
        let delivery = gateway.config().delivery();
        let before = attempts.saturating_sub(1);
        let sender = Sender::of_message(delivery, message, before, u64::from(attempts))?;
        Some(Consumer::new(message, sender))
    }

    /// Counts what became of a message.
    #[expect(clippy::needless_pass_by_value, reason = "a message is counted once")]
    pub fn count_consumed(&self, consumer: Consumer) {
        self.consumed.borrow_mut().add(&consumer.settled());
    }
}
