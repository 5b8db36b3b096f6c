//! The texts of a span, copied out of the request into one buffer: the request is gone when the span ends.

use alloc::string::String;
use alloc::vec::Vec;

use super::Settings;
use crate::bytes;
use crate::redact;
use crate::request::Request;
use crate::request::target::split_path;

/// The texts of one span. Each is UTF-8, and all the same they are bytes: where a piece is cut out of a `str`, both its ends
/// are looked at each time.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    buffer: Vec<u8>,
    pieces: Pieces,
    is_plain: bool,
    method: Option<&'static str>,
    scheme: Option<&'static str>,
}

/// Where each piece ends; it begins where the one before it ends.
#[derive(Clone, Copy, Debug, Default)]
struct Pieces {
    ends: [u16; PIECES],
    present: u32,
}

impl Pieces {
    /// Whether each of the first so many is UTF-8, and not all of them together alone: of two side by side each may be half
    /// of a character.
    fn are_utf8(&self, buffer: &[u8], count: usize) -> bool {
        let mut ends = self.ends.iter().take(count).map(|end| usize::from(*end));
        core::str::from_utf8(buffer).is_ok_and(|text| ends.all(|end| text.is_char_boundary(end)))
    }
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
    State,
}

const FIXED: usize = 7;
/// How many request headers may be recorded.
pub(crate) const RECORDED_HEADERS: usize = 16;
const PIECES: usize = FIXED + RECORDED_HEADERS;

/// The longest text that is recorded, in bytes.
const LONGEST: usize = 2048;
/// The longest name of a thread.
const LONGEST_THREAD: usize = 128;
/// All of them together: their ends are told in 16 bits.
const _: () = assert!((PIECES - 1) * LONGEST + LONGEST_THREAD <= u16::MAX as usize);

/// The methods that the conventions know; a caller must not be able to make up names and attributes with others.
const fn known_method(method: &[u8]) -> Option<&'static str> {
    Some(match method {
        b"GET" => "GET",
        b"POST" => "POST",
        b"PUT" => "PUT",
        b"PATCH" => "PATCH",
        b"DELETE" => "DELETE",
        b"HEAD" => "HEAD",
        b"OPTIONS" => "OPTIONS",
        b"CONNECT" => "CONNECT",
        b"TRACE" => "TRACE",
        b"QUERY" => "QUERY",
        _ => return None,
    })
}

const fn known_scheme(scheme: &[u8]) -> Option<&'static str> {
    match scheme {
        b"http" => Some("http"),
        b"https" => Some("https"),
        _ => None,
    }
}

impl Texts {
    /// `state` is the tracestate of the span, which may be empty.
    pub(super) fn of(
        request: &Request<'_>,
        plan: &Settings,
        thread: Option<&[u8]>,
        state: &[u8],
    ) -> Self {
        let mut written = Writer::write(request, plan, thread, state, false);
        let is_plain = bytes::is_plain(&written.buffer);
        let count = FIXED + plan.headers.len();
        if !is_plain && !written.pieces.are_utf8(&written.buffer, count) {
            written = Writer::write(request, plan, thread, state, true);
        }
        Self {
            buffer: written.buffer,
            pieces: written.pieces,
            is_plain,
            method: known_method(request.method),
            scheme: known_scheme(request.scheme),
        }
    }

    /// Whether none of them needs escaping in any notation.
    pub(super) const fn are_plain(&self) -> bool {
        self.is_plain
    }

    /// The method, if it is one of the conventions'.
    pub(super) const fn method(&self) -> Option<&'static str> {
        self.method
    }

    /// The scheme, if it is one of HTTP.
    pub(super) const fn scheme(&self) -> Option<&'static str> {
        self.scheme
    }

    pub(super) fn piece(&self, piece: Piece) -> Option<&[u8]> {
        self.text(piece as usize)
    }

    /// The configured header of this number.
    pub(super) fn header(&self, index: usize) -> Option<&[u8]> {
        self.text(FIXED + index)
    }

    fn text(&self, index: usize) -> Option<&[u8]> {
        let Pieces { ends, present } = &self.pieces;
        if present & bit(index) == 0 {
            return None;
        }
        let before = index.checked_sub(1).and_then(|before| ends.get(before));
        let start = before.copied().unwrap_or(0);
        self.buffer
            .get(usize::from(start)..usize::from(*ends.get(index)?))
    }
}

/// Copies the texts of a request.
struct Writer {
    buffer: Vec<u8>,
    pieces: Pieces,
    /// Whether what is no UTF-8 is replaced. Nearly always it is, so that this is asked of all texts at once.
    mends: bool,
}

impl Writer {
    fn write(
        request: &Request<'_>,
        plan: &Settings,
        thread: Option<&[u8]>,
        state: &[u8],
        mends: bool,
    ) -> Self {
        let (path, query) = split_path(request.path);
        // Enough for nearly every request, so that the buffer is allocated once.
        let certain = request.method.len() + request.path.len() + request.host.len();
        let capacity = certain.min(2 * LONGEST)
            + thread.map_or(0, <[u8]>::len)
            + state.len()
            + 32
            + 128 * plan.headers.len();
        let mut writer = Self {
            buffer: Vec::with_capacity(capacity),
            pieces: Pieces::default(),
            mends,
        };
        writer.put(Piece::Method as usize, Some(request.method));
        writer.put(Piece::Path as usize, Some(path));
        writer.put_query(query, plan);
        writer.put(
            Piece::Host as usize,
            Some(request.host_alone()).filter(|host| !host.is_empty()),
        );
        writer.put(Piece::Route as usize, request.route);
        writer.put(Piece::Thread as usize, thread);
        let state = Some(state).filter(|state| !state.is_empty());
        writer.put(Piece::State as usize, state);
        for (index, name) in plan.headers.iter().enumerate() {
            writer.put(FIXED + index, request.headers.first(name.as_bytes()));
        }
        // What outgrew the guess grew by doubling: a span must not hold twice its texts for as long as it is open.
        if writer.buffer.capacity() > capacity {
            writer.buffer.shrink_to_fit();
        }
        writer
    }

    #[inline]
    fn put(&mut self, index: usize, text: Option<&[u8]>) {
        let start = self.buffer.len();
        if let Some(text) = text {
            self.buffer.extend_from_slice(beginning(text));
        }
        self.seal(index, start, text.is_some());
    }

    fn put_query(&mut self, query: Option<&[u8]>, plan: &Settings) {
        let start = self.buffer.len();
        if let Some(query) = query {
            redact::query(beginning(query), &plan.query, &mut self.buffer);
            self.buffer.truncate(start + LONGEST);
        }
        self.seal(Piece::Query as usize, start, query.is_some());
    }

    /// Ends the text of this number. Texts are put in the order of their numbers, so one ends where the next begins.
    fn seal(&mut self, index: usize, start: usize, is_present: bool) {
        if self.mends {
            self.mend(start);
        }
        if let Some(end) = self.pieces.ends.get_mut(index) {
            *end = self.buffer.len() as u16;
        }
        self.pieces.present |= u32::from(is_present) << index;
    }

    /// Replaces what is no UTF-8 in the text that begins there.
    #[cold]
    fn mend(&mut self, start: usize) {
        let text = self.buffer.split_off(start);
        let text = String::from_utf8_lossy(&text);
        // The replacement characters make it longer than it was.
        let end = text.floor_char_boundary(LONGEST);
        self.buffer
            .extend_from_slice(text.as_bytes().get(..end).unwrap_or_default());
    }
}

fn beginning(text: &[u8]) -> &[u8] {
    text.get(..LONGEST).unwrap_or(text)
}

const fn bit(index: usize) -> u32 {
    1 << index
}

/// A thread's name is the caller's: it is taken only if it can do no harm anywhere.
pub(super) fn is_thread(name: &[u8]) -> bool {
    (1..=LONGEST_THREAD).contains(&name.len())
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
