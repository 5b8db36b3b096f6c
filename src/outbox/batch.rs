//! A batch: the encoded spans of one delivery, and where each of them lies.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use super::parcel::{Packed, Parcel};
use super::pause::Stretch;
use crate::backend;
use crate::backend::{Api, Bodies, CALLS, Call, Frame, Moment};
use crate::span::Span;
use crate::time::Time;

/// Encoded spans. A unit is a span with the trace row that may belong to it: they are kept or dropped together.
#[derive(Debug)]
pub(super) struct Batch {
    /// One body for each call of the API, open at its end while the batch is filled.
    bodies: [Vec<u8>; CALLS],
    /// Where the items begin in each body.
    starts: [u32; CALLS],
    /// Where each unit ends in each body. A body stays far below 4 GiB: a batch is sealed by the unit that fills it.
    ends: Vec<[u32; CALLS]>,
    /// The time that was spelt last in it.
    latest: Moment,
    /// Whose spans these are, where the headers of a call say so.
    pub(super) project: Option<String>,
    /// How long it may be filled.
    pub(super) ripens: Stretch,
    /// The call that is next.
    call: usize,
    /// How often that call has failed.
    pub(super) failures: u32,
    /// Whether a failed call may have been stored all the same.
    pub(super) is_repeat: bool,
    /// Whether the server has failed with it already and did not say of what.
    pub(super) is_unclear: bool,
}

impl Batch {
    /// An empty batch.
    pub(super) fn new(ripens: Stretch, starts: [u32; CALLS]) -> Self {
        Self {
            bodies: [const { Vec::new() }; CALLS],
            starts,
            ends: Vec::new(),
            latest: Moment::of(Time(0)),
            project: None,
            ripens,
            call: 0,
            failures: 0,
            is_repeat: false,
            is_unclear: false,
        }
    }

    /// An empty batch to be filled, its bodies with the room that the last ones needed: growing them copies every byte anew.
    pub(super) fn with_room(ripens: Stretch, frame: &Frame, room: [usize; CALLS]) -> Self {
        Self {
            bodies: room.map(Vec::with_capacity),
            ..Self::new(
                ripens,
                frame
                    .openings
                    .each_ref()
                    .map(|opening| opening.len() as u32),
            )
        }
    }

    /// Encodes a span behind the others.
    pub(super) fn add(
        &mut self,
        span: &Span<'_>,
        api: &'static Api,
        frame: &Frame,
        backend: &backend::Settings,
    ) {
        let mut bodies = Bodies::new(&mut self.bodies, api.calls, frame, &mut self.latest);
        (api.encode)(span, backend, &mut bodies);
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

    pub(super) const fn units(&self) -> usize {
        self.ends.len()
    }

    /// So many of its units are not stored, whichever they are.
    pub(super) fn lack(&mut self, units: usize) {
        self.ends.truncate(self.ends.len().saturating_sub(units));
    }

    pub(super) fn bytes(&self) -> usize {
        self.bodies.iter().map(Vec::len).sum()
    }

    pub(super) fn body_bytes(&self) -> [usize; CALLS] {
        self.bodies.each_ref().map(Vec::len)
    }

    /// Closes the bodies: from now on they are sent as they are, and keep no more memory than they need.
    pub(super) fn seal(&mut self, api: &'static Api) {
        for (body, call) in self.bodies.iter_mut().zip(api.calls) {
            if !body.is_empty() {
                body.extend_from_slice(call.close);
                (call.seal)(body);
            }
            body.shrink_to_fit();
        }
        self.ends.shrink_to_fit();
    }

    /// The next call that has something to send, and its body.
    pub(super) fn next_call(&self, api: &'static Api) -> Option<(&'static Call, &[u8])> {
        let calls = api.calls.iter().zip(&self.bodies).skip(self.call);
        calls
            .map(|(call, body)| (call, body.as_slice()))
            .find(|(_, body)| !body.is_empty())
    }

    /// Whether a call of it was made already.
    pub(super) const fn is_begun(&self) -> bool {
        self.call > 0 || self.failures > 0
    }

    /// The next call was accepted: its body is not needed again.
    pub(super) fn accept(&mut self) {
        let bodies = self.bodies.iter_mut().enumerate().skip(self.call);
        for (index, body) in bodies {
            self.call = index + 1;
            if !mem::take(body).is_empty() {
                break;
            }
        }
        self.failures = 0;
        self.is_repeat = false;
        self.is_unclear = false;
    }

    /// Two batches of half the units each, sealed, for the same next call. Calls that were accepted are not made again.
    pub(super) fn halves(&self, api: &'static Api) -> [Self; 2] {
        let middle = self.ends.len() / 2;
        [0..middle, middle..self.ends.len()].map(|units| {
            let mut half = Self {
                call: self.call,
                is_repeat: self.is_repeat,
                project: self.project.clone(),
                ..Self::new(self.ripens, self.starts)
            };
            for unit in units {
                for (index, call) in api.calls.iter().enumerate().skip(self.call) {
                    half.copy(
                        index,
                        call,
                        self.opening(index),
                        self.item(index, call, unit),
                    );
                }
                half.ends.push(half.lengths());
            }
            half.seal(api);
            half
        })
    }

    /// All calls that are still to be made, packed for a carrier.
    pub(super) fn pack(&self, api: &'static Api, backend: &backend::Settings) -> Vec<u8> {
        let calls = api.calls.iter().zip(&self.bodies).enumerate();
        let left = calls.filter(|(_, (_, body))| !body.is_empty());
        let packed = left.map(|(index, (call, body))| Packed {
            path: call.path,
            start: self.starts.get(index).copied().unwrap_or_default(),
            ends: (self.ends.iter())
                .filter_map(|ends| ends.get(index).copied())
                .collect(),
            body,
        });
        let calls = packed.collect();
        Parcel {
            backend: &backend.name,
            project: self.project.as_deref(),
            calls,
        }
        .pack()
    }

    /// The batch that a carrier brings.
    pub(super) fn unpacked(
        parcel: &Parcel<'_>,
        api: &'static Api,
        is_repeat: bool,
    ) -> Option<Self> {
        let units = parcel.calls.first()?.ends.len();
        let mut batch = Self {
            ends: alloc::vec![[0; CALLS]; units],
            is_repeat,
            project: parcel.project.map(String::from),
            ..Self::new(Stretch::of(Time(0), 0), [0; CALLS])
        };
        for Packed {
            path,
            start,
            ends,
            body,
        } in &parcel.calls
        {
            let call = api.calls.iter().position(|call| call.path == *path)?;
            *batch.bodies.get_mut(call)? = body.to_vec();
            *batch.starts.get_mut(call)? = *start;
            for (unit, end) in batch.ends.iter_mut().zip(ends) {
                *unit.get_mut(call)? = *end;
            }
        }
        Some(batch)
    }

    /// How a body begins, whoever made it.
    fn opening(&self, index: usize) -> &[u8] {
        let body = self.bodies.get(index).map(Vec::as_slice);
        body.and_then(|body| body.get(..self.start(index)))
            .unwrap_or_default()
    }

    /// The item of a unit in one body, without what stands before it.
    fn item(&self, index: usize, call: &Call, unit: usize) -> &[u8] {
        let end_of = |unit: usize| Some(*self.ends.get(unit)?.get(index)? as usize);
        let first = self.start(index);
        let start = unit.checked_sub(1).and_then(end_of).unwrap_or(0).max(first);
        let body = self.bodies.get(index).map(Vec::as_slice);
        let item = body
            .and_then(|body| body.get(start..end_of(unit)?))
            .unwrap_or_default();
        if start == first {
            return item;
        }
        item.strip_prefix(call.between).unwrap_or(item)
    }

    fn start(&self, index: usize) -> usize {
        self.starts.get(index).copied().unwrap_or_default() as usize
    }

    fn copy(&mut self, index: usize, call: &Call, opening: &[u8], item: &[u8]) {
        if let Some(body) = self.bodies.get_mut(index).filter(|_| !item.is_empty()) {
            body.extend_from_slice(if body.is_empty() {
                opening
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
