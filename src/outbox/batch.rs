//! A batch: the encoded spans of one delivery, and where each of them lies.

use alloc::vec::Vec;

use crate::backend::{Api, Bodies, CALLS};
use crate::config::Backend;
use crate::context::Time;
use crate::span::Span;

/// Encoded spans. A unit is a span with the trace row that may belong to it: they are kept or dropped together.
#[derive(Debug)]
pub(super) struct Batch {
    /// One body for each call of the API, open at its end while the batch is filled.
    bodies: [Vec<u8>; CALLS],
    /// Where each unit ends in each body.
    ends: Vec<[u32; CALLS]>,
    /// When the first unit came.
    pub(super) since: Time,
    /// The call that is next.
    pub(super) call: usize,
    /// How often the next call has failed.
    pub(super) failures: u32,
}

impl Batch {
    pub(super) fn new(since: Time) -> Self {
        Self {
            bodies: Default::default(),
            ends: Vec::new(),
            since,
            call: 0,
            failures: 0,
        }
    }

    /// Encodes a span behind the others.
    pub(super) fn add(&mut self, span: &Span<'_>, api: &'static Api, backend: &Backend) {
        (api.encode)(span, backend, &mut Bodies::new(&mut self.bodies, api.calls));
        self.ends.push(self.lengths());
    }

    /// Takes the last unit out again.
    pub(super) fn take_back(&mut self) {
        self.ends.pop();
        let kept = self.ends.last().copied().unwrap_or_default();
        for (body, length) in self.bodies.iter_mut().zip(kept) {
            body.truncate(length as usize);
        }
    }

    pub(super) fn units(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bodies.iter().map(Vec::len).sum()
    }

    /// Closes the bodies: from now on they are sent as they are.
    pub(super) fn seal(&mut self, api: &'static Api) {
        for (body, call) in self.bodies.iter_mut().zip(api.calls) {
            if !body.is_empty() {
                body.extend_from_slice(call.close);
            }
        }
    }

    /// The next call that has something to send, and its body.
    pub(super) fn next_call(&mut self, api: &'static Api) -> Option<usize> {
        while self.call < api.calls.len() {
            if self
                .bodies
                .get(self.call)
                .is_some_and(|body| !body.is_empty())
            {
                return Some(self.call);
            }
            self.call += 1;
        }
        None
    }

    pub(super) fn body(&self, call: usize) -> &[u8] {
        self.bodies.get(call).map(Vec::as_slice).unwrap_or_default()
    }

    /// Two batches of half the units each, sealed, for the same next call. Calls that are done are not made again.
    pub(super) fn halves(&self, api: &'static Api) -> [Self; 2] {
        let middle = self.ends.len() / 2;
        [0..middle, middle..self.ends.len()].map(|units| {
            let mut half = Self {
                call: self.call,
                ..Self::new(self.since)
            };
            for unit in units {
                let start = unit
                    .checked_sub(1)
                    .and_then(|before| self.ends.get(before))
                    .copied()
                    .unwrap_or_default();
                let end = self.ends.get(unit).copied().unwrap_or_default();
                for (index, call) in api.calls.iter().enumerate().skip(self.call) {
                    half.copy(index, call, self.unit(index, call, start, end));
                }
                half.ends.push(half.lengths());
            }
            half.seal(api);
            half
        })
    }

    /// The item of a unit in one body, without what stands before it.
    fn unit(
        &self,
        index: usize,
        call: &crate::backend::Call,
        start: [u32; CALLS],
        end: [u32; CALLS],
    ) -> &[u8] {
        let at = |ends: [u32; CALLS]| ends.get(index).copied().unwrap_or_default() as usize;
        let before = if at(start) == 0 {
            call.open
        } else {
            call.between
        };
        let item = self.body(index).get(at(start)..at(end)).unwrap_or_default();
        item.strip_prefix(before).unwrap_or(item)
    }

    fn copy(&mut self, index: usize, call: &crate::backend::Call, item: &[u8]) {
        if let Some(body) = self.bodies.get_mut(index).filter(|_| !item.is_empty()) {
            body.extend_from_slice(if body.is_empty() {
                call.open
            } else {
                call.between
            });
            body.extend_from_slice(item);
        }
    }

    fn lengths(&self) -> [u32; CALLS] {
        self.bodies.each_ref().map(|body| body.len() as u32)
    }
}
