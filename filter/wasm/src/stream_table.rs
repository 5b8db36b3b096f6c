//! The streams of a VM by their numbers. Envoy counts contexts up, so a number's own place is nearly always free, and
//! finding a stream takes one look where a hash map takes twenty.

/// A table with linear probing, at most half full.
pub(crate) struct StreamTable<T> {
    slots: Vec<Option<(u32, T)>>,
    count: usize,
}

/// Must be a power of two.
const FIRST_SLOTS: usize = 64;

impl<T> StreamTable<T> {
    pub(crate) const fn new() -> Self {
        Self {
            slots: Vec::new(),
            count: 0,
        }
    }

    pub(crate) fn find(&mut self, id: u32) -> Option<&mut T> {
        let mut place = self.home(id);
        while self.slots.get(place)?.as_ref()?.0 != id {
            place = self.behind(place);
        }
        let (_, stream) = self.slots.get_mut(place)?.as_mut()?;
        Some(stream)
    }

    pub(crate) fn each(&mut self, mut act: impl FnMut(u32, &mut T)) {
        for (id, stream) in self.slots.iter_mut().flatten() {
            act(*id, stream);
        }
    }

    /// Hosts use a number again only when its stream is gone; if one did not, the newer stream would be meant.
    pub(crate) fn insert(&mut self, id: u32, stream: T) {
        if 2 * (self.count + 1) > self.slots.len() {
            self.grow();
        }
        let slot = self.place(id).and_then(|place| self.slots.get_mut(place));
        if let Some(slot) = slot {
            self.count += usize::from(slot.is_none());
            *slot = Some((id, stream));
        }
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, id: u32) -> bool {
        let found = self.place(id);
        let Some((mut hole, slot)) = found.and_then(|at| Some((at, self.slots.get_mut(at)?)))
        else {
            return false;
        };
        if slot.is_none() {
            return false;
        }
        *slot = None;
        self.count -= 1;
        // Whoever stands behind the hole because of it moves up, or would not be found again.
        let mut next = self.behind(hole);
        while let Some(Some((other, _))) = self.slots.get(next) {
            let home = self.home(*other);
            if self.distance(home, next) >= self.distance(hole, next) {
                self.slots.swap(hole, next);
                hole = next;
            }
            next = self.behind(next);
        }
        true
    }

    /// Where this number stands, or where it would.
    fn place(&self, id: u32) -> Option<usize> {
        let mut place = self.home(id);
        loop {
            match self.slots.get(place)? {
                Some((other, _)) if *other != id => place = self.behind(place),
                _ => return Some(place),
            }
        }
    }

    fn grow(&mut self) {
        let slots = (2 * self.slots.len()).max(FIRST_SLOTS);
        let mut grown = Self {
            slots: (0..slots).map(|_| None).collect(),
            count: 0,
        };
        for (id, stream) in self.slots.drain(..).flatten() {
            grown.insert(id, stream);
        }
        *self = grown;
    }

    const fn home(&self, id: u32) -> usize {
        id as usize & self.mask()
    }

    const fn behind(&self, place: usize) -> usize {
        (place + 1) & self.mask()
    }

    /// How far it is from one place on to another, around the end.
    const fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.mask()
    }

    const fn mask(&self) -> usize {
        self.slots.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Numbers that count up, now and then far ahead; most go soon, some stay.
    #[test]
    fn it_is_a_map_whatever_comes_and_goes() {
        let (mut ours, mut theirs) = (StreamTable::new(), BTreeMap::new());
        let (mut id, mut random) = (1_u32, 7_u64);
        for step in 0..20_000_u32 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let choice = random >> 33;
            id = id.wrapping_add(if choice.is_multiple_of(500) {
                64 * 7
            } else {
                1
            });
            ours.insert(id, step);
            theirs.insert(id, step);
            let most = if step < 10_000 { 300 } else { 20 };
            while theirs.len() > most {
                let gone = *theirs.keys().nth(choice as usize % theirs.len()).unwrap();
                assert_eq!(ours.find(gone), theirs.get_mut(&gone));
                assert!(ours.remove(gone) && theirs.remove(&gone).is_some());
                assert!(!ours.remove(gone));
            }
            let asked = id.wrapping_sub(choice as u32 % 900);
            assert_eq!(ours.find(asked), theirs.get_mut(&asked));
        }
        assert!(
            theirs
                .iter()
                .all(|(id, step)| ours.find(*id).as_deref() == Some(step))
        );
        assert_eq!(ours.count, theirs.len());
    }

    #[test]
    fn nothing_is_in_an_empty_table() {
        let mut none = StreamTable::<u32>::new();
        assert!(none.find(1).is_none() && !none.remove(1));
    }
}
