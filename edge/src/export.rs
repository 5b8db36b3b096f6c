//! The way of the spans out of here: straight to the backends, or by way of a Queue.

use alloc::rc::Rc;

use gatespan::Outbox;
use gatespan::outbox::Outcome;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::call::Call;
use crate::courier::Courier;
use crate::worker::{Worker, time};

#[wasm_bindgen]
impl Worker {
    /// As `close`, for one who has looked already.
    #[must_use]
    pub fn wait(&self, now: f64, patience: f64) -> f64 {
        self.vigil.relieve();
        self.stand(time(now), patience)
    }

    /// The next call to make, if one is due.
    #[must_use]
    pub fn poll(&self, now: f64) -> Option<Call> {
        let config = self.gate.config();
        let call = Call::of(&self.outbox.borrow_mut().poll(time(now))?, config)?;
        if call.is_direct() {
            return Some(call);
        }
        let parcel = self.outbox.borrow().pack(call.ticket, &config.backends)?;
        Some(call.packed(parcel))
    }

    /// The call was answered, or failed.
    #[expect(clippy::needless_pass_by_value, reason = "a call is settled once")]
    pub fn settle(&self, call: Call, now: f64) {
        self.outbox
            .borrow_mut()
            .settle(call.ticket, call.outcome(&call.pauses()), time(now));
    }

    /// The Queue has taken what a call carries.
    #[expect(clippy::needless_pass_by_value, reason = "a call is settled once")]
    pub fn taken(&self, call: Call, now: f64) {
        self.outbox
            .borrow_mut()
            .settle(call.ticket, Outcome::Taken, time(now));
    }

    /// Takes a message that the Queue brings, for so many times; none if it is not one of ours.
    #[must_use]
    pub fn courier(&self, message: &[u8], times: u32) -> Option<Courier> {
        let before = times.saturating_sub(1);
        let outbox = Outbox::carried(
            self.gate.config().delivery(),
            message,
            before,
            u64::from(times),
        )?;
        Some(Courier::new(Rc::clone(&self.gate), message, outbox))
    }

    /// Counts what became of a message.
    #[expect(clippy::needless_pass_by_value, reason = "a message is counted once")]
    pub fn brought(&self, courier: Courier) {
        self.brought.borrow_mut().add(&courier.settled());
    }
}
