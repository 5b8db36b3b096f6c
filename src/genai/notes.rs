//! What was read, in constant room. An event is a transaction: what it says is staged behind what is kept, and is kept
//! when the event is whole, or forgotten.

use super::key::{CHOICES, Count, Mark, Means, Text};
use super::number;
use super::tables::Row;
use crate::context::Time;

/// The longest name of a model and the longest id.
const LONGEST_NAME: usize = 128;
/// The longest code.
const LONGEST_WORD: usize = 64;
/// The longest number that is kept as its digits.
const LONGEST_DECIMAL: usize = 24;

/// Whether a number of JSON is one that every backend can read: a caller's `1e999` would cost others their batch.
fn is_amount(digits: &[u8]) -> bool {
    let number = core::str::from_utf8(digits).unwrap_or_default();
    digits.len() <= LONGEST_DECIMAL
        && !digits.starts_with(b"-")
        && number.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Room for everything that is noted, each with two bytes before it: what it is, and its length.
const ROOM: usize = 512;
/// The part of it that texts leave to counts: those that are kept, and those that are staged.
const FOR_COUNTS: usize = 200;

#[derive(Clone, Debug)]
pub(crate) struct Notes {
    log: [u8; ROOM],
    /// Where the notes end, and where those that are kept do.
    end: u16,
    kept: u16,
    marks: u8,
    staged_marks: u8,
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
            log: [0; ROOM],
            end: 0,
            kept: 0,
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
        self.kept(text as u8)
    }

    /// A text of a document that goes on.
    pub(crate) fn staged_text(&self, text: Text) -> Option<&[u8]> {
        self.staged(text as u8).map(|(_, text)| text)
    }

    /// The finish reasons, by their choices.
    pub(crate) fn finish_reasons(&self) -> impl Iterator<Item = &[u8]> {
        let first = Text::Finish as u8;
        (first..first + CHOICES).filter_map(|kind| self.kept(kind))
    }

    /// A count that is kept.
    pub(crate) fn count(&self, count: Count) -> Option<u64> {
        let number = self.kept(count as u8)?;
        number.first_chunk().copied().map(u64::from_le_bytes)
    }

    #[inline(never)]
    fn kept(&self, kind: u8) -> Option<&[u8]> {
        self.entry(0, self.kept, kind).map(|(_, text)| text)
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
        (first..=Count::ToolUse as u8).any(|kind| self.kept(kind).is_some())
    }

    /// Keeps what is staged.
    #[inline(never)]
    pub(crate) fn keep(&mut self) {
        while let Some((kind, length)) = self.head(self.kept) {
            match self.entry(0, self.kept, kind) {
                Some((old, _)) => self.remove(old),
                None => self.kept += 2 + u16::from(length),
            }
        }
        self.marks |= self.staged_marks;
        self.first = self.first.or(self.staged_first);
        self.is_kept = true;
        self.forget();
    }

    /// Forgets what is staged.
    pub(crate) const fn forget(&mut self) {
        self.end = self.kept;
        self.staged_marks = 0;
        self.staged_first = None;
        self.choice = 0;
    }

    /// Forgets what an earlier key of the same name said in the same object: of duplicates the last one counts.
    #[inline(never)]
    pub(crate) fn forget_key(&mut self, key: &Row) {
        match key.means {
            Means::Name(text) | Means::Word(text) | Means::Decimal(text) => {
                self.unstage(text as u8);
            }
            Means::Count(count) => self.unstage(count as u8),
            Means::Mark(mark) => self.staged_marks &= !(mark as u8),
            Means::Stream => {
                self.staged_marks &= !(Mark::Streaming as u8 | Mark::Unstreamed as u8);
            }
            Means::Choice => {
                self.choice = 0;
                for choice in 0..CHOICES {
                    self.unstage(Text::Finish as u8 + choice);
                }
            }
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
            Means::Name(kind) if is_name(text) => self.stage(kind as u8, text),
            Means::Word(kind) if is_word(text) && counts(key, text) => {
                self.stage(kind as u8, text);
            }
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
            Means::Word(kind) if key.keys().is_empty() && is_word(digits) => {
                self.stage(kind as u8, digits);
            }
            Means::Decimal(kind) if is_amount(digits) => {
                self.stage(kind as u8, digits);
            }
            Means::Count(count) => {
                if let Some(number) = number::count(digits) {
                    self.stage(count as u8, &number.to_le_bytes());
                }
            }
            _ => self.see(key),
        }
    }

    /// True or false came.
    pub(crate) const fn truth(&mut self, key: &Row, is_true: bool) {
        match key.means {
            Means::Stream if is_true => self.mark(Mark::Streaming),
            Means::Stream => self.mark(Mark::Unstreamed),
            _ if is_true => self.see(key),
            _ => {}
        }
    }

    /// Something came that is not nothing: an object, an array, the first character of a text, a number.
    pub(crate) const fn see(&mut self, key: &Row) {
        match key.means {
            Means::Mark(mark) => self.mark(mark),
            Means::Payload if self.staged_first.is_none() => self.staged_first = Some(self.now),
            _ => {}
        }
    }

    pub(crate) const fn mark(&mut self, mark: Mark) {
        self.staged_marks |= mark as u8;
    }

    /// A choice ended: its finish reason takes the place that its index tells, or its turn.
    #[inline(never)]
    pub(crate) fn end_choice(&mut self) {
        let index = match self.staged(Count::Index as u8) {
            Some((start, number)) => {
                let index = number.first_chunk().copied().map(u64::from_le_bytes);
                self.remove(start);
                index.unwrap_or_default()
            }
            None => self.choice.into(),
        };
        self.choice = self.choice.saturating_add(1);
        if index >= u64::from(CHOICES) {
            self.unstage(Text::Pending as u8);
        } else if self.staged(Text::Pending as u8).is_some() {
            let kind = Text::Finish as u8 + index as u8;
            self.unstage(kind);
            // It may have moved.
            if let Some((start, _)) = self.staged(Text::Pending as u8)
                && let Some(place) = self.log.get_mut(usize::from(start))
            {
                *place = kind;
            }
        }
    }

    /// Notes something, unless it is nothing, is there already, or finds no room.
    #[inline(never)]
    pub(crate) fn stage(&mut self, kind: u8, what: &[u8]) {
        let Ok(length @ 1..) = u8::try_from(what.len()) else {
            return;
        };
        self.unstage(kind);
        // Every event of a stream repeats the id and the model.
        if self.kept(kind) == Some(what) {
            return;
        }
        let is_count = kind >= Count::Input as u8;
        let room = if is_count { ROOM } else { ROOM - FOR_COUNTS };
        let (start, size) = (usize::from(self.end), what.len() + 2);
        if start + size <= room
            && let Some([head, tail, place @ ..]) = self.log.get_mut(start..start + size)
        {
            (*head, *tail) = (kind, length);
            place.copy_from_slice(what);
            self.end += size as u16;
        }
    }

    /// The parent stays: a request may have gone on by the first that came.
    fn unstage(&mut self, kind: u8) {
        if kind == Text::Traceparent as u8 {
            return;
        }
        if let Some((start, _)) = self.staged(kind) {
            self.remove(start);
        }
    }

    fn staged(&self, kind: u8) -> Option<(u16, &[u8])> {
        self.entry(self.kept, self.end, kind)
    }

    /// The note of a kind between two places: where it starts, and what it says.
    #[inline(never)]
    fn entry(&self, from: u16, to: u16, kind: u8) -> Option<(u16, &[u8])> {
        let mut start = from;
        while start < to {
            let (found, length) = self.head(start)?;
            let end = start + 2 + u16::from(length);
            if found == kind {
                let what = self.log.get(usize::from(start) + 2..usize::from(end))?;
                return Some((start, what));
            }
            start = end;
        }
        None
    }

    /// The kind and the length of the note that starts here.
    fn head(&self, start: u16) -> Option<(u8, u8)> {
        let place = usize::from(start);
        match self.log.get(place..place + 2)? {
            &[kind, length] if start < self.end => Some((kind, length)),
            _ => None,
        }
    }

    #[inline(never)]
    fn remove(&mut self, start: u16) {
        let Some((_, length)) = self.head(start) else {
            return;
        };
        let size = 2 + u16::from(length);
        for place in usize::from(start)..usize::from(self.end - size) {
            let byte = self.log.get(place + usize::from(size)).copied();
            if let (Some(place), Some(byte)) = (self.log.get_mut(place), byte) {
                *place = byte;
            }
        }
        self.end -= size;
        if start < self.kept {
            self.kept -= size;
        }
    }
}

/// Whether a word is one of those that count, if not all do.
fn counts(key: &Row, word: &[u8]) -> bool {
    key.keys().is_empty() || key.key(word).is_some()
}

/// Whether a text may name a model, an answer or a tool: no control characters, so that it stays on its line.
pub(super) fn is_name(text: &[u8]) -> bool {
    text.len() <= LONGEST_NAME
        && core::str::from_utf8(text).is_ok_and(|text| !text.chars().any(char::is_control))
}

/// Whether a text is a code: too short, and of too few characters, to tell anything else.
pub(super) fn is_word(text: &[u8]) -> bool {
    let is_fit =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-');
    text.len() <= LONGEST_WORD && text.iter().all(is_fit)
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
            ("1e999", false),
            ("-0.1", false),
            ("0.1234567890123456789012345", false),
        ] {
            assert_eq!(is_amount(digits.as_bytes()), is_one, "{digits}");
        }
    }
}
