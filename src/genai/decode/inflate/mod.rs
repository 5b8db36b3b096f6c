//! Inflating (RFC 1951) in the wrappings of gzip (RFC 1952) and zlib (RFC 1950), a chunk at a time: what can be told of the
//! bytes so far comes out at once, because a stream is read while it lasts.
//!
//! Checksums are not looked at: a wrong one would be found behind an answer that has passed. A body that unfolds without
//! end is left alone.

mod blocks;
mod huffman;
mod wrapping;

use alloc::boxed::Box;

use huffman::Huffman;
pub(crate) use wrapping::Wrapping;

/// How far back a copy may reach.
const WINDOW: usize = 1 << 15;
/// Bytes that come out of one that goes in, at most, where more than a little came out. Events that repeat themselves reach
/// a tenth of it.
const RATIO: u32 = 256;
const LITTLE: u32 = 1 << 18;
/// Bytes that come out at most: a long stream of text.
const LARGEST: u32 = 64 << 20;
/// Bytes that go in for each code that is built, at least, where more than a few were. A block that brings one along and
/// says nothing with it is a third as long, and building it is as much work as a thousand bytes of text.
const FOR_A_CODE: u32 = 32;
const FEW_CODES: u32 = 1 << 10;

/// The order in which the lengths of the lengths' codes stand.
const ORDER: [u8; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];
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
    /// How many codes were built, and whether the last one is that of blocks without one of their own.
    built: u32,
    is_fixed: bool,
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

#[derive(Clone, Copy, Debug)]
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
    /// The same, and how the one that was read is repeated.
    Repeat(u16, u16),
    Codes,
    /// A copy: the symbol of its length, the length, the symbol of its distance.
    Length(u16),
    Distance(u16),
    Copy(u16, u16),
    Behind,
    Broken,
}

impl Inflater {
    #[inline(never)]
    pub(crate) fn new(wrapping: Wrapping) -> Box<Self> {
        Box::new(Self {
            step: Step::Wrapped(wrapping::Head::FIRST),
            wrapping,
            bits: 0,
            count: 0,
            is_last: false,
            taken: 0,
            told: 0,
            built: 0,
            is_fixed: false,
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

    /// Unfolds a chunk, and tells what comes out of it. If that is more than there is room for, the rest stays folded.
    pub(crate) fn feed(&mut self, chunk: &[u8], room: u32, tell: &mut dyn FnMut(&[u8])) -> Flow {
        let mut rest = chunk;
        let most = self.told.saturating_add(room).min(LARGEST);
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
            let is_broken = matches!(self.step, Step::Broken);
            let is_capped = self.told > most
                || self.told > LITTLE && self.told / RATIO > self.taken
                || self.built > FEW_CODES && self.built > self.taken / FOR_A_CODE;
            let flow = match is_broken {
                _ if is_capped => Flow::Capped,
                true => Flow::Broken,
                false if went.is_none() && rest.is_empty() => Flow::On,
                false => continue,
            };
            self.hand_on(tell);
            return flow;
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
                self.is_fixed = false;
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
            Step::Repeat(came, symbol) => self.repeat(came, symbol)?,
            Step::Codes => self.code(tell)?,
            Step::Length(symbol) => self.copied(symbol)?,
            Step::Distance(length) => self.step = Step::Copy(length, self.symbol(true)?),
            Step::Copy(length, symbol) => self.copy(length, symbol, tell)?,
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

    /// So many bits.
    #[inline(never)]
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

    #[inline(never)]
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

    #[inline(never)]
    fn hand_on(&mut self, tell: &mut dyn FnMut(&[u8])) {
        if let Some(out) = self.window.get(self.ready..self.at)
            && !out.is_empty()
        {
            tell(out);
        }
        self.ready = self.at;
    }
}
