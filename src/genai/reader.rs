//! Bodies of every framing, a chunk at a time: which bytes are a document, and where an event ends.

use super::decode::{Frames, Framing};
use super::json::{DocumentKind, Notes, Picker, Row, to_line_end};

#[derive(Clone, Debug)]
pub(crate) struct DocumentReader {
    framing: Framing,
    line: Line,
    /// The last byte was a carriage return: a line feed behind it is of the same line end.
    after_return: bool,
    frames: Frames,
    picker: Picker,
    /// An event was not JSON.
    has_broken: bool,
}

/// Where in a line of a stream the reader stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Line {
    /// At the start of the body, where a byte order mark may stand.
    Start,
    /// So many letters of the only field name that counts came.
    Field(u8),
    /// Behind the colon. The space that may stand there is white space to the picker as well.
    Data,
    Other,
}

/// The bytes of a byte order mark.
const ORDER: [u8; 3] = *b"\xef\xbb\xbf";
const FIELD: &[u8] = b"data";

impl DocumentReader {
    /// Of a body with this framing, of whose documents this table speaks.
    pub(crate) const fn new(framing: Framing, root: &'static Row, is_wrapped: bool) -> Self {
        let kind = match framing {
            Framing::Events => DocumentKind::Event,
            _ => DocumentKind::Alone,
        };
        Self {
            framing,
            line: Line::Start,
            after_return: false,
            frames: Frames::new(is_wrapped),
            picker: Picker::new(root, kind),
            has_broken: false,
        }
    }

    pub(crate) const fn framing(&self) -> Framing {
        self.framing
    }

    /// Whether the body is one event after the other.
    pub(crate) const fn is_stream(&self) -> bool {
        !matches!(self.framing, Framing::Json) || self.picker.is_list()
    }

    /// Whether something was no JSON.
    pub(crate) fn has_broken(&self) -> bool {
        self.has_broken || self.picker.is_broken()
    }

    /// Whether nothing can be made of the rest of the body.
    pub(crate) fn is_lost(&self) -> bool {
        match self.framing {
            Framing::Json => self.picker.is_broken() && !self.picker.is_list(),
            Framing::Frames => self.frames.is_broken(),
            Framing::Lines | Framing::Events => false,
        }
    }

    /// Whether the body is a document that has come to its end.
    pub(crate) fn is_whole(&self) -> bool {
        self.framing == Framing::Json && self.picker.is_whole()
    }

    /// Whether the body is one document, of which more may come.
    pub(crate) fn is_open(&self) -> bool {
        let picker = &self.picker;
        self.framing == Framing::Json
            && !(picker.is_list() || picker.is_whole() || picker.is_broken())
    }

    /// Whether the body is one document, as far as it came.
    pub(crate) fn is_alone(&self) -> bool {
        self.framing == Framing::Json && !self.picker.is_list()
    }

    pub(crate) fn feed(&mut self, chunk: &[u8], notes: &mut Notes) {
        if self.framing == Framing::Frames {
            self.frames.feed(chunk, &mut self.picker, notes);
            return;
        }
        let mut rest = chunk;
        while let Some((byte, behind)) = rest.split_first() {
            let was_return = core::mem::take(&mut self.after_return);
            if let b'\n' | b'\r' = byte {
                self.after_return = *byte == b'\r';
                if !was_return || *byte == b'\r' {
                    self.end_line(notes);
                }
                rest = behind;
                continue;
            }
            let taken = match self.line {
                Line::Start if ORDER.contains(byte) => 1,
                Line::Start => {
                    self.line = self.first();
                    0
                }
                Line::Field(came) => {
                    self.line = match FIELD.get(usize::from(came)) {
                        Some(letter) if letter == byte => Line::Field(came + 1),
                        None if *byte == b':' => Line::Data,
                        _ => Line::Other,
                    };
                    1
                }
                Line::Data => self.picker.feed(rest, notes),
                Line::Other => to_line_end(rest),
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// How a line begins.
    const fn first(&self) -> Line {
        match self.framing {
            Framing::Events => Line::Field(0),
            _ => Line::Data,
        }
    }

    fn end_line(&mut self, notes: &mut Notes) {
        match self.framing {
            Framing::Events => {
                match self.line {
                    Line::Start | Line::Field(0) => self.end_event(notes),
                    // Lines of data are joined by a line feed, which is white space.
                    Line::Data => self.picker.end_line(notes),
                    _ => {}
                }
            }
            Framing::Lines => {
                self.picker.end_line(notes);
                self.end_event(notes);
            }
            _ => {
                self.picker.end_line(notes);
                return;
            }
        }
        self.line = self.first();
    }

    fn end_event(&mut self, notes: &mut Notes) {
        if self.picker.is_blank() {
            return;
        }
        if self.picker.is_whole() {
            notes.keep();
        } else {
            notes.forget();
            self.has_broken = true;
        }
        self.picker.reset();
    }

    /// The body ends here, or nothing more of it is read. What is whole counts without the line end that it lacks; of a
    /// single document everything counts that came.
    pub(crate) fn finish(&mut self, notes: &mut Notes) {
        self.picker.finish(notes);
        let counts = match self.framing {
            Framing::Frames => false,
            Framing::Json => {
                !self.picker.is_broken() && !self.picker.is_list() && !self.picker.is_blank()
            }
            Framing::Lines | Framing::Events => self.picker.is_whole(),
        };
        if counts {
            notes.keep();
        } else {
            notes.forget();
        }
    }
}
