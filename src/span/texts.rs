//! The texts of a span, copied out of the request into one buffer: the request is gone when the span ends.

use alloc::string::String;

use crate::config::SpanPlan;
use crate::gate::Request;
use crate::redact;
use crate::target::split_path;

/// The texts of one span.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    buffer: String,
    ends: [u16; PIECES],
    present: u32,
}

/// A text that every span may have; the configured headers follow.
#[derive(Clone, Copy)]
pub(super) enum Piece {
    Method,
    Path,
    Query,
    Host,
    Route,
    Thread,
}

const FIXED: usize = 6;
/// How many request headers may be recorded.
pub(crate) const RECORDED_HEADERS: usize = 16;
const PIECES: usize = FIXED + RECORDED_HEADERS;

/// The longest text that is recorded, in bytes.
const LONGEST: usize = 2048;
/// The longest name of a thread.
const LONGEST_THREAD: usize = 128;
/// All of them together: their ends are told in 16 bits.
const _: () = assert!((PIECES - 1) * LONGEST + LONGEST_THREAD <= u16::MAX as usize);

/// Methods that the conventions know; a caller must not be able to make up names and attributes with others.
const METHODS: [&str; 10] = [
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY",
];

impl Texts {
    pub(super) fn of(request: &Request<'_>, plan: &SpanPlan) -> Self {
        let (path, query) = split_path(request.path);
        let thread = plan
            .thread
            .as_ref()
            .and_then(|name| request.headers.first(name.as_bytes()))
            .filter(|name| is_thread(name));
        // Enough for nearly every request, so that the buffer is allocated once.
        let certain = request.method.len() + request.path.len() + request.host.len();
        let capacity = certain.min(2 * LONGEST)
            + thread.map_or(0, <[u8]>::len)
            + 32
            + 128 * plan.headers.len();
        let mut texts = Self {
            buffer: String::with_capacity(capacity),
            ends: [0; PIECES],
            present: 0,
        };
        texts.put(Piece::Method as usize, Some(request.method));
        texts.put(Piece::Path as usize, Some(path));
        texts.put_query(query, plan);
        texts.put(
            Piece::Host as usize,
            Some(request.host_alone()).filter(|host| !host.is_empty()),
        );
        texts.put(Piece::Route as usize, request.route);
        texts.put(Piece::Thread as usize, thread);
        for (index, name) in plan.headers.iter().enumerate() {
            texts.put(FIXED + index, request.headers.first(name.as_bytes()));
        }
        // What outgrew the guess grew by doubling: a span must not hold twice its texts for as long as it is open.
        if texts.buffer.capacity() > capacity {
            texts.buffer.shrink_to_fit();
        }
        texts
    }

    /// All texts, one behind the other.
    pub(super) const fn all(&self) -> &str {
        self.buffer.as_str()
    }

    pub(super) fn piece(&self, piece: Piece) -> Option<&str> {
        self.text(piece as usize)
    }

    /// The method, if it is one of the conventions'.
    pub(super) fn known_method(&self) -> Option<Option<&'static str>> {
        let method = self.piece(Piece::Method)?;
        Some(METHODS.iter().find(|known| **known == method).copied())
    }

    /// The configured header of this number.
    pub(super) fn header(&self, index: usize) -> Option<&str> {
        self.text(FIXED + index)
    }

    fn text(&self, index: usize) -> Option<&str> {
        if self.present & bit(index) == 0 {
            return None;
        }
        let start = index
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or(0);
        self.buffer
            .get(usize::from(start)..usize::from(*self.ends.get(index)?))
    }

    fn put(&mut self, index: usize, text: Option<&[u8]>) {
        if let Some(text) = text {
            let text = text.get(..LONGEST).unwrap_or(text);
            match core::str::from_utf8(text) {
                Ok(text) => self.buffer.push_str(text),
                // The replacement characters make it longer than it was.
                Err(_) => {
                    let lossy = String::from_utf8_lossy(text);
                    self.buffer.push_str(cut(&lossy));
                }
            }
        }
        self.seal(index, text.is_some());
    }

    fn put_query(&mut self, query: Option<&[u8]>, plan: &SpanPlan) {
        if let Some(query) = query {
            let start = self.buffer.len();
            let query = String::from_utf8_lossy(query.get(..LONGEST).unwrap_or(query));
            redact::query(&query, &plan.query, &mut self.buffer);
            let end = self.buffer.floor_char_boundary(start + LONGEST);
            self.buffer.truncate(end);
        }
        self.seal(Piece::Query as usize, query.is_some());
    }

    /// Ends the text of this number. Texts are put in the order of their numbers, so one ends where the next begins.
    fn seal(&mut self, index: usize, is_present: bool) {
        if let Some(end) = self.ends.get_mut(index) {
            *end = self.buffer.len() as u16;
        }
        if is_present {
            self.present |= bit(index);
        }
    }
}

const fn bit(index: usize) -> u32 {
    1 << index
}

/// The beginning of a text, cut between two characters.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST))
        .unwrap_or(text)
}

/// A thread's name is the caller's: it is taken only if it can do no harm anywhere.
fn is_thread(name: &[u8]) -> bool {
    (1..=LONGEST_THREAD).contains(&name.len())
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
