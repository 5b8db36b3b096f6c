//! gRPC and gRPC-Web: what a client speaks, where the status of its call is, and how a response of ours must look.
//!
//! ```text
//! application/grpc[+suffix]            status in the trailers, or in the headers of a response without a body
//! application/grpc-web[+suffix]        status in the last frame of the body, or in the headers
//! application/grpc-web-text[+suffix]   the same, the body in base64
//! frame   = flag length content        ; one byte, four bytes of the highest first; flag 0x80 has trailers
//! content = *( name ":" value CRLF )   ; as HTTP/1 spells headers
//! ```
//! <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>, <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md>

use alloc::vec::Vec;

use crate::request::{is_name, trim};

/// What a gRPC client speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rpc {
    /// gRPC over HTTP/2.
    Grpc,
    /// gRPC-Web, as a browser speaks it.
    Web,
    /// gRPC-Web with bodies in base64.
    WebText,
}

impl Rpc {
    /// The header, or the trailer, that has the status of a call.
    pub const STATUS: &'static str = "grpc-status";
    /// The header that says it in words.
    pub const MESSAGE: &'static str = "grpc-message";
    /// As much of the end of a chunk as [`status_in`](Self::status_in) looks at.
    pub const TAIL: usize = 2048;

    /// What the client speaks that sends this `content-type`.
    #[must_use]
    pub fn of(media: &[u8]) -> Option<Self> {
        let kind = media
            .split_at_checked(GRPC.len())
            .filter(|(start, _)| is_name(start, GRPC));
        let rest = kind?.1;
        let end = rest.iter().position(|byte| b"+; \t".contains(byte));
        let kind = rest.get(..end.unwrap_or(rest.len()))?;
        KINDS
            .iter()
            .find(|(known, _)| is_name(kind, known))
            .map(|(_, rpc)| *rpc)
    }

    /// Whether the body of a response has its status.
    #[must_use]
    pub const fn is_web(self) -> bool {
        !matches!(self, Self::Grpc)
    }

    /// The `content-type` of a response of ours.
    #[must_use]
    pub const fn media(self) -> &'static str {
        match self {
            Self::Grpc => "application/grpc",
            Self::Web => "application/grpc-web+proto",
            Self::WebText => "application/grpc-web-text+proto",
        }
    }

    /// A status as headers and trailers have it.
    #[must_use]
    pub fn status(text: &[u8]) -> Option<u32> {
        let text = core::str::from_utf8(text).ok()?;
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_number)
    }

    /// The status in a chunk of the response, if the frame of trailers ends with it. A frame that comes in pieces is not found.
    #[must_use]
    pub fn status_in(self, chunk: &[u8]) -> Option<u32> {
        match self {
            Self::Grpc => None,
            Self::Web => in_frames(chunk),
            Self::WebText => {
                let start = chunk
                    .windows(TRAILERS_TEXT.len())
                    .rposition(|four| four == TRAILERS_TEXT);
                in_frames(&decoded(chunk.get(start?..)?))
            }
        }
    }
}

/// The last frame of these, if it has trailers.
fn in_frames(bytes: &[u8]) -> Option<u32> {
    let starts = (0..bytes.len()).filter(|at| bytes.get(*at) == Some(&TRAILERS));
    starts
        .filter_map(|at| in_frame(bytes.get(at + 1..)?))
        .next()
}

/// The status in a frame behind its flag. Its length says whether it is one.
fn in_frame(frame: &[u8]) -> Option<u32> {
    let (length, content) = frame.split_first_chunk()?;
    if u32::from_be_bytes(*length) as usize != content.len() {
        return None;
    }
    content.split(|byte| *byte == b'\n').find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let value = value.strip_prefix(b":")?;
        let value = value.strip_suffix(b"\r").unwrap_or(value);
        is_name(name, Rpc::STATUS.as_bytes()).then(|| Rpc::status(trim(value)))?
    })
}

/// Base64 up to its padding, or to what is none.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut count) = (0_u16, 0_u8);
    for byte in text {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => break,
        };
        bits = bits << 6 | u16::from(digit);
        count += 6;
        if let Some(over) = count.checked_sub(8) {
            count = over;
            bytes.push((bits >> over) as u8);
        }
    }
    bytes
}

/// How the media types of all of them begin, and what comes then.
const GRPC: &[u8] = b"application/grpc";
const KINDS: [(&[u8], Rpc); 3] = [
    (b"", Rpc::Grpc),
    (b"-web", Rpc::Web),
    (b"-web-text", Rpc::WebText),
];
/// The flag of a frame of trailers.
const TRAILERS: u8 = 0x80;
/// How such a frame of less than 64 KiB begins in base64.
const TRAILERS_TEXT: &[u8] = b"gAAA";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_type_tells_grpc_from_grpc_web() {
        for (media, wanted) in [
            ("application/grpc", Some(Rpc::Grpc)),
            ("Application/GRPC+proto", Some(Rpc::Grpc)),
            ("application/grpc; charset=utf-8", Some(Rpc::Grpc)),
            ("application/grpc-web", Some(Rpc::Web)),
            ("application/grpc-web+json", Some(Rpc::Web)),
            ("application/grpc-web-text", Some(Rpc::WebText)),
            ("application/grpc-web-text+proto", Some(Rpc::WebText)),
            ("application/grpc-websocket", None),
            ("application/grpcweb", None),
            ("application/json", None),
            ("", None),
        ] {
            assert_eq!(Rpc::of(media.as_bytes()), wanted, "{media}");
        }
    }

    #[test]
    fn media_of_a_response_is_of_the_kind_of_the_request() {
        for rpc in [Rpc::Grpc, Rpc::Web, Rpc::WebText] {
            assert_eq!(Rpc::of(rpc.media().as_bytes()), Some(rpc));
        }
    }

    #[test]
    fn status_is_read_from_the_last_frame() {
        const FRAME: &[u8] = b"\x80\0\0\0\x1egrpc-status:0\r\ngrpc-message:\r\n";
        let message = b"\0\0\0\0\x05hello";
        let behind_a_message = [&message[..], FRAME].concat();
        for (rpc, chunk, wanted, why) in [
            (Rpc::Web, FRAME, Some(0), "as Envoy sends it"),
            (Rpc::Web, &behind_a_message, Some(0), "behind a message"),
            (
                Rpc::Web,
                b"\x80\0\0\0\x0fGrpc-Status: 14",
                Some(14),
                "in other letters",
            ),
            (
                Rpc::Web,
                b"\x80\0\0\0\x0fgrpc-status: -1",
                None,
                "no number",
            ),
            (Rpc::Web, b"\x80\0\0\0\x0egrpc-message:a", None, "no status"),
            (Rpc::Web, &FRAME[..20], None, "cut off"),
            (Rpc::Web, message, None, "a message"),
            (Rpc::Web, b"", None, "nothing"),
            (
                Rpc::WebText,
                b"gAAAAB5ncnBjLXN0YXR1czowDQpncnBjLW1lc3NhZ2U6DQo=",
                Some(0),
                "in base64",
            ),
            (
                Rpc::WebText,
                b"AAAAAAVoZWxsbw==gAAAAA9ncnBjLXN0YXR1czogMTQ=",
                Some(14),
                "behind a message",
            ),
            (Rpc::WebText, b"AAAAAAVoZWxsbw==", None, "a message"),
            (Rpc::WebText, FRAME, None, "no base64"),
            (Rpc::Grpc, FRAME, None, "gRPC has trailers"),
        ] {
            assert_eq!(rpc.status_in(chunk), wanted, "{why}");
        }
    }
}
