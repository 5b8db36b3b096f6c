//! What stands around the bits: gzip's head, zlib's, or nothing.

use super::{Inflater, Step};

/// The name of an encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wrapping {
    Gzip,
    /// zlib's wrapping by its definition, none by a common mistake.
    Deflate,
}

/// How far a head has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Head {
    /// So many bytes of the fixed part.
    Fixed(u8),
    /// The optional parts that are still to come, as bits of gzip's flags.
    Optional(u8),
    /// So many bytes to leave out, and the optional parts behind them.
    Skip(u16, u8),
    /// So many bytes of a checksum and a length, behind the last block.
    Tail(u8),
}

impl Head {
    pub(super) const FIRST: Self = Self::Fixed(0);
}

/// gzip's head: two bytes by which it is known, the method, the flags, a time, two bytes of no use.
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
const FLAGS: u8 = 3;
const LENGTH: u8 = 10;
const TAIL: u8 = 8;

const CHECKSUM: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

impl Inflater {
    /// What follows one piece of the head.
    pub(super) fn unwrap(&mut self, head: Head) -> Option<Step> {
        if self.wrapping == Wrapping::Deflate {
            return self.unwrap_zlib();
        }
        Some(match head {
            Head::Fixed(place) => {
                let byte = self.bits(8)? as u8;
                let next = match GZIP.get(usize::from(place)) {
                    _ if place == FLAGS => Head::Skip((LENGTH - FLAGS - 1).into(), byte),
                    Some(expected) if *expected == byte => Head::Fixed(place + 1),
                    // Behind the first stream: padding.
                    _ if self.told > 0 => return Some(Step::Behind),
                    _ => return Some(Step::Broken),
                };
                Step::Wrapped(next)
            }
            Head::Skip(0, flags) => Step::Wrapped(Head::Optional(flags)),
            Head::Skip(left, flags) => {
                self.bits(8)?;
                Step::Wrapped(Head::Skip(left - 1, flags))
            }
            Head::Optional(flags) if flags & EXTRA != 0 => {
                let length = self.bits(16)? as u16;
                Step::Wrapped(Head::Skip(length, flags & !EXTRA))
            }
            // Texts that end in a zero.
            Head::Optional(flags) if flags & (NAME | COMMENT) != 0 => {
                let is_end = self.bits(8)? == 0;
                let text = if flags & NAME != 0 { NAME } else { COMMENT };
                Step::Wrapped(Head::Optional(if is_end { flags & !text } else { flags }))
            }
            Head::Optional(flags) if flags & CHECKSUM != 0 => {
                self.bits(16)?;
                Step::Block
            }
            Head::Optional(_) => Step::Block,
            Head::Tail(0) => Step::Wrapped(Head::FIRST),
            Head::Tail(left) => {
                self.bits(8)?;
                Step::Wrapped(Head::Tail(left - 1))
            }
        })
    }

    /// Two bytes that are zlib's head if they are a multiple of 31 and name the method; else the bits have begun.
    fn unwrap_zlib(&mut self) -> Option<Step> {
        if self.count < 16 {
            return None;
        }
        let head = (self.bits as u16).swap_bytes();
        if head.is_multiple_of(31) && head >> 8 & 15 == 8 {
            self.bits(16)?;
        }
        Some(Step::Block)
    }

    /// What follows the last block. Streams of gzip may follow each other.
    pub(super) fn behind(&mut self) -> Step {
        if self.wrapping == Wrapping::Deflate {
            return Step::Behind;
        }
        self.bits(self.count % 8);
        Step::Wrapped(Head::Tail(TAIL))
    }
}
