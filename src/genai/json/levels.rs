//! Objects and arrays: what stands in what, and where in the table that is.

use super::key::Means;
use super::notes::Notes;
use super::{DocumentKind, LEVELS, Picker, State, Take};

impl Picker {
    /// A sign between values.
    pub(super) fn sign(&mut self, byte: u8, notes: &mut Notes) {
        use State::{Behind, Colon, First, FirstKey, Key};
        let state = self.state;
        let is_value = state <= First;
        match byte {
            b' ' | b'\t' => {}
            b'"' if is_value => self.begin_text(),
            b'"' if matches!(state, FirstKey | Key) => self.begin_key(),
            b'{' | b'[' if is_value => self.open(byte == b'[', notes),
            b'}' | b']' if matches!(state, Behind | First | FirstKey) => {
                let is_array = byte == b']';
                let is_fit = state == Behind || (state == First) == is_array;
                if is_fit {
                    self.close(is_array, notes);
                } else {
                    self.state = State::Broken;
                }
            }
            b':' if state == Colon => self.state = State::Value,
            b',' if state == Behind && self.in_array() => self.state = State::Value,
            b',' if state == Behind => self.state = Key,
            _ if is_value => self.begin_plain(byte),
            _ => self.state = State::Broken,
        }
    }

    pub(super) const fn in_array(&self) -> bool {
        self.arrays & 1 == 1
    }

    pub(super) fn open(&mut self, is_array: bool, notes: &mut Notes) {
        if self.depth == 0 {
            self.is_list = is_array && self.kind == DocumentKind::Alone;
        }
        let known = usize::from(self.known);
        let node = match self.at {
            _ if self.depth == 0 => Some(self.root).filter(|_| !is_array || self.is_list),
            Some(key) => {
                notes.see(key);
                Some(key).filter(|key| key.is_each() == is_array && !key.keys().is_empty())
            }
            // An element of an array that the table speaks of.
            None if self.depth == known as u32 && self.in_array() && !is_array => known
                .checked_sub(1)
                .and_then(|level| self.nodes.get(level).copied()),
            None => None,
        };
        if let (Some(node), Some(place), Some(seen)) =
            (node, self.nodes.get_mut(known), self.seen.get_mut(known))
        {
            *place = node;
            *seen = 0;
            self.known += 1;
        }
        self.at = None;
        let Some(depth) = self.depth.checked_add(1) else {
            self.state = State::Broken;
            return;
        };
        self.depth = depth;
        if depth > LEVELS {
            self.state = State::Deep;
            return;
        }
        self.arrays = self.arrays << 1 | u64::from(is_array);
        self.state = if is_array {
            State::First
        } else {
            State::FirstKey
        };
    }

    pub(super) fn close(&mut self, is_array: bool, notes: &mut Notes) {
        if self.in_array() != is_array {
            self.state = State::Broken;
            return;
        }
        let is_known = self.depth == u32::from(self.known);
        self.depth = self.depth.saturating_sub(1);
        self.arrays >>= 1;
        self.at = None;
        if is_known {
            self.known = self.known.saturating_sub(1);
            if self.depth > 0 && self.in_array() {
                self.end_element(notes);
            }
        }
        self.end_value();
    }

    /// An object of an array that the table speaks of has ended.
    pub(super) fn end_element(&mut self, notes: &mut Notes) {
        if self.depth == 1 {
            notes.keep();
            return;
        }
        let level = usize::from(self.known).saturating_sub(1);
        let means = self.nodes.get(level).map(|node| node.means);
        match means {
            Some(Means::Choice) => notes.end_choice(),
            Some(Means::Parts) => notes.end_part(),
            _ => {}
        }
    }

    /// Brackets and texts below the last level that is told apart.
    pub(super) fn deep(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.state = State::Text;
                self.is_key = false;
                self.take = Take::Nothing;
            }
            b'{' | b'[' => match self.depth.checked_add(1) {
                Some(depth) => self.depth = depth,
                None => self.state = State::Broken,
            },
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.end_value();
            }
            _ => {}
        }
    }
}
