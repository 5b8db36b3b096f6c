//! What every configuration has told the gauges, kept outside of the VMs. Gauges are shared by all of them and can only be
//! moved: what a VM that trapped had queued would stand in them for ever. Whoever still ticks takes it out in its place.
//!
//! ```text
//! next number: u64, { number of a configuration in a VM: u64, how often it has ticked: u32, size: u32, { size: u32, name of a gauge, its part: u64 } }
//! ```
//!
//! A configuration takes the next number with its first entry. The ledger gives out the numbers, because random bytes may
//! fail or repeat: two configurations with one number would remove each other's entries.
//!
//! A configuration with nothing queued has no entry. There is no clock in it: one is gone whose entry has not moved for so
//! many ticks of another one. Where that was a mistake, because a worker stood still, it puts its part back itself.

use core::iter::from_fn;

use crate::host::{self, Failed, Level};

/// One configuration's hand in the ledger.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Its number; none before its first entry.
    id: Option<u64>,
    ticks: u32,
    /// For how many milliseconds the entries of others were not looked at.
    passed: u32,
    /// What stands in it of ours.
    written: Vec<u8>,
    others: Vec<Other>,
}

/// An entry as it was when it last moved.
struct Other {
    id: u64,
    ticks: u32,
    /// For how many milliseconds it has stood still.
    silent: u32,
}

struct Entry<'t> {
    id: u64,
    ticks: u32,
    parts: &'t [u8],
}

/// What comes of a look at the ledger.
struct Round {
    text: Vec<u8>,
    /// Our number, if we have one once this is written.
    id: Option<u64>,
    /// The parts of those who are gone.
    gone: Vec<Vec<u8>>,
    /// Our own entry is not there: somebody took us for gone.
    is_robbed: bool,
}

impl Ledger {
    /// So much time has passed.
    pub(crate) const fn tick(&mut self, millis: u32) {
        self.ticks = self.ticks.wrapping_add(1);
        self.passed = self.passed.saturating_add(millis);
    }

    /// Writes down what the gauges were told, and looks after the others. What is not written now will be at the next tick.
    pub(crate) fn keep(&mut self, parts: &[u8]) {
        if self.passed == 0 && parts == self.written {
            return;
        }
        for _ in 0..MOST_TRIES {
            let (text, version) = match host::shared(KEY) {
                Ok(Some(shared)) => shared,
                Ok(None) => {
                    // The first VM that ticks begins it. Another one may be faster: then its ledger stays.
                    *self = Self::default();
                    let _ = host::share(KEY, &FIRST.to_le_bytes(), NO_VERSION);
                    return;
                }
                // To begin it anew would be to take everybody for gone.
                Err(_) => return,
            };
            let round = self.round(&text, parts);
            if round.text == text && !round.is_robbed {
                return;
            }
            match host::share(KEY, &round.text, version) {
                Ok(()) => return self.done(&round, parts),
                Err(CHANGED_SINCE) => {}
                Err(_) => return,
            }
        }
    }

    /// What the ledger has to be now, and what follows for the gauges once it is.
    fn round(&mut self, text: &[u8], parts: &[u8]) -> Round {
        let passed = core::mem::take(&mut self.passed);
        let (next, text) = numbered(text);
        let takes_number = self.id.is_none() && !parts.is_empty();
        let id = if takes_number { Some(next) } else { self.id };
        self.others
            .retain(|other| entries(text).any(|entry| entry.id == other.id));
        let mut round = Round {
            text: Vec::with_capacity(NUMBER + text.len() + HEAD + parts.len()),
            id,
            gone: Vec::new(),
            is_robbed: !self.written.is_empty(),
        };
        let next = next.wrapping_add(takes_number.into());
        round.text.extend_from_slice(&next.to_le_bytes());
        for entry in entries(text) {
            if Some(entry.id) == self.id {
                round.is_robbed = false;
            } else if self.is_gone(&entry, passed) {
                round.gone.push(entry.parts.to_vec());
            } else {
                entry.write(&mut round.text);
            }
        }
        if let (Some(id), false) = (id, parts.is_empty()) {
            let ticks = self.ticks;
            Entry { id, ticks, parts }.write(&mut round.text);
        }
        round
    }

    fn is_gone(&mut self, entry: &Entry<'_>, passed: u32) -> bool {
        let Entry { id, ticks, .. } = *entry;
        let Some(other) = self.others.iter_mut().find(|other| other.id == id) else {
            let silent = 0;
            self.others.push(Other { id, ticks, silent });
            return false;
        };
        let stands = other.ticks == ticks;
        other.silent = if stands {
            other.silent.saturating_add(passed)
        } else {
            0
        };
        other.ticks = ticks;
        other.silent > SILENCE_MS
    }

    fn done(&mut self, round: &Round, parts: &[u8]) {
        if round.is_robbed {
            gauges(&self.written).for_each(|(name, part)| move_gauge(name, part.cast_signed()));
        }
        self.id = round.id;
        self.written.clear();
        self.written.extend_from_slice(parts);
        for parts in &round.gone {
            let mut line = "gatespan: a VM is gone, and with it".to_owned();
            for (name, part) in gauges(parts) {
                line += &format!(" {name} {part}");
                move_gauge(name, part.wrapping_neg().cast_signed());
            }
            host::log(Level::Error, &line);
        }
    }
}

/// Puts a gauge behind the others of an entry.
pub(crate) fn put(parts: &mut Vec<u8>, name: &str, part: u64) {
    parts.extend_from_slice(&(name.len() as u32).to_le_bytes());
    parts.extend_from_slice(name.as_bytes());
    parts.extend_from_slice(&part.to_le_bytes());
}

impl Entry<'_> {
    fn write(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(&self.id.to_le_bytes());
        text.extend_from_slice(&self.ticks.to_le_bytes());
        text.extend_from_slice(&(self.parts.len() as u32).to_le_bytes());
        text.extend_from_slice(self.parts);
    }
}

/// The next number, and the entries. A ledger that is too short for a number is empty.
fn numbered(text: &[u8]) -> (u64, &[u8]) {
    text.split_first_chunk()
        .map_or((FIRST, &[]), |(next, entries)| {
            (u64::from_le_bytes(*next), entries)
        })
}

/// What cannot be read ends it, and nobody keeps that alive.
fn entries(mut text: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    from_fn(move || {
        let (id, rest) = text.split_first_chunk()?;
        let (ticks, rest) = rest.split_first_chunk()?;
        let parts;
        (parts, text) = sized(rest)?;
        let (id, ticks) = (u64::from_le_bytes(*id), u32::from_le_bytes(*ticks));
        Some(Entry { id, ticks, parts })
    })
}

fn gauges(mut parts: &[u8]) -> impl Iterator<Item = (&str, u64)> {
    from_fn(move || {
        let (name, rest) = sized(parts)?;
        let part;
        (part, parts) = rest.split_first_chunk()?;
        Some((core::str::from_utf8(name).ok()?, u64::from_le_bytes(*part)))
    })
}

fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*size) as usize)
}

/// By its name: it may be one that this configuration does not have.
fn move_gauge(name: &str, offset: i64) {
    if let Some(id) = host::define_metric(name, true) {
        let _ = host::add_to_metric(id, offset);
    }
}

/// What is shared under it has this form; another form needs another name.
const KEY: &str = "gatespan.gauges.2";
/// The first number.
const FIRST: u64 = 1;
/// What the next number needs.
const NUMBER: usize = size_of::<u64>();
/// The host counts versions up from 1 and never gets here: it takes a value with this version only where there is none yet.
const NO_VERSION: u32 = u32::MAX;
/// What an entry needs besides its parts.
const HEAD: usize = 16;
/// The host's status for a value that somebody else has changed in between.
const CHANGED_SINCE: Failed = Failed(8);
/// As often in a row others may come first.
const MOST_TRIES: usize = 8;
/// Longer than any worker stands still that will go on.
const SILENCE_MS: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// One hand and the queue that it tells of.
    struct Vm(Ledger, u64);

    impl Vm {
        fn new(queued: u64) -> Self {
            Self(Ledger::default(), queued)
        }

        /// A tick, as `keep` does it. What was taken out of the gauges, and whether its own part was put back.
        fn tick(&mut self, millis: u32, shared: &mut Vec<u8>) -> (Vec<u64>, bool) {
            let mut parts = Vec::new();
            if self.1 > 0 {
                put(&mut parts, "gatespan.queue.spans", self.1);
            }
            self.0.tick(millis);
            let round = self.0.round(shared, &parts);
            self.0.done(&round, &parts);
            let gone = round
                .gone
                .iter()
                .flat_map(|parts| gauges(parts))
                .map(|(_, part)| part);
            let seen = (gone.collect(), round.is_robbed);
            *shared = round.text;
            seen
        }
    }

    /// A ledger as it begins.
    fn begun() -> Vec<u8> {
        FIRST.to_le_bytes().to_vec()
    }

    fn ids(shared: &[u8]) -> Vec<u64> {
        entries(numbered(shared).1).map(|entry| entry.id).collect()
    }

    #[test]
    fn every_configuration_gets_a_number_that_no_other_one_has_had() {
        let mut shared = begun();
        let (mut first, mut idle, mut second) = (Vm::new(1), Vm::new(0), Vm::new(1));
        for vm in [&mut first, &mut idle, &mut second] {
            vm.tick(1_000, &mut shared);
        }
        assert_eq!(
            (first.0.id, idle.0.id, second.0.id),
            (Some(1), None, Some(2))
        );
        // An entry without spans is removed; its number is not given again.
        second.1 = 0;
        second.tick(1_000, &mut shared);
        let mut third = Vm::new(1);
        third.tick(1_000, &mut shared);
        assert_eq!((third.0.id, ids(&shared)), (Some(3), Vec::from([1, 3])));
    }

    #[test]
    fn a_number_is_taken_only_once_the_entry_is_written() {
        let mut ledger = Ledger::default();
        let mut parts = Vec::new();
        put(&mut parts, "gatespan.queue.spans", 1);
        // The host refuses the first one, as another VM has written in between.
        drop(ledger.round(&begun(), &parts));
        let round = ledger.round(&7_u64.to_le_bytes(), &parts);
        ledger.done(&round, &parts);
        assert_eq!((ledger.id, ids(&round.text)), (Some(7), Vec::from([7])));
    }

    #[test]
    fn who_ticks_keeps_its_entry_and_who_does_not_loses_it_once() {
        let mut shared = begun();
        // The second one has nothing queued, and looks after the others all the same.
        let mut vms = [Vm::new(7), Vm::new(0), Vm::new(5)];
        let mut taken = Vec::new();
        for second in 0..40 {
            for (place, vm) in vms.iter_mut().enumerate() {
                // The third one traps.
                if place == 2 && second > 3 {
                    continue;
                }
                let (gone, is_robbed) = vm.tick(1_000, &mut shared);
                assert!(!is_robbed);
                taken.extend(gone.into_iter().map(|part| (part, second)));
            }
        }
        assert_eq!(taken, [(5, 15)]);
        assert_eq!(ids(&shared), [1]);
    }

    #[test]
    fn nobody_is_gone_by_the_ticks_of_one_who_ticks_often() {
        let (mut shared, mut slow, mut fast) = (begun(), Vm::new(3), Vm::new(4));
        for step in 0..10_000 {
            if step % 100 == 0 {
                slow.tick(1_000, &mut shared);
            }
            assert_eq!(fast.tick(10, &mut shared), (Vec::new(), false));
        }
    }

    #[test]
    fn one_that_only_stood_still_puts_its_part_back() {
        let (mut shared, mut still, mut other) = (begun(), Vm::new(3), Vm::new(0));
        still.tick(1_000, &mut shared);
        let gone: Vec<u64> = (0..20)
            .flat_map(|_| other.tick(1_000, &mut shared).0)
            .collect();
        assert_eq!((gone, ids(&shared)), (Vec::from([3]), Vec::new()));
        assert_eq!(still.tick(1_000, &mut shared), (Vec::new(), true));
        assert_eq!(still.tick(1_000, &mut shared), (Vec::new(), false));
        assert_eq!(ids(&shared), [1]);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let (mut parts, mut text) = (Vec::new(), Vec::new());
        put(&mut parts, "a", 3);
        let (id, ticks) = (7, 1);
        Entry {
            id,
            ticks,
            parts: &parts,
        }
        .write(&mut text);
        let whole = text.len();
        Entry {
            id,
            ticks,
            parts: &parts,
        }
        .write(&mut text);
        for cut in 0..text.len() {
            let beginning = &text[..cut];
            assert_eq!(entries(beginning).count(), cut / whole, "{cut}");
        }
        assert_eq!(gauges(&parts).collect::<Vec<_>>(), [("a", 3)]);
        assert_eq!(gauges(b"\x01\0\0\0\xff\0\0\0\0\0\0\0\0").count(), 0);
    }
}
