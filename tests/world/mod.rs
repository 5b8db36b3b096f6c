//! A gateway in simulated time: its clock is a number, and its random bytes count up.

use gatespan::config::Host;
use gatespan::{Admission, Config, Forward, Gateway, Request, Stream, Time};

pub const START: Time = Time::from_millis(1_772_446_530_125);

pub struct World {
    pub gateway: Gateway,
    pub now: Time,
    serial: u64,
}

impl World {
    pub fn new(document: &str, host: Host) -> Self {
        let config = Config::parse(document, host, &|_| None);
        let config = config.unwrap_or_else(|errors| panic!("{document}: {errors:?}"));
        Self {
            gateway: Gateway::new(config, 7),
            now: START,
            serial: 0,
        }
    }

    /// Random bytes for the next request. `of_serial` makes them from the number of the request.
    pub fn refill_with(&mut self, of_serial: impl FnOnce(u64) -> [u8; 20]) {
        let entropy = of_serial(self.serial);
        self.serial += 1;
        self.gateway.refill(entropy.len(), self.now, |bytes| {
            bytes.copy_from_slice(&entropy);
            true
        });
    }

    /// Random bytes that no other request has.
    #[allow(dead_code, reason = "some tests choose their random bytes")]
    pub fn refill(&mut self) {
        self.refill_with(|serial| {
            let mut entropy = [0; 20];
            entropy[2..10].copy_from_slice(&(serial + 1).to_le_bytes());
            entropy[12..].copy_from_slice(&(serial + 1).to_le_bytes());
            entropy
        });
    }

    /// A request that must be forwarded.
    pub fn forward<'a>(&'a mut self, request: &Request<'a>) -> Forward<'a> {
        match self.gateway.admit(request, self.now) {
            Admission::Forward(forward) => forward,
            other => panic!("not forwarded: {other:?}"),
        }
    }

    /// A request that must be forwarded, with new random bytes.
    #[allow(dead_code, reason = "as above")]
    pub fn stream(&mut self, request: &Request<'_>) -> Stream {
        self.refill();
        self.forward(request).stream
    }

    #[allow(dead_code, reason = "as above")]
    pub fn wait(&mut self, millis: u64) {
        self.now = Time(self.now.0 + millis * 1_000_000);
    }
}
