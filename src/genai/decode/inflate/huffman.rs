//! Codes of different lengths: short ones are looked up, long ones counted out.

/// Codes of so many bits are looked up.
const SHORT: u32 = 9;
const LONGEST: usize = 15;

#[derive(Clone, Debug)]
pub(super) struct Huffman {
    /// What the next bits stand for: the symbol above its length; 0 where the code is longer, or none.
    table: [u16; 1 << SHORT],
    /// How many codes there are of each length.
    counts: [u16; LONGEST + 1],
    /// The symbols in the order of their codes.
    symbols: [u16; 288],
}

pub(super) enum Symbol {
    /// This one, of so many bits.
    Found(u16, u8),
    /// Too few bits to tell.
    Short,
    /// No code.
    None,
}

impl Huffman {
    pub(super) const fn new() -> Self {
        Self {
            table: [0; 1 << SHORT],
            counts: [0; LONGEST + 1],
            symbols: [0; 288],
        }
    }

    /// Takes the lengths of the symbols' codes; whether there can be such codes.
    pub(super) fn build(&mut self, lengths: &[u8]) -> bool {
        self.table = [0; 1 << SHORT];
        self.counts = [0; LONGEST + 1];
        for length in lengths.iter().filter(|length| **length > 0) {
            if let Some(count) = self.counts.get_mut(usize::from(*length)) {
                *count += 1;
            }
        }
        // The next code and the next place of each length.
        let mut next = [(0u16, 0u16); LONGEST + 2];
        let mut room = 1i32;
        let (mut code, mut place) = (0u16, 0u16);
        for (count, next) in self.counts.iter().zip(&mut next).skip(1) {
            room = (room << 1) - i32::from(*count);
            if room < 0 {
                return false;
            }
            code <<= 1;
            *next = (code, place);
            code += count;
            place += count;
        }
        for (symbol, length) in (0..).zip(lengths) {
            if *length == 0 {
                continue;
            }
            if let Some((code, place)) = next.get_mut(usize::from(*length)) {
                if let Some(place) = self.symbols.get_mut(usize::from(*place)) {
                    *place = symbol;
                }
                let bits = code.reverse_bits() >> (16 - *length);
                (*code, *place) = (*code + 1, *place + 1);
                if u32::from(*length) <= SHORT {
                    let entry = symbol << 4 | u16::from(*length);
                    let all = self.table.iter_mut().skip(bits.into());
                    all.step_by(1 << length).for_each(|place| *place = entry);
                }
            }
        }
        true
    }

    /// The symbol that these bits begin with.
    #[inline]
    pub(super) fn symbol(&self, bits: u64, count: u32) -> Symbol {
        let index = bits as usize % (1 << SHORT);
        match self.table.get(index) {
            Some(&entry) if entry != 0 => {
                let (symbol, size) = (entry >> 4, entry & 15);
                match u32::from(size) <= count {
                    true => Symbol::Found(symbol, size as u8),
                    false => Symbol::Short,
                }
            }
            _ => self.long(bits, count),
        }
    }

    /// Codes of one length are numbers in a row, and the first one follows from those before.
    #[inline(never)]
    fn long(&self, mut bits: u64, count: u32) -> Symbol {
        let (mut code, mut first, mut index) = (0u16, 0u16, 0u16);
        for (size, of_size) in (0u8..).zip(&self.counts).skip(1) {
            if u32::from(size) > count {
                return Symbol::Short;
            }
            code |= bits as u16 & 1;
            bits >>= 1;
            if let Some(over) = code.checked_sub(first)
                && over < *of_size
            {
                return match self.symbols.get(usize::from(index + over)) {
                    Some(symbol) => Symbol::Found(*symbol, size),
                    None => Symbol::None,
                };
            }
            index += of_size;
            first = (first + of_size) << 1;
            code <<= 1;
        }
        Symbol::None
    }
}
