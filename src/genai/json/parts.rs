//! Counts of a call that stand in several places: its own; those in headers, which count where its own do not; and those of
//! parts of it that its own leave out. When the answer is over they become one.

use core::hint::black_box;

use super::key::{Count, Mark};
use super::notes::Notes;
use super::number::{self, LARGEST};

/// The counts that may stand elsewhere, and what sets their kinds apart there: in headers, in the part that is being read,
/// in all parts that the call's own counts leave out.
const PARTED: &[Count] = &[
    Count::Input,
    Count::Output,
    Count::CacheRead,
    Count::CacheWrite,
];
const IN_HEADERS: u8 = 0x10;
const IN_PART: u8 = 0x20;
const BESIDE: u8 = 0x30;

impl Notes {
    /// Notes what a header counts: digits, and nothing else.
    pub(crate) fn header(&mut self, count: Count, digits: &[u8]) {
        if !digits.is_empty()
            && digits.iter().all(u8::is_ascii_digit)
            && let Some(number) = number::count(digits)
        {
            self.log
                .stage(count as u8 | IN_HEADERS, &number.to_le_bytes());
            self.mark(Mark::Parted);
        }
    }

    /// A list of parts begins, with sums of 0, or one is forgotten: what it said before is replaced, not added to.
    #[inline(never)]
    pub(super) fn begin_parts(&mut self, sum: Option<u64>) {
        self.mark(Mark::Parted);
        for kind in parted() {
            self.log.take(kind | BESIDE);
            if let Some(sum) = sum {
                self.log.push(kind | BESIDE, &sum.to_le_bytes());
            }
        }
    }

    /// A part ended: its counts are added to those beside the call's own, if these leave it out.
    #[inline(never)]
    pub(super) fn end_part(&mut self) {
        let is_beside = self.staged_marks & Mark::Beside as u8 != 0;
        self.staged_marks &= !(Mark::Beside as u8);
        for kind in parted() {
            if let Some(number) = self.log.take(kind | IN_PART)
                && is_beside
            {
                let sum = self.log.take(kind | BESIDE).unwrap_or_default() + number;
                let sum = sum.min(LARGEST).to_le_bytes();
                self.log.push(kind | BESIDE, &sum);
            }
        }
    }

    /// The answer is over: what was counted in several places becomes one count. Says whether headers alone counted.
    pub(crate) fn settle(&mut self) -> bool {
        if !self.has(Mark::Parted) {
            return false;
        }
        let by_headers = !self.has_counts();
        let from = if by_headers { IN_HEADERS } else { BESIDE };
        let mut has_any = false;
        for kind in parted() {
            let own = self.log.number(kind).or(by_headers.then_some(0));
            if let (Some(own), Some(more)) = (own, self.log.number(kind | from)) {
                self.log.push(kind, &(own + more).to_le_bytes());
                has_any = true;
            }
        }
        self.log.keep();
        by_headers && has_any
    }
}

/// Their kinds.
fn parted() -> impl Iterator<Item = u8> {
    // With the counts in view the compiler would write each loop out.
    black_box(PARTED).iter().map(|count| *count as u8)
}
