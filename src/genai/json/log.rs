//! Notes in constant room, one behind the other, each with two bytes before it: what it is, and its length. Those that are
//! staged stand behind those that are kept.

/// Room for all of them.
const ROOM: usize = 512;
/// The part of it that texts leave to numbers: those that are kept, and those that are staged.
const FOR_NUMBERS: usize = 220;
/// What is a number has this kind or a higher one.
pub(super) const NUMBERS: u8 = 0x40;

#[derive(Clone, Debug)]
pub(super) struct Log {
    bytes: [u8; ROOM],
    /// Where the notes end, and where those that are kept do.
    end: u16,
    kept: u16,
}

impl Log {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; ROOM],
            end: 0,
            kept: 0,
        }
    }

    /// What is kept of a kind.
    #[inline(never)]
    pub(super) fn kept(&self, kind: u8) -> Option<&[u8]> {
        self.entry(0, self.kept, kind).map(|(_, what)| what)
    }

    /// The number that is kept of a kind.
    pub(super) fn number(&self, kind: u8) -> Option<u64> {
        number(self.kept(kind)?)
    }

    /// What is staged of a kind.
    pub(super) fn staged(&self, kind: u8) -> Option<&[u8]> {
        self.staged_at(kind).map(|(_, what)| what)
    }

    /// The number that is staged of a kind, which is no longer.
    #[inline(never)]
    pub(super) fn take(&mut self, kind: u8) -> Option<u64> {
        let (start, what) = self.staged_at(kind)?;
        let number = number(what);
        self.remove(start);
        number
    }

    /// Notes something, unless it is kept already, is nothing, or finds no room.
    #[inline(never)]
    pub(super) fn stage(&mut self, kind: u8, what: &[u8]) {
        self.unstage(kind);
        // Every event of a stream repeats the id and the model.
        if self.kept(kind) != Some(what) {
            self.push(kind, what);
        }
    }

    /// Notes something of which nothing is staged.
    #[inline(never)]
    pub(super) fn push(&mut self, kind: u8, what: &[u8]) {
        let Ok(length @ 1..) = u8::try_from(what.len()) else {
            return;
        };
        let room = if kind >= NUMBERS {
            ROOM
        } else {
            ROOM - FOR_NUMBERS
        };
        let (start, size) = (usize::from(self.end), what.len() + 2);
        if start + size <= room
            && let Some([head, tail, place @ ..]) = self.bytes.get_mut(start..start + size)
        {
            (*head, *tail) = (kind, length);
            place.copy_from_slice(what);
            self.end += size as u16;
        }
    }

    pub(super) fn unstage(&mut self, kind: u8) {
        if let Some((start, _)) = self.staged_at(kind) {
            self.remove(start);
        }
    }

    /// Makes what is staged of one kind that of another.
    pub(super) fn rename(&mut self, from: u8, to: u8) {
        if self.staged(from).is_none() {
            return;
        }
        self.unstage(to);
        // It may have moved.
        if let Some((start, _)) = self.staged_at(from)
            && let Some(place) = self.bytes.get_mut(usize::from(start))
        {
            *place = to;
        }
    }

    /// Keeps what is staged, in place of what was kept of its kind.
    pub(super) fn keep(&mut self) {
        while let Some((kind, length)) = self.head(self.kept) {
            match self.entry(0, self.kept, kind) {
                Some((old, _)) => self.remove(old),
                None => self.kept += 2 + u16::from(length),
            }
        }
    }

    /// Forgets what is staged.
    pub(super) const fn forget(&mut self) {
        self.end = self.kept;
    }

    fn staged_at(&self, kind: u8) -> Option<(u16, &[u8])> {
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
                let what = self.bytes.get(usize::from(start) + 2..usize::from(end))?;
                return Some((start, what));
            }
            start = end;
        }
        None
    }

    /// The kind and the length of the note that starts here.
    fn head(&self, start: u16) -> Option<(u8, u8)> {
        let place = usize::from(start);
        match self.bytes.get(place..place + 2)? {
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
            let byte = self.bytes.get(place + usize::from(size)).copied();
            if let (Some(place), Some(byte)) = (self.bytes.get_mut(place), byte) {
                *place = byte;
            }
        }
        self.end -= size;
        if start < self.kept {
            self.kept -= size;
        }
    }
}

fn number(what: &[u8]) -> Option<u64> {
    what.first_chunk().copied().map(u64::from_le_bytes)
}
