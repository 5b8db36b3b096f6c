//! What is still to be delivered: a queue of encoded batches for each backend, one call at a time, and exact counters.
//!
//! The host asks [`Outbox::poll`] what to send, sends it, and says with [`Outbox::settle`] what came of it. Nothing here
//! waits: time is an argument, and polling too often is harmless. At every moment recorded = exported + dropped + queued.

mod batch;
mod counters;
mod dispatch;
mod lane;
mod largest;
mod parcel;
mod pause;
mod settings;

use alloc::vec::Vec;

pub use counters::{CallOutcome, Counters, Dropped};
pub use dispatch::{Dispatch, Outcome, Ticket};
pub use settings::Settings;

use crate::backend;
use crate::gate::Export;
use crate::identity::Systems;
use crate::span::Span;
use crate::time::Time;
use lane::Lane;
use parcel::Parcel;

/// What an outbox is made for.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'c> {
    /// The name of this gateway.
    pub service: &'c str,
    /// The backends.
    pub backends: &'c [backend::Settings],
    /// How spans are batched and sent.
    pub settings: Settings,
}

/// The spans of one host thread on their way to all backends.
#[derive(Debug)]
pub struct Outbox {
    lanes: Vec<Lane>,
    /// Spans that were opened and have not ended yet.
    open: u32,
}

impl Outbox {
    /// An empty outbox. `seed` makes the pauses of many gateways differ.
    #[must_use]
    pub fn new(delivery: Delivery<'_>, seed: u64) -> Self {
        let lanes = delivery.backends.iter().enumerate();
        let lanes = lanes
            .filter_map(|(index, backend)| Lane::new(index, backend, delivery, seed))
            .collect();
        Self { lanes, open: 0 }
    }

    /// Whether a span that begins now would be delivered, and to which systems. A span is promised a place when it is
    /// opened, so that no parent is announced that will not arrive (law 7).
    #[must_use]
    pub fn export(&mut self, now: Time) -> Export {
        let mut receives = Systems::default();
        let mut stopped = true;
        for lane in &mut self.lanes {
            let one = lane.receives();
            let is_stopped = lane.is_stopped(now);
            let takes = !is_stopped && lane.has_room(self.open);
            stopped &= is_stopped;
            receives.opik |= one.opik && takes;
            receives.otel |= one.otel && takes;
        }
        // Where there is no backend nothing is wrong: nobody asked for spans.
        if receives != Systems::default() || self.lanes.is_empty() {
            Export::Accepting(receives)
        } else if stopped {
            Export::Stopped
        } else {
            Export::QueueFull
        }
    }

    /// A span was opened: a place in the queue is promised to it, until it is pushed or abandoned.
    pub const fn open(&mut self) {
        self.open = self.open.saturating_add(1);
    }

    /// An open span is given up and will not be pushed: its promise is given back.
    pub const fn abandon(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// A span ended: it is encoded for every backend whose system it is in.
    pub fn push(&mut self, span: &Span<'_>, backends: &[backend::Settings], now: Time) {
        self.abandon();
        for lane in &mut self.lanes {
            if let Some(backend) = backends.get(lane.backend()) {
                lane.push(span, backend, now);
            }
        }
    }

    /// The next call to make, if one is due.
    pub fn poll(&mut self, now: Time) -> Option<Dispatch<'_>> {
        let index = self.lanes.iter_mut().position(|lane| lane.is_due(now))?;
        let lane = self.lanes.get_mut(index)?;
        lane.dispatch(index as u32, now)
    }

    /// The batch of a call, packed for a carrier that is to deliver it: all calls that it needs, and not that one alone.
    /// [`Self::carried`] unpacks it in a gateway with the same backends.
    #[must_use]
    pub fn pack(&self, ticket: Ticket, backends: &[backend::Settings]) -> Option<Vec<u8>> {
        let lane = self.lanes.get(ticket.lane as usize)?;
        lane.pack(backends.get(lane.backend())?)
    }

    /// An outbox with nothing in it but what a carrier brings; none if that is nothing of ours. `before` says how often the
    /// carrier has brought it already. What fails is tried for as long as the carrier brings it, each time after a longer
    /// pause.
    #[must_use]
    pub fn carried(delivery: Delivery<'_>, parcel: &[u8], before: u32, seed: u64) -> Option<Self> {
        let parcel = Parcel::unpack(parcel)?;
        let mut backends = delivery.backends.iter().enumerate();
        let (index, backend) = backends.find(|(_, backend)| backend.name == parcel.backend)?;
        let mut lane = Lane::new(index, backend, delivery, seed)?;
        lane.take_over(&parcel, before)?;
        Some(Self {
            lanes: [lane].into(),
            open: 0,
        })
    }

    /// All that waits, packed for a carrier.
    #[must_use]
    pub fn parcels(&self, backends: &[backend::Settings]) -> Vec<Vec<u8>> {
        let of_lane = |lane: &Lane| Some(lane.parcels(backends.get(lane.backend())?));
        self.lanes.iter().filter_map(of_lane).flatten().collect()
    }

    /// What came of a call. An outcome that comes too late, or of a call that was never made, is ignored.
    pub fn settle(&mut self, ticket: Ticket, outcome: Outcome<'_>, now: Time) {
        if let Some(lane) = self.lanes.get_mut(ticket.lane as usize) {
            lane.settle(ticket.call, outcome, now);
        }
    }

    /// When `poll` will have something to do, if nothing else happens.
    #[must_use]
    pub fn wake_at(&self) -> Option<Time> {
        self.lanes.iter().filter_map(Lane::wake_at).min()
    }

    /// The host is about to go, and there will be no other spans: nothing waits for a batch to fill from now on, nor does
    /// the next try wait, unless a backend has asked for a pause.
    pub fn leave(&mut self, now: Time) {
        self.lanes.iter_mut().for_each(|lane| lane.leave(now));
    }

    /// Whether a host that is about to go need not stay: nothing is left, or no backend takes any of it. One that takes
    /// nothing for the time of three calls is not waited for, so that nobody stays for ever.
    #[must_use]
    pub fn is_done(&self, now: Time) -> bool {
        self.lanes.iter().all(|lane| lane.is_done(now))
    }

    /// The host ends: what is queued or in flight is dropped and counted, and what comes later is, too. How many spans
    /// were queued.
    pub fn shut(&mut self) -> u64 {
        self.lanes.iter_mut().map(Lane::shut).sum()
    }

    /// The counters of each backend, by its place in the configuration.
    pub fn counters(&self) -> impl Iterator<Item = (usize, Counters)> {
        self.lanes
            .iter()
            .map(|lane| (lane.backend(), lane.counters()))
    }
}
