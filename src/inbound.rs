//! What came in: each family read by its format, and per system the ids that are believed.

use core::fmt;

use crate::fault::Fault;
use crate::format::tracestate::TraceState;
use crate::format::{Carried, Extracted, FORMATS, Format, FormatSet, Seen, System, in_message};
use crate::ids::{Ids, OpikIds, OtelIds, Sampling};
use crate::request::Continuation;

/// What a request brought along.
#[derive(Debug)]
pub(crate) struct Inbound<'a> {
    /// What each format of the table found.
    found: [Extracted<'a>; FORMATS.len()],
    /// The formats that say something usable.
    said: FormatSet,
    /// The formats that were refused.
    refused: FormatSet,
    /// The formats of `extract` that brought usable ids, those outdone by another of their family among them.
    pub(crate) valid: FormatSet,
    /// The Opik ids that are believed.
    pub(crate) opik: Option<OpikIds>,
    /// The OpenTelemetry ids that are believed.
    pub(crate) otel: Option<OtelIds>,
    /// Whether someone vouches for the randomness of the believed trace id.
    pub(crate) random: bool,
    /// The `tracestate` that came with the believed ids.
    pub(crate) state: Option<TraceState<'a>>,
    /// The caller's sampling decision.
    pub(crate) sampling: Sampling,
    /// Two headers that disagree.
    pub(crate) conflict: Option<Conflict>,
}

/// Two headers of one system that carry different ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conflict {
    /// The format whose ids were taken.
    pub won: &'static Format,
    /// The format whose ids were not; the same one when its header came twice.
    pub lost: &'static Format,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { won, lost } = self;
        if won == lost {
            write!(f, "{} came twice with different values", won.name)
        } else {
            write!(f, "{} and {} carry different ids", won.name, lost.name)
        }
    }
}

impl<'a> Inbound<'a> {
    /// Fills in what every known format says, where it stands: it is large. Believes those of `order`, the first of a system most (law 5).
    pub(crate) fn read(&mut self, seen: &Seen<'a>, order: &[&'static Format]) {
        for format in seen.formats().iter() {
            let Some(found) = self.found.get_mut(format.index()) else {
                continue;
            };
            *found = format.extract(seen);
            match found {
                Ok(Some(_)) => self.said = self.said.with(format),
                Ok(None) => {}
                Err(_) => self.refused = self.refused.with(format),
            }
        }
        self.spread_family_faults();
        let mut winners: [Option<&'static Format>; 2] = [None, None];
        for format in order.iter().copied() {
            let Some(Carried { ids, differs, .. }) = self.carried(format) else {
                continue;
            };
            let (ids, differs) = (*ids, *differs);
            if ids != Ids::None {
                self.valid = self.valid.with(format);
            }
            if self.is_outdone(format, order) {
                continue;
            }
            if differs {
                self.conflict.get_or_insert(Conflict {
                    won: format,
                    lost: format,
                });
            }
            let winner = match format.system {
                System::Opik => &mut winners[0],
                System::Otel => &mut winners[1],
            };
            if ids != Ids::None {
                let won = *winner.get_or_insert(format);
                if !self.believe(ids) {
                    self.conflict.get_or_insert(Conflict { won, lost: format });
                }
            }
        }
        self.sampling = self.decision(winners[1], order);
        self.take_companions();
    }

    /// Takes the parent that a message names, if it is one, for the caller's; the headers tell of the way there. Theirs is
    /// returned where it is another.
    #[inline(never)]
    pub(crate) fn take_parent(
        &mut self,
        parent: &[u8],
        seen: &Seen<'_>,
        order: &[&'static Format],
    ) -> Option<OtelIds> {
        let (format, carried) = in_message(parent, seen)?;
        let Ids::Otel(ids) = carried.ids else {
            return None;
        };
        self.valid = self.valid.with(format);
        if !self.is_denied_by_stranger(order) {
            self.sampling = carried.sampling;
        }
        let of_headers = self.otel.replace(ids);
        if of_headers == Some(ids) {
            self.random |= carried.random;
            return None;
        }
        // What came along with the headers' ids is not for others.
        (self.random, self.state) = (carried.random, None);
        of_headers
    }

    /// Takes the trace of an earlier pass of this request for what came: what its headers say is our own work, or was left
    /// over by it (law 17).
    #[inline(never)]
    pub(crate) fn resume(&mut self, earlier: &'a Continuation) {
        (self.opik, self.otel) = (earlier.opik, earlier.otel);
        (self.random, self.sampling) = (earlier.judgement.random, earlier.judgement.sampling);
        self.state = TraceState::kept(&earlier.state);
        (self.conflict, self.refused) = (None, FormatSet::EMPTY);
    }

    /// Nothing came, or is as if it had not (law 15). Not a constant: that would be copied whole, and here no more than marks are written.
    #[inline]
    pub(crate) fn nothing() -> Self {
        Self {
            found: core::array::from_fn(|_| Ok(None)),
            said: FormatSet::EMPTY,
            refused: FormatSet::EMPTY,
            valid: FormatSet::EMPTY,
            opik: None,
            otel: None,
            random: false,
            state: None,
            sampling: Sampling::Defer,
            conflict: None,
        }
    }

    /// What a format found, if it is usable.
    pub(crate) fn carried(&self, format: &Format) -> Option<&Carried<'a>> {
        self.found.get(format.index())?.as_ref().ok()?.as_ref()
    }

    /// The refused headers.
    pub(crate) fn faults(&self) -> impl Iterator<Item = (&'static Format, Fault)> {
        self.refused
            .iter()
            .filter_map(|format| Some((format, self.fault(format)?)))
    }

    /// Whether any ids are believed.
    pub(crate) const fn has_ids(&self) -> bool {
        self.opik.is_some() || self.otel.is_some()
    }

    /// Whether any header of a known format came, good or bad.
    pub(crate) fn is_something(&self) -> bool {
        !self.said.or(self.refused).is_empty()
    }

    fn fault(&self, format: &Format) -> Option<Fault> {
        self.found.get(format.index())?.as_ref().err().copied()
    }

    fn all(&self) -> impl Iterator<Item = &Carried<'a>> {
        self.said.iter().filter_map(|format| self.carried(format))
    }

    /// A malformed header spoils its whole family: what another spelling says may be what it meant, or a forgery.
    fn spread_family_faults(&mut self) {
        if self.refused.is_empty() {
            return;
        }
        for format in self.said.iter() {
            let senior = self.refused.and(format.seniors).iter().next();
            if let (Some(fault), Some(found)) = (
                senior.and_then(|senior| self.fault(senior)),
                self.found.get_mut(format.index()),
            ) {
                *found = Err(fault);
                self.said = self.said.without(format);
                self.refused = self.refused.with(format);
            }
        }
    }

    /// Whether a header of the same family came that is looked at instead: of one family the first in the table wins.
    fn is_outdone(&self, format: &Format, order: &[&'static Format]) -> bool {
        let seniors = self.said.and(format.seniors);
        !seniors.is_empty() && order.iter().any(|other| seniors.contains(other))
    }

    /// Takes ids for the system's own unless there are some; says whether they agree with those.
    fn believe(&mut self, ids: Ids) -> bool {
        match ids {
            Ids::None => true,
            Ids::Opik(ids) => *self.opik.get_or_insert(ids) == ids,
            Ids::Otel(ids) => *self.otel.get_or_insert(ids) == ids,
        }
    }

    /// The parent's decision. A deny of a format that is not believed counts first (law 13). Then that of the format
    /// whose ids won speaks; where it leaves the decision open, another one with the same ids; then a state that came
    /// without ids; then any deny. An Opik pair counts as sampled when nobody says otherwise.
    fn decision(&self, winner: Option<&'static Format>, order: &[&'static Format]) -> Sampling {
        let believed = || {
            order
                .iter()
                .filter_map(|format| Some((*format, self.carried(format)?)))
        };
        let decided =
            |carried: &Carried<'a>| Some(carried.sampling).filter(|s| s.decided().is_some());
        if self.is_denied_by_stranger(order) {
            return Sampling::Deny;
        }
        let won = winner.and_then(|format| self.carried(format));
        let of_winner = won.and_then(decided);
        let of_same_ids = || {
            let same = |carried: &&Carried<'a>| won.is_some_and(|won| won.ids == carried.ids);
            believed()
                .map(|(_, carried)| carried)
                .filter(same)
                .find_map(decided)
        };
        let alone = || {
            let alone = believed().filter(|(format, carried)| {
                carried.ids == Ids::None && !self.is_outdone(format, order)
            });
            alone.map(|(_, carried)| carried).find_map(decided)
        };
        let of_opik = || self.opik.map(|_| Sampling::Accept);
        of_winner
            .or_else(of_same_ids)
            .or_else(alone)
            .or_else(of_opik)
            .unwrap_or(Sampling::Defer)
    }

    /// Whether a format that is not believed denies.
    #[inline(always)]
    fn is_denied_by_stranger(&self, order: &[&'static Format]) -> bool {
        let denies = |format: &'static Format| {
            let carried = self.carried(format);
            carried.is_some_and(|carried| carried.sampling == Sampling::Deny)
        };
        self.said
            .iter()
            .any(|format| denies(format) && !order.contains(&format))
    }

    /// Takes what came along with the believed OpenTelemetry ids, whichever format's ids were believed first.
    fn take_companions(&mut self) {
        let Some(ids) = self.otel else { return };
        let (mut random, mut state) = (false, None);
        for carried in self.all().filter(|carried| carried.ids == Ids::Otel(ids)) {
            random |= carried.random;
            state = state.or_else(|| carried.state.clone());
        }
        (self.random, self.state) = (random, state);
    }
}
