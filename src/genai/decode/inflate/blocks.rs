//! Blocks: their heads, the codes that they bring along, and what these stand for.

use super::huffman::Symbol;
use super::{Inflater, Step, WINDOW};

/// A symbol of its own for the longest copy.
const LONGEST: u16 = 258;

/// The smallest number of a range and how many bits are added to it: ranges double after every few of them.
const fn range(symbol: u16, few: u32) -> (u16, u8) {
    let bits = (symbol >> few).saturating_sub(1);
    if bits == 0 {
        return (symbol, 0);
    }
    let part = symbol & ((1 << few) - 1) | 1 << few;
    (part << bits, bits as u8)
}

impl Inflater {
    pub(super) fn begin_block(&mut self) -> Option<()> {
        let head = self.bits(3)?;
        self.is_last = head & 1 == 1;
        match head >> 1 {
            0 => {
                self.bits(self.count % 8)?;
                self.step = Step::StoredLength;
            }
            1 => self.take_fixed(),
            2 => self.step = Step::Dynamic,
            _ => self.step = Step::Broken,
        }
        Some(())
    }

    pub(super) fn end_block(&mut self) {
        self.step = match self.is_last {
            true => self.behind(),
            false => Step::Block,
        };
    }

    pub(super) fn take_fixed(&mut self) {
        if self.is_fixed {
            self.step = Step::Codes;
            return;
        }
        for (index, length) in self.lengths.iter_mut().enumerate() {
            *length = match index {
                0..=143 => 8,
                144..=255 => 9,
                256..=279 => 7,
                280..=287 => 8,
                _ => 5,
            };
        }
        self.literal_lengths = 288;
        self.distance_lengths = 30;
        self.build();
        self.is_fixed = true;
    }

    pub(super) fn build(&mut self) {
        self.built = self.built.saturating_add(1);
        let (literals, rest) = self
            .lengths
            .split_at_checked(self.literal_lengths.into())
            .unwrap_or_default();
        let distances = rest.get(..self.distance_lengths.into()).unwrap_or_default();
        let is_code = self.literals.build(literals) && self.distances.build(distances);
        self.go(Step::Codes, is_code);
    }

    /// The next symbol, if its bits are all there.
    #[inline(never)]
    pub(super) fn symbol(&mut self, is_distance: bool) -> Option<u16> {
        let code = match is_distance {
            true => &self.distances,
            false => &self.literals,
        };
        match code.symbol(self.bits, self.count) {
            Symbol::Found(symbol, size) => self.bits(size.into()).map(|_| symbol),
            Symbol::Short => None,
            Symbol::None => {
                self.step = Step::Broken;
                None
            }
        }
    }

    pub(super) fn length(&mut self, came: u16) -> Option<()> {
        let all = self.literal_lengths + self.distance_lengths;
        if came == all {
            self.build();
        } else {
            // More than were announced is no code.
            let symbol = self.symbol(false)?;
            self.go(Step::Repeat(came, symbol), came < all);
        }
        Some(())
    }

    /// One length of a code, or several that are the same.
    pub(super) fn repeat(&mut self, came: u16, symbol: u16) -> Option<()> {
        let (extra, least) = match symbol {
            16 => (2, 3),
            17 => (3, 3),
            18 => (7, 11),
            _ => (0, 1),
        };
        let times = self.bits(extra)? as u16 + least;
        let start = usize::from(came);
        let length = match symbol {
            0..=15 => Some(symbol as u8),
            16 => start
                .checked_sub(1)
                .and_then(|last| self.lengths.get(last))
                .copied(),
            _ => Some(0),
        };
        let places = self.lengths.iter_mut().skip(start).take(times.into());
        places.for_each(|place| *place = length.unwrap_or_default());
        self.go(Step::Lengths(came + times), length.is_some());
        Some(())
    }

    /// One byte, or the start of a copy, or the end of the block.
    pub(super) fn code(&mut self, tell: &mut dyn FnMut(&[u8])) -> Option<()> {
        match self.symbol(false)? {
            byte @ 0..=255 => self.put(byte as u8, tell),
            256 => self.end_block(),
            symbol => self.go(Step::Length(symbol - 257), symbol <= 285),
        }
        Some(())
    }

    /// How much is copied.
    pub(super) fn copied(&mut self, symbol: u16) -> Option<()> {
        let (least, extra) = match symbol {
            28 => (LONGEST - 3, 0),
            _ => range(symbol, 2),
        };
        let length = least + 3 + self.bits(extra.into())? as u16;
        self.step = Step::Distance(length);
        Some(())
    }

    pub(super) fn copy(
        &mut self,
        length: u16,
        symbol: u16,
        tell: &mut dyn FnMut(&[u8]),
    ) -> Option<()> {
        let (least, extra) = range(symbol, 1);
        let distance = u32::from(least) + 1 + self.bits(extra.into())?;
        if symbol >= 30 || distance > self.told {
            self.step = Step::Broken;
            return Some(());
        }
        self.step = Step::Codes;
        for _ in 0..length {
            let from = self.at.wrapping_sub(distance as usize) % WINDOW;
            let byte = self.window.get(from).copied().unwrap_or_default();
            self.put(byte, tell);
        }
        Some(())
    }
}
