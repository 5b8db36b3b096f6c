//! What a value means, by the key at which it stands, and what is noted of it. An event is a transaction: what it says is
//! staged behind what is kept, and is kept when the event is whole, or forgotten.

use core::ops::RangeInclusive;

use super::key::{CHOICES, Count, Mark, Means, Text};
use super::log::Log;
use super::number;
use super::table::Row;
use crate::time::Time;
use crate::tree::double;

/// The longest name of a model and the longest id.
const LONGEST_NAME: usize = 128;
/// The longest code.
const LONGEST_WORD: usize = 64;
/// The longest number that is kept as its digits, and its longest exponent.
const LONGEST_DECIMAL: usize = 24;
const LONGEST_EXPONENT: usize = 3;
/// What is no amount is smaller or larger, and would not fit into a backend's column.
const AMOUNTS: RangeInclusive<f64> = 1e-12..=1e9;

#[derive(Clone, Debug)]
pub(crate) struct Notes {
    pub(super) log: Log,
    marks: u8,
    pub(super) staged_marks: u8,
    /// An event was kept.
    is_kept: bool,
    /// How many choices this event has had.
    choice: u8,
    /// When the chunk that is being read came.
    now: Time,
    first: Option<Time>,
    staged_first: Option<Time>,
}

impl Notes {
    pub(crate) const fn new() -> Self {
        Self {
            log: Log::new(),
            marks: 0,
            staged_marks: 0,
            is_kept: false,
            choice: 0,
            now: Time(0),
            first: None,
            staged_first: None,
        }
    }

    /// The time of what is noted next.
    pub(crate) const fn set_time(&mut self, now: Time) {
        self.now = now;
    }

    /// The time of what is noted now.
    pub(crate) const fn time(&self) -> Time {
        self.now
    }

    /// A text that is kept.
    pub(crate) fn text(&self, text: Text) -> Option<&[u8]> {
        self.log.kept(text as u8)
    }

    /// A text of a document that goes on.
    pub(crate) fn staged_text(&self, text: Text) -> Option<&[u8]> {
        self.log.staged(text as u8)
    }

    /// The finish reasons, by their choices.
    pub(crate) fn finish_reasons(&self) -> impl Iterator<Item = &[u8]> {
        let first = Text::Finish as u8;
        (first..first + CHOICES).filter_map(|kind| self.log.kept(kind))
    }

    /// A count that is kept.
    pub(crate) fn count(&self, count: Count) -> Option<u64> {
        self.log.number(count as u8)
    }

    /// Whether a mark is kept.
    pub(crate) const fn has(&self, mark: Mark) -> bool {
        self.marks & mark as u8 != 0
    }

    /// When the first piece of the answer came.
    pub(crate) const fn first(&self) -> Option<Time> {
        self.first
    }

    /// What is noted next is of the answer.
    pub(crate) const fn begin_answer(&mut self) {
        self.is_kept = false;
    }

    /// Whether anything of the answer is kept.
    pub(crate) const fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Whether any tokens were counted.
    pub(crate) fn has_counts(&self) -> bool {
        let first = Count::Input as u8;
        (first..=Count::Prompt as u8).any(|kind| self.log.kept(kind).is_some())
    }

    /// Keeps what is staged. A code that stands beside no error is something else's: a model's own, maybe.
    #[inline(never)]
    pub(crate) fn keep(&mut self) {
        if self.staged_marks & Mark::Failed as u8 == 0 {
            self.log.unstage(Text::ErrorCode as u8);
            self.log.unstage(Text::ErrorType as u8);
        }
        self.log.keep();
        self.marks |= self.staged_marks;
        self.first = self.first.or(self.staged_first);
        self.is_kept = true;
        self.forget();
    }

    /// Forgets what is staged.
    pub(crate) const fn forget(&mut self) {
        self.log.forget();
        self.staged_marks = 0;
        self.staged_first = None;
        self.choice = 0;
    }

    /// Forgets what an earlier key of the same name said in the same object: of duplicates the last one counts.
    #[inline(never)]
    pub(crate) fn forget_key(&mut self, key: &Row) {
        match key.means {
            // A request may have gone on by the first that came.
            Means::Word(Text::Traceparent) => {}
            Means::Name(text) | Means::Word(text) | Means::Decimal(text) => {
                self.log.unstage(text as u8);
            }
            Means::Count(count) => self.log.unstage(count as u8),
            Means::Mark(mark) => self.staged_marks &= !(mark as u8),
            Means::Stream => {
                self.staged_marks &= !(Mark::Streaming as u8 | Mark::Unstreamed as u8);
            }
            Means::Choice => {
                self.choice = 0;
                for choice in 0..CHOICES {
                    self.log.unstage(Text::Finish as u8 + choice);
                }
            }
            Means::Parts => self.begin_parts(None),
            Means::Nothing | Means::OneOf | Means::Payload => {}
        }
        for key in key.keys() {
            self.forget_key(key);
        }
    }

    /// A text came.
    #[inline(never)]
    pub(crate) fn say(&mut self, key: &Row, text: &[u8]) {
        match key.means {
            Means::Word(kind @ Text::Traceparent) if self.staged_text(kind).is_some() => {}
            Means::Name(kind) => self.name(kind, text),
            Means::Word(kind) if counts(key, text) => self.word(kind, text),
            Means::OneOf => {
                if let Some((_, word)) = key.key(text) {
                    self.see(word);
                }
            }
            _ => {}
        }
    }

    /// A number came.
    #[inline(never)]
    pub(crate) fn number(&mut self, key: &Row, digits: &[u8]) {
        match key.means {
            Means::Word(kind) if key.keys().is_empty() => self.word(kind, digits),
            Means::Decimal(kind) if is_amount(digits) => {
                self.log.stage(kind as u8, digits);
            }
            Means::Count(count) => {
                if let Some(number) = number::count(digits) {
                    self.log.stage(count as u8, &number.to_le_bytes());
                }
            }
            // An error of 0 is none; a result of 0 is one.
            Means::Mark(Mark::Failed) if number::count(digits) == Some(0) => {}
            _ => self.see(key),
        }
    }

    /// True or false came.
    pub(crate) fn truth(&mut self, key: &Row, is_true: bool) {
        match key.means {
            Means::Stream if is_true => self.mark(Mark::Streaming),
            Means::Stream => self.mark(Mark::Unstreamed),
            _ if is_true => self.see(key),
            _ => {}
        }
    }

    /// Something came that is not nothing: an object, an array, the first character of a text, a number.
    pub(crate) fn see(&mut self, key: &Row) {
        match key.means {
            Means::Mark(mark) => self.mark(mark),
            Means::Payload if self.staged_first.is_none() => self.staged_first = Some(self.now),
            Means::Parts => self.begin_parts(Some(0)),
            _ => {}
        }
    }

    pub(crate) const fn mark(&mut self, mark: Mark) {
        self.staged_marks |= mark as u8;
    }

    /// Notes a name, if it may be one.
    #[inline]
    pub(crate) fn name(&mut self, kind: Text, name: &[u8]) {
        if is_name(name) {
            self.log.stage(kind as u8, name);
        }
    }

    /// Notes a code, if it is one.
    pub(crate) fn word(&mut self, kind: Text, word: &[u8]) {
        if is_word(word) {
            self.log.stage(kind as u8, word);
        }
    }

    /// A choice ended: its finish reason takes the place that its index tells, or its turn.
    #[inline(never)]
    pub(crate) fn end_choice(&mut self) {
        let index = self.log.take(Count::Index as u8);
        let index = index.unwrap_or_else(|| self.choice.into());
        self.choice = self.choice.saturating_add(1);
        if index >= u64::from(CHOICES) {
            self.log.unstage(Text::Pending as u8);
        } else {
            let place = Text::Finish as u8 + index as u8;
            self.log.rename(Text::Pending as u8, place);
        }
    }
}

/// Whether a word is one of those that count, if not all do.
fn counts(key: &Row, word: &[u8]) -> bool {
    key.keys().is_empty() || key.key(word).is_some()
}

/// Whether a text may name a model, an answer or a tool: no control characters, so that it stays on its line.
fn is_name(text: &[u8]) -> bool {
    text.len() <= LONGEST_NAME
        && core::str::from_utf8(text).is_ok_and(|text| !text.chars().any(char::is_control))
}

/// Whether a text is a code: too short, and of too few characters, to tell anything else.
fn is_word(text: &[u8]) -> bool {
    let is_fit =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-');
    text.len() <= LONGEST_WORD && text.iter().all(is_fit)
}

/// Whether a number of JSON is one that every backend can read: a caller's `1e999` would cost others their batch.
fn is_amount(digits: &[u8]) -> bool {
    let place = digits.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let end = place.unwrap_or(digits.len());
    let (plain, exponent) = digits.split_at_checked(end).unwrap_or_default();
    let is_zero = !plain.iter().any(|byte| matches!(byte, b'1'..=b'9'));
    let exponent = exponent.iter().filter(|byte| byte.is_ascii_digit());
    digits.len() <= LONGEST_DECIMAL
        && !digits.starts_with(b"-")
        && exponent.count() <= LONGEST_EXPONENT
        && (is_zero || double(digits).is_some_and(|amount| AMOUNTS.contains(&amount)))
}

#[cfg(test)]
mod tests {
    use super::is_amount;

    #[test]
    fn an_amount_is_a_number_that_everybody_can_read() {
        for (digits, is_one) in [
            ("0.7", true),
            ("1.2e-05", true),
            ("2E3", true),
            ("0", true),
            ("0.000", true),
            ("0e12", true),
            ("1e9", true),
            ("1e+009", true),
            ("1000000000.1", false),
            ("1e300", false),
            ("1e999", false),
            ("1e-12", true),
            ("9e-13", false),
            ("1e-999", false),
            ("1e-99999999999999999", false),
            ("0e0001", false),
            ("-0.1", false),
            ("0.1234567890123456789012345", false),
        ] {
            assert_eq!(is_amount(digits.as_bytes()), is_one, "{digits}");
        }
    }
}
