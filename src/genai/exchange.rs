//! One request and its answer, as their bytes pass.

mod ahead;

use alloc::boxed::Box;

use super::api::{ModelApi, Says, wanted, without_address};
use super::decode::{Flow, Framing, Inflater, Packing, framing, packing};
use super::findings::{Findings, Status};
use super::json::{Mark, Notes, Row, Text};
use super::reader::DocumentReader;
use crate::time::Time;

/// How much of a body without events is scanned.
const CAP: u32 = 8 << 20;

/// What reads one exchange. Large: to be put into a box once, and dropped when the span ends.
#[derive(Clone, Debug)]
pub struct Exchange {
    dialect: ModelApi,
    notes: Notes,
    reader: DocumentReader,
    inflater: Option<Box<Inflater>>,
    /// How many bytes of the body that is being read were scanned.
    scanned: u32,
    /// Whether it has any.
    has_body: bool,
    /// What the body that is being read is to us.
    body: Body,
    /// More of the request came than is read ahead, and no parent.
    is_late: bool,
    /// The answer has begun.
    answering: bool,
}

/// What can be done with a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Body {
    /// Nothing was said of it.
    Unknown,
    /// It is read.
    Read,
    /// Its type is none that is read, or it is not what its encoding says.
    Unread,
    /// Its encoding is none that is read.
    Encoded,
    /// More of it came than is read.
    Capped,
}

impl Exchange {
    /// The exchange that a request begins.
    #[must_use]
    pub fn new(dialect: ModelApi, path: &[u8]) -> Self {
        let mut notes = Notes::new();
        let mut model = [0; 128];
        if let Some(model) = dialect.model(path).and_then(|raw| decoded(raw, &mut model)) {
            notes.name(Text::RequestModel, model);
            notes.keep();
        }
        Self {
            dialect,
            notes,
            reader: DocumentReader::new(Framing::Json, dialect.documents().request, false),
            inflater: None,
            scanned: 0,
            has_body: false,
            body: Body::Unknown,
            is_late: false,
            answering: false,
        }
    }

    /// What the request says of its body.
    pub fn request_headers(&mut self, content_type: &[u8], content_encoding: &[u8]) {
        let framing = framing(content_type).filter(|framing| *framing == Framing::Json);
        let packing = packing(content_encoding);
        self.begin(framing, packing, self.dialect.documents().request);
    }

    /// The names of the headers of an answer that say something to it.
    pub fn wanted(&self) -> impl Iterator<Item = &'static str> + use<> {
        wanted(self.dialect.api).map(|(name, ..)| *name)
    }

    /// The status of the answer, and what these headers say, in their order; nothing where one is not there. An interim
    /// answer is none.
    pub fn response_headers(
        &mut self,
        status: u16,
        said: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) {
        if (100..200).contains(&status) {
            return;
        }
        self.end_request();
        if status >= 400 {
            self.notes.mark(Mark::Failed);
        }
        let (mut found_framing, mut found_packing) = (None, Some(None));
        for ((.., says), value) in wanted(self.dialect.api).zip(said) {
            match says {
                Says::Type => found_framing = framing(value.as_ref()),
                Says::Packing => found_packing = packing(value.as_ref()),
                Says::Error => self
                    .notes
                    .word(Text::ErrorCode, without_address(value.as_ref())),
                Says::Count(count) => self.notes.header(*count, value.as_ref()),
            }
        }
        self.notes.keep();
        self.begin_answer(found_framing, found_packing);
    }

    fn begin_answer(&mut self, framing: Option<Framing>, packing: Packing) {
        self.answering = true;
        self.notes.begin_answer();
        let root = match framing {
            Some(Framing::Json) | None => self.dialect.documents().body,
            _ => self.dialect.documents().event,
        };
        self.begin(framing, packing, root);
    }

    /// A piece of the answer's body, and when it came.
    pub fn response_chunk(&mut self, chunk: &[u8], now: Time) {
        if self.answering {
            self.notes.set_time(now);
            self.scan(chunk);
        }
    }

    /// The exchange is over. `is_complete` says whether the answer was sent to its end, as HTTP knows it.
    #[must_use]
    pub fn end(mut self, is_complete: bool) -> Findings {
        if self.answering {
            self.reader.finish(&mut self.notes);
        } else {
            self.end_request();
        }
        let by_headers = self.notes.settle();
        let status = self.status(is_complete, by_headers);
        let streamed = self.answering && self.body != Body::Unread && self.reader.is_stream();
        Findings::new(self.dialect, self.notes, status, streamed)
    }

    fn begin(&mut self, framing: Option<Framing>, packing: Packing, root: &'static Row) {
        self.scanned = 0;
        self.has_body = false;
        self.inflater = None;
        let Some(framing) = framing else {
            self.body = Body::Unread;
            return;
        };
        let is_wrapped = self.dialect.api.wraps_events;
        self.reader = DocumentReader::new(framing, root, is_wrapped);
        self.body = Body::Read;
        match packing {
            None => self.body = Body::Encoded,
            Some(None) => {}
            Some(Some(wrapping)) => self.inflater = Some(Inflater::new(wrapping)),
        }
    }

    fn end_request(&mut self) {
        if !self.answering {
            self.reader.finish(&mut self.notes);
        }
    }

    fn scan(&mut self, chunk: &[u8]) {
        let Self {
            reader,
            notes,
            inflater,
            scanned,
            has_body,
            body,
            ..
        } = self;
        *has_body |= !chunk.is_empty();
        if *body != Body::Read {
            return;
        }
        let is_capped = reader.framing() == Framing::Json;
        let room = if is_capped {
            CAP.saturating_sub(*scanned)
        } else {
            u32::MAX
        };
        let mut left = room as usize;
        let mut read = |plain: &[u8]| {
            *scanned = scanned.saturating_add(plain.len() as u32);
            let plain = plain.get(..left).unwrap_or(plain);
            left -= plain.len();
            reader.feed(plain, notes);
        };
        let flow = match inflater {
            None => {
                read(chunk);
                Flow::On
            }
            Some(inflater) => inflater.feed(chunk, room, &mut read),
        };
        match flow {
            Flow::Broken => *body = Body::Unread,
            Flow::Capped => *body = Body::Capped,
            Flow::On if is_capped && *scanned > CAP => *body = Body::Capped,
            Flow::On => {}
        }
    }

    fn status(&self, is_complete: bool, by_headers: bool) -> Status {
        let notes = &self.notes;
        if notes.has(Mark::Failed) {
            return Status::Error;
        }
        if !self.answering {
            return Status::Partial;
        }
        match self.body {
            // What headers count is the whole answer's, whether or not its body could be read.
            _ if by_headers && is_complete => return Status::Reported,
            // An answer without a body needs no type.
            _ if !self.has_body && is_complete => return Status::Absent,
            _ if !self.has_body => return Status::Partial,
            Body::Encoded => return Status::Encoded,
            Body::Capped => return Status::Capped,
            Body::Unknown | Body::Unread => return Status::Error,
            Body::Read => {}
        }
        let is_whole = self.reader.is_whole();
        let is_nothing = !notes.is_kept() && !is_whole && (is_complete || self.reader.has_broken());
        if is_nothing || self.reader.is_lost() {
            return Status::Error;
        }
        let finish_ends = self.dialect.api.is_ended_by_finish;
        // What blocks a prompt ends the answer as well.
        let mut finish = notes.finish_reasons().chain(notes.text(Text::ErrorName));
        let is_ended = is_whole || notes.has(Mark::Ended) || finish_ends && finish.next().is_some();
        match (is_ended, notes.has_counts()) {
            (true, true) => Status::Reported,
            (true, false) => Status::Absent,
            (false, _) => Status::Partial,
        }
    }
}

/// A piece of a path without its percent signs, if it is short enough for a name.
fn decoded<'o>(raw: &[u8], out: &'o mut [u8; 128]) -> Option<&'o [u8]> {
    let mut rest = raw;
    let mut length = 0;
    while let Some((byte, behind)) = rest.split_first() {
        let (byte, behind) = match behind {
            [high, low, behind @ ..] if *byte == b'%' => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, behind),
                _ => (*byte, behind_of(rest)),
            },
            _ => (*byte, behind),
        };
        *out.get_mut(length)? = byte;
        length += 1;
        rest = behind;
    }
    out.get(..length)
}

fn behind_of(rest: &[u8]) -> &[u8] {
    rest.get(1..).unwrap_or_default()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}
