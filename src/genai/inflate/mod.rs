//! Inflating (RFC 1951) in the wrappings of gzip (RFC 1952) and zlib (RFC 1950), a chunk at a time: what can be told of the
//! bytes so far comes out at once, because a stream is read while it lasts.
//!
//! Checksums are not looked at: a wrong one would be found behind an answer that has passed. A body that unfolds without
//! end is left alone.

mod huffman;
mod wrapping;

use alloc::boxed::Box;

use huffman::{Huffman, Symbol};
pub(crate) use wrapping::Wrapping;

/// How far back a copy may reach.
const WINDOW: usize = 1 << 15;
/// Bytes that come out of one that goes in, at most, where more than a little came out. Events that repeat themselves reach
/// a tenth of it.
const RATIO: u32 = 256;
const LITTLE: u32 = 1 << 18;
/// Bytes that come out at most: a long stream of text.
const LARGEST: u32 = 64 << 20;

/// The order in which the lengths of the lengths' codes stand.
const ORDER: [u8; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];
/// The smallest length and the smallest distance of each symbol, and how many bits are added.
const LENGTHS: [(u16, u8); 29] = ranges(3, 4, 28);
const DISTANCES: [(u16, u8); 30] = ranges(1, 2, 30);
/// A symbol of its own for the longest copy.
const LONGEST: u16 = 258;

/// The starts of ranges that double after every few of them.
#[allow(
    clippy::indexing_slicing,
    reason = "a bad index in a constant does not compile"
)]
const fn ranges<const COUNT: usize>(first: u16, each: usize, last: usize) -> [(u16, u8); COUNT] {
    let mut ranges = [(LONGEST, 0); COUNT];
    let mut start = first;
    let mut index = 0;
    while index < last {
        let bits = if index < 2 * each {
            0
        } else {
            index / each - 1
        };
        ranges[index] = (start, bits as u8);
        start = start.wrapping_add(1 << bits);
        index += 1;
    }
    ranges
}

/// What came of a chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flow {
    /// More may come.
    On,
    /// It is not what its name says.
    Broken,
    /// More than is unfolded.
    Capped,
}

#[derive(Clone, Debug)]
pub(crate) struct Inflater {
    step: Step,
    wrapping: Wrapping,
    /// Bits that came and are not used, the first one lowest, and how many.
    bits: u64,
    count: u32,
    is_last: bool,
    /// Bytes that came in and went out.
    taken: u32,
    told: u32,
    /// Where the next byte goes, and the first one that is not handed on.
    at: usize,
    ready: usize,
    /// The counts of a block's lengths, and the one that was read last.
    literal_lengths: u16,
    distance_lengths: u16,
    lengths: [u8; 320],
    literals: Huffman,
    distances: Huffman,
    window: [u8; WINDOW],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Wrapped(wrapping::Head),
    Block,
    StoredLength,
    Stored(u16),
    Dynamic,
    /// How many lengths there are of the lengths' own codes, and how many came.
    CodeLengths(u16, u16),
    /// How many lengths came.
    Lengths(u16),
    Codes,
    Behind,
    Broken,
}

impl Inflater {
    pub(crate) fn new(wrapping: Wrapping) -> Box<Self> {
        Box::new(Self {
            step: Step::Wrapped(wrapping::Head::FIRST),
            wrapping,
            bits: 0,
            count: 0,
            is_last: false,
            taken: 0,
            told: 0,
            at: 0,
            ready: 0,
            literal_lengths: 0,
            distance_lengths: 0,
            lengths: [0; 320],
            literals: Huffman::new(),
            distances: Huffman::new(),
            window: [0; WINDOW],
        })
    }

    /// Unfolds a chunk, and tells what comes out of it.
    pub(crate) fn feed(&mut self, chunk: &[u8], tell: &mut dyn FnMut(&[u8])) -> Flow {
        let mut rest = chunk;
        self.taken = self.taken.saturating_add(chunk.len() as u32);
        loop {
            while self.count <= 56
                && let Some((byte, behind)) = rest.split_first()
            {
                self.bits |= u64::from(*byte) << self.count;
                self.count += 8;
                rest = behind;
            }
            let went = self.step(tell);
            if self.step == Step::Broken {
                self.hand_on(tell);
                return Flow::Broken;
            }
            if self.told > LITTLE && (self.told > LARGEST || self.told / RATIO > self.taken) {
                return Flow::Capped;
            }
            if went.is_none() && rest.is_empty() {
                self.hand_on(tell);
                return Flow::On;
            }
        }
    }

    /// One step; none if it needs more bits than there are.
    fn step(&mut self, tell: &mut dyn FnMut(&[u8])) -> Option<()> {
        match self.step {
            Step::Wrapped(head) => self.step = self.unwrap(head)?,
            Step::Block => self.begin_block()?,
            Step::StoredLength => {
                let lengths = self.bits(32)?;
                let length = lengths as u16;
                self.step = match (lengths >> 16) as u16 == !length {
                    true => Step::Stored(length),
                    false => Step::Broken,
                };
            }
            Step::Stored(0) => self.end_block(),
            Step::Stored(left) => {
                let byte = self.bits(8)?;
                self.put(byte as u8, tell);
                self.step = Step::Stored(left - 1);
            }
            Step::Dynamic => {
                let counts = self.bits(14)?;
                self.literal_lengths = (counts & 31) as u16 + 257;
                self.distance_lengths = (counts >> 5 & 31) as u16 + 1;
                self.lengths = [0; 320];
                self.step = Step::CodeLengths((counts >> 10) as u16 + 4, 0);
            }
            Step::CodeLengths(count, came) if came == count => {
                let lengths = self.lengths.get(..19).unwrap_or_default();
                let is_code = self.literals.build(lengths);
                self.lengths = [0; 320];
                self.go(Step::Lengths(0), is_code);
            }
            Step::CodeLengths(count, came) => {
                let length = self.bits(3)?;
                let place = ORDER.get(usize::from(came)).copied().unwrap_or_default();
                if let Some(place) = self.lengths.get_mut(usize::from(place)) {
                    *place = length as u8;
                }
                self.step = Step::CodeLengths(count, came + 1);
            }
            Step::Lengths(came) => self.length(came)?,
            Step::Codes => self.codes(tell)?,
            // What follows a stream that is not gzip's counts for nothing.
            Step::Behind => {
                if self.count == 0 {
                    return None;
                }
                self.bits(self.count.min(32))?;
            }
            Step::Broken => return None,
        }
        Some(())
    }

    fn begin_block(&mut self) -> Option<()> {
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

    /// So many bits.
    fn bits(&mut self, count: u32) -> Option<u32> {
        let left = self.count.checked_sub(count)?;
        let bits = self.bits & ((1 << count) - 1);
        self.bits >>= count;
        self.count = left;
        Some(bits as u32)
    }

    fn go(&mut self, step: Step, is_possible: bool) {
        self.step = if is_possible { step } else { Step::Broken };
    }

    fn end_block(&mut self) {
        self.step = match self.is_last {
            true => self.behind(),
            false => Step::Block,
        };
    }

    fn take_fixed(&mut self) {
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
    }

    fn build(&mut self) {
        let (literals, rest) = self
            .lengths
            .split_at_checked(self.literal_lengths.into())
            .unwrap_or_default();
        let distances = rest.get(..self.distance_lengths.into()).unwrap_or_default();
        let is_code = self.literals.build(literals) && self.distances.build(distances);
        self.go(Step::Codes, is_code);
    }

    /// One length of a code, or several that are the same.
    fn length(&mut self, came: u16) -> Option<()> {
        if came >= self.literal_lengths + self.distance_lengths {
            // More than were announced.
            if came == self.literal_lengths + self.distance_lengths {
                self.build();
            } else {
                self.step = Step::Broken;
            }
            return Some(());
        }
        let (symbol, size) = match self.literals.symbol(self.bits, self.count) {
            Symbol::Found(symbol, size) => (symbol, u32::from(size)),
            Symbol::Short => return None,
            Symbol::None => {
                self.step = Step::Broken;
                return Some(());
            }
        };
        let (extra, least) = match symbol {
            16 => (2, 3),
            17 => (3, 3),
            18 => (7, 11),
            _ => (0, 1),
        };
        if self.count < size + extra {
            return None;
        }
        self.bits(size)?;
        let times = self.bits(extra)? as usize + least;
        let start = usize::from(came);
        let before = start.checked_sub(1).and_then(|last| self.lengths.get(last));
        let length = match (symbol, before) {
            (0..=15, _) => symbol as u8,
            (16, Some(length)) => *length,
            (16, None) => {
                self.step = Step::Broken;
                return Some(());
            }
            _ => 0,
        };
        for place in self.lengths.iter_mut().skip(start).take(times) {
            *place = length;
        }
        self.step = Step::Lengths(came + times as u16);
        Some(())
    }

    /// One byte, or one copy.
    fn codes(&mut self, tell: &mut dyn FnMut(&[u8])) -> Option<()> {
        // Nothing is taken away before all of it is there.
        let (mut bits, mut count) = (self.bits, self.count);
        let mut take = |size: u8| {
            count = count.checked_sub(size.into())?;
            let taken = bits & ((1 << size) - 1);
            bits >>= size;
            Some(taken as u16)
        };
        let symbol = match self.literals.symbol(self.bits, self.count) {
            Symbol::Found(symbol, size) => {
                take(size)?;
                symbol
            }
            Symbol::Short => return None,
            Symbol::None => return self.fail(),
        };
        if let Ok(byte) = u8::try_from(symbol) {
            (self.bits, self.count) = (bits, count);
            self.put(byte, tell);
            return Some(());
        }
        if symbol == 256 {
            (self.bits, self.count) = (bits, count);
            self.end_block();
            return Some(());
        }
        let Some((least, extra)) = LENGTHS.get(usize::from(symbol) - 257) else {
            return self.fail();
        };
        let length = least + take(*extra)?;
        let (symbol, size) = match self.distances.symbol(bits, count) {
            Symbol::Found(symbol, size) => (symbol, size),
            Symbol::Short => return None,
            Symbol::None => return self.fail(),
        };
        let mut take = |size: u8| {
            count = count.checked_sub(size.into())?;
            let taken = bits & ((1 << size) - 1);
            bits >>= size;
            Some(taken as u16)
        };
        take(size)?;
        let Some((least, extra)) = DISTANCES.get(usize::from(symbol)) else {
            return self.fail();
        };
        let distance = usize::from(*least) + usize::from(take(*extra)?);
        (self.bits, self.count) = (bits, count);
        if distance > self.told as usize {
            return self.fail();
        }
        for _ in 0..length {
            let from = self.at.wrapping_sub(distance) % WINDOW;
            let byte = self.window.get(from).copied().unwrap_or_default();
            self.put(byte, tell);
        }
        Some(())
    }

    const fn fail(&mut self) -> Option<()> {
        self.step = Step::Broken;
        Some(())
    }

    fn put(&mut self, byte: u8, tell: &mut dyn FnMut(&[u8])) {
        if let Some(place) = self.window.get_mut(self.at) {
            *place = byte;
        }
        self.at += 1;
        self.told = self.told.saturating_add(1);
        if self.at == WINDOW {
            self.hand_on(tell);
            (self.at, self.ready) = (0, 0);
        }
    }

    fn hand_on(&mut self, tell: &mut dyn FnMut(&[u8])) {
        if let Some(out) = self.window.get(self.ready..self.at)
            && !out.is_empty()
        {
            tell(out);
        }
        self.ready = self.at;
    }
}
