//! The one text that is being read: a key, a name, a number.

/// The longest that is kept whole; of a longer one nothing counts.
const LONGEST: usize = 256;

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
        let start = usize::from(self.length);
        match self.bytes.get_mut(start..start.saturating_add(piece.len())) {
            Some(room) => {
                room.copy_from_slice(piece);
                self.length += piece.len() as u16;
            }
            None => self.length = u16::MAX,
        }
    }

    pub(crate) fn text(&self) -> Option<&[u8]> {
        self.bytes.get(..usize::from(self.length))
    }
}
