//! What was read, in constant room. An event is a transaction: what it says is staged behind what is kept, and is kept
//! when the event is whole, or forgotten.

use super::key::{CHOICES, COUNTS, Count, Mark, Means, Text};
use super::number;
use super::tables::Row;
use crate::context::Time;

/// The longest name of a model and the longest id.
const LONGEST_NAME: usize = 128;
/// The longest code.
const LONGEST_WORD: usize = 64;
/// The longest number that is kept as its digits.
const LONGEST_DECIMAL: usize = 24;
/// Room for the texts of one exchange, each with two bytes before it: which one it is, and its length.
const ROOM: usize = 320;

#[derive(Clone, Debug)]
pub(crate) struct Notes {
    texts: [u8; ROOM],
    /// Where the texts end, and where those that are kept do.
    end: u16,
    kept: u16,
    counts: Counts,
    staged: Counts,
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

#[derive(Clone, Copy, Debug)]
struct Counts {
    numbers: [u64; COUNTS],
    /// A bit for each of them that is there: absent is never 0.
    there: u16,
}

impl Counts {
    const NONE: Self = Self {
        numbers: [0; COUNTS],
        there: 0,
    };

    fn set(&mut self, count: Count, number: u64) {
        if let Some(place) = self.numbers.get_mut(count as usize) {
            *place = number;
            self.there |= 1 << count as u16;
        }
    }

    fn of(&self, count: Count) -> Option<u64> {
        let number = self.numbers.get(count as usize)?;
        (self.there >> count as u16 & 1 == 1).then_some(*number)
    }
}

impl Notes {
    pub(crate) const fn new() -> Self {
        Self {
            texts: [0; ROOM],
            end: 0,
            kept: 0,
            counts: Counts::NONE,
            staged: Counts::NONE,
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

    /// A text that is kept.
    pub(crate) fn text(&self, text: Text) -> Option<&[u8]> {
        self.entry(0, self.kept, text as u8).map(|(_, text)| text)
    }

    /// The finish reasons, by their choices.
    pub(crate) fn finish_reasons(&self) -> impl Iterator<Item = &[u8]> {
        let slots = Text::Finish as u8..Text::Finish as u8 + CHOICES;
        slots.filter_map(|slot| self.entry(0, self.kept, slot).map(|(_, text)| text))
    }

    /// A count that is kept.
    pub(crate) fn count(&self, count: Count) -> Option<u64> {
        self.counts.of(count)
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

    /// Whether anything was counted.
    pub(crate) const fn has_counts(&self) -> bool {
        self.counts.there & !(1 << Count::MaxTokens as u16) != 0
    }

    /// Keeps what is staged.
    pub(crate) fn keep(&mut self) {
        while let Some((slot, length)) = self.head(self.kept) {
            match self.entry(0, self.kept, slot) {
                Some((old, _)) => self.remove(old),
                None => self.kept += 2 + u16::from(length),
            }
        }
        let there = self.staged.there;
        for (index, number) in self.staged.numbers.iter().enumerate() {
            if there >> index & 1 == 1
                && let Some(place) = self.counts.numbers.get_mut(index)
            {
                *place = *number;
            }
        }
        self.counts.there |= there;
        self.marks |= self.staged_marks;
        self.first = self.first.or(self.staged_first);
        self.is_kept = true;
        self.forget();
    }

    /// Forgets what is staged.
    pub(crate) const fn forget(&mut self) {
        self.end = self.kept;
        self.staged.there = 0;
        self.staged_marks = 0;
        self.staged_first = None;
        self.choice = 0;
    }

    /// Forgets what an earlier key of the same name said in the same object: of duplicates the last one counts.
    pub(crate) fn forget_key(&mut self, key: &Row) {
        match key.means {
            Means::Name(text) | Means::Word(text) | Means::Decimal(text) => {
                self.unstage(text as u8);
            }
            Means::Count(count) => self.staged.there &= !(1 << count as u16),
            Means::Mark(mark) => self.staged_marks &= !(mark as u8),
            Means::Stream => {
                self.staged_marks &= !(Mark::Streaming as u8 | Mark::Unstreamed as u8);
            }
            Means::Choice => {
                self.choice = 0;
                for slot in Text::Finish as u8..Text::Finish as u8 + CHOICES {
                    self.unstage(slot);
                }
            }
            Means::Nothing | Means::OneOf | Means::Payload => {}
        }
        for key in key.keys() {
            self.forget_key(key);
        }
    }

    /// A text came.
    pub(crate) fn say(&mut self, key: &Row, text: &[u8]) {
        match key.means {
            Means::Name(slot) => self.stage(slot as u8, text, is_name(text)),
            Means::Word(slot) => {
                let counts = key.keys().is_empty() || key.key(text).is_some();
                self.stage(slot as u8, text, counts && is_word(text));
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
    pub(crate) fn number(&mut self, key: &Row, digits: &[u8]) {
        match key.means {
            Means::Word(slot) if key.keys().is_empty() => {
                self.stage(slot as u8, digits, is_word(digits));
            }
            Means::Decimal(slot) => {
                self.stage(slot as u8, digits, digits.len() <= LONGEST_DECIMAL);
            }
            Means::Count(count) => {
                if let Some(number) = number::count(digits) {
                    self.staged.set(count, number);
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
    pub(crate) fn end_choice(&mut self) {
        let turn = self.choice;
        self.choice = turn.saturating_add(1);
        let index = self.staged.of(Count::Index).unwrap_or(turn.into());
        self.staged.there &= !(1 << Count::Index as u16);
        let Some((pending, _)) = self.entry(self.kept, self.end, Text::Pending as u8) else {
            return;
        };
        match u8::try_from(index) {
            Ok(index) if index < CHOICES => {
                let slot = Text::Finish as u8 + index;
                self.unstage(slot);
                // It may have moved.
                let pending = self.entry(self.kept, self.end, Text::Pending as u8);
                if let Some((start, _)) = pending
                    && let Some(place) = self.texts.get_mut(usize::from(start))
                {
                    *place = slot;
                }
            }
            _ => self.remove(pending),
        }
    }

    /// Notes a text, unless it is unfit, there already, or finds no room.
    pub(crate) fn stage(&mut self, slot: u8, text: &[u8], is_fit: bool) {
        let Ok(length) = u8::try_from(text.len()) else {
            return;
        };
        if !is_fit || text.is_empty() {
            return;
        }
        self.unstage(slot);
        // Every event of a stream repeats the id and the model.
        if self
            .entry(0, self.kept, slot)
            .is_some_and(|(_, old)| old == text)
        {
            return;
        }
        let start = usize::from(self.end);
        let room = self.texts.get_mut(start..start + 2 + text.len());
        if let Some([kind, size, place @ ..]) = room {
            (*kind, *size) = (slot, length);
            place.copy_from_slice(text);
            self.end += 2 + u16::from(length);
        }
    }

    fn unstage(&mut self, slot: u8) {
        if let Some((start, _)) = self.entry(self.kept, self.end, slot) {
            self.remove(start);
        }
    }

    /// The entry of a kind between two places: where it starts, and its text.
    fn entry(&self, from: u16, to: u16, slot: u8) -> Option<(u16, &[u8])> {
        let mut start = from;
        while start < to {
            let (kind, length) = self.head(start)?;
            let end = start + 2 + u16::from(length);
            if kind == slot {
                let text = self.texts.get(usize::from(start) + 2..usize::from(end))?;
                return Some((start, text));
            }
            start = end;
        }
        None
    }

    /// The kind and the length of the entry that starts here.
    fn head(&self, start: u16) -> Option<(u8, u8)> {
        let place = usize::from(start);
        match self.texts.get(place..place + 2)? {
            &[kind, length] if start < self.end => Some((kind, length)),
            _ => None,
        }
    }

    fn remove(&mut self, start: u16) {
        let Some((_, length)) = self.head(start) else {
            return;
        };
        let size = 2 + u16::from(length);
        for place in usize::from(start)..usize::from(self.end - size) {
            let byte = self.texts.get(place + usize::from(size)).copied();
            if let (Some(place), Some(byte)) = (self.texts.get_mut(place), byte) {
                *place = byte;
            }
        }
        self.end -= size;
        if start < self.kept {
            self.kept -= size;
        }
    }
}

/// Whether a text may name a model, an answer or a tool: no control characters, so that it stays on its line.
pub(super) fn is_name(text: &[u8]) -> bool {
    text.len() <= LONGEST_NAME
        && core::str::from_utf8(text).is_ok_and(|text| !text.chars().any(char::is_control))
}

/// Whether a text is a code: too short, and of too few characters, to tell anything else.
pub(super) fn is_word(text: &[u8]) -> bool {
    let is_fit = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(byte);
    text.len() <= LONGEST_WORD && text.iter().all(is_fit)
}
