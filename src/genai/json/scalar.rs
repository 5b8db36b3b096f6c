//! The one text that is being read: a key, a name, a number.

/// The longest that is kept whole; of a longer one nothing counts.
pub(crate) const LONGEST: usize = 256;

#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    bytes: [u8; LONGEST],
    /// More than there is room for: it was too long.
    length: u16,
}

impl Scalar {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; LONGEST],
            length: 0,
        }
    }

    pub(crate) const fn clear(&mut self) {
        self.length = 0;
    }

    pub(crate) fn push(&mut self, piece: &[u8]) {
        if usize::from(self.length) + piece.len() > LONGEST {
            self.length = u16::MAX;
        }
        self.fill(piece);
    }

    /// Takes as much of a piece as there is room for.
    #[inline(never)]
    pub(crate) fn fill(&mut self, piece: &[u8]) {
        let room = self.bytes.get_mut(usize::from(self.length)..);
        for (place, byte) in room.unwrap_or_default().iter_mut().zip(piece) {
            *place = *byte;
            self.length += 1;
        }
    }

    pub(crate) fn text(&self) -> Option<&[u8]> {
        self.bytes.get(..usize::from(self.length))
    }
}
