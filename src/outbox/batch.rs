//! A batch: the encoded spans that are sent together, and where each of them is.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use super::queued_batch::{QueuedBatch, QueuedCall};
use super::timer::Timer;
use crate::backend::{self, BackendApi, Bodies, CALLS, Endpoint, Frame, Moment};
use crate::span::Span;
use crate::time::Time;

/// Encoded spans. A unit is a span with its trace row, if it has one: both are kept or dropped together.
#[derive(Debug)]
pub(super) struct Batch {
    /// One body for each call of the API, open at its end while the batch is filled.
    bodies: [Vec<u8>; CALLS],
    /// The offset of the first item in each body.
    starts: [u32; CALLS],
    /// The offset in each body at which each unit ends. A body stays far below 4 GiB, because a full batch is sealed.
    ends: Vec<[u32; CALLS]>,
    /// The last time that was written.
    latest: Moment,
    /// The project of all spans, if a header of the call names it.
    pub(super) project: Option<String>,
    /// How long the batch fills, if it is not full before.
    pub(super) fills_until: Timer,
    /// The index of the next call.
    call: usize,
    /// How often the next call has failed.
    pub(super) failures: u32,
    /// Whether the backend may have stored a call that failed.
    pub(super) is_repeat: bool,
    /// Whether the server has failed with this batch without a reason.
    pub(super) is_unclear: bool,
}

impl Batch {
    /// An empty batch.
    pub(super) fn new(fills_until: Timer, starts: [u32; CALLS]) -> Self {
        Self {
            bodies: [const { Vec::new() }; CALLS],
            starts,
            ends: Vec::new(),
            latest: Moment::of(Time(0)),
            project: None,
            fills_until,
            call: 0,
            failures: 0,
            is_repeat: false,
            is_unclear: false,
        }
    }

    /// An empty batch to be filled, its bodies with the capacity that the last ones needed: growing them copies every byte anew.
    pub(super) fn with_capacity(
        fills_until: Timer,
        frame: &Frame,
        capacity: [usize; CALLS],
    ) -> Self {
        Self {
            bodies: capacity.map(Vec::with_capacity),
            ..Self::new(
                fills_until,
                frame
                    .openings
                    .each_ref()
                    .map(|opening| opening.len() as u32),
            )
        }
    }

    /// Encodes a span.
    pub(super) fn add(
        &mut self,
        span: &Span<'_>,
        api: &'static BackendApi,
        frame: &Frame,
        backend: &backend::Settings,
    ) {
        let mut bodies = Bodies::new(&mut self.bodies, api.calls, frame, &mut self.latest);
        (api.encode)(span, backend, &mut bodies);
        self.ends.push(self.lengths());
    }

    /// Removes the last unit.
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

    /// Some units were not stored. The backend does not report which ones.
    pub(super) fn remove_units(&mut self, units: usize) {
        self.ends.truncate(self.ends.len().saturating_sub(units));
    }

    pub(super) fn bytes(&self) -> usize {
        self.bodies.iter().map(Vec::len).sum()
    }

    pub(super) fn body_bytes(&self) -> [usize; CALLS] {
        self.bodies.each_ref().map(Vec::len)
    }

    /// Closes the bodies. From now on they do not change, and use no more memory than they need.
    pub(super) fn seal(&mut self, api: &'static BackendApi) {
        for (body, call) in self.bodies.iter_mut().zip(api.calls) {
            if !body.is_empty() {
                body.extend_from_slice(call.close);
                (call.seal)(body);
            }
            body.shrink_to_fit();
        }
        self.ends.shrink_to_fit();
    }

    /// The next call that has a body, and that body.
    pub(super) fn next_call(&self, api: &'static BackendApi) -> Option<(&'static Endpoint, &[u8])> {
        let calls = api.calls.iter().zip(&self.bodies).skip(self.call);
        calls
            .map(|(call, body)| (call, body.as_slice()))
            .find(|(_, body)| !body.is_empty())
    }

    /// Whether a call was made already.
    pub(super) const fn is_begun(&self) -> bool {
        self.call > 0 || self.failures > 0
    }

    /// The next call was accepted. Its body is not needed any more.
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

    /// Two sealed batches with half of the units each. Calls that were accepted are not repeated.
    pub(super) fn halves(&self, api: &'static BackendApi) -> [Self; 2] {
        let middle = self.ends.len() / 2;
        [0..middle, middle..self.ends.len()].map(|units| {
            let mut half = Self {
                call: self.call,
                is_repeat: self.is_repeat,
                project: self.project.clone(),
                ..Self::new(self.fills_until, self.starts)
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

    /// The remaining calls as a message of a Cloudflare Queue.
    pub(super) fn pack(&self, api: &'static BackendApi, backend: &str) -> Vec<u8> {
        let calls = api.calls.iter().zip(&self.bodies).enumerate();
        let left = calls.filter(|(_, (_, body))| !body.is_empty());
        let packed = left.map(|(index, (call, body))| QueuedCall {
            path: call.path,
            start: self.starts.get(index).copied().unwrap_or_default(),
            ends: (self.ends.iter())
                .filter_map(|ends| ends.get(index).copied())
                .collect(),
            body,
        });
        let calls = packed.collect();
        QueuedBatch {
            backend,
            project: self.project.as_deref(),
            calls,
        }
        .pack()
    }

    /// The batch of a message.
    pub(super) fn unpacked(
        message: &QueuedBatch<'_>,
        api: &'static BackendApi,
        is_repeat: bool,
    ) -> Option<Self> {
        let units = message.calls.first()?.ends.len();
        let mut batch = Self {
            ends: alloc::vec![[0; CALLS]; units],
            is_repeat,
            project: message.project.map(String::from),
            ..Self::new(Timer::new(Time(0), 0), [0; CALLS])
        };
        for QueuedCall {
            path,
            start,
            ends,
            body,
        } in &message.calls
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

    /// The start of a body, before its first item.
    fn opening(&self, index: usize) -> &[u8] {
        let body = self.bodies.get(index).map(Vec::as_slice);
        body.and_then(|body| body.get(..self.start(index)))
            .unwrap_or_default()
    }

    /// The item of a unit in one body, without the separator before it.
    fn item(&self, index: usize, call: &Endpoint, unit: usize) -> &[u8] {
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

    fn copy(&mut self, index: usize, call: &Endpoint, opening: &[u8], item: &[u8]) {
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
