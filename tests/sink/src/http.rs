//! The part of HTTP/1.1 messages that a receiver needs.

use core::fmt::Write as _;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) length: Length,
    pub(crate) keeps: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    Known(u64),
    Chunked,
}

pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Why a request or its body could not be read.
pub(crate) enum Trouble {
    Refuse(u16, &'static str),
    Gone(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// A value of the query. No value that this server uses needs percent-decoding.
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value)
    }
}

impl Response {
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn of(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::empty(status)
            .with("content-type", kind)
            .holding(body.into())
    }

    pub(crate) fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::of(status, "application/json", value.to_string())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn holding(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }
}

/// Status line and headers of a response with `content-length: length`.
pub(crate) fn start(response: &Response, length: usize, keeps: bool) -> Vec<u8> {
    let mut head = format!(
        "HTTP/1.1 {} {}\r\n",
        response.status,
        phrase(response.status)
    );
    for (name, value) in &response.headers {
        // Writing to a string cannot fail.
        let _ = write!(head, "{name}: {value}\r\n");
    }
    // A 204 has no body and no `content-length` (RFC 9110, 8.6).
    if response.status != 204 {
        let _ = write!(head, "content-length: {length}\r\n");
    }
    head.push_str(if keeps {
        "\r\n"
    } else {
        "connection: close\r\n\r\n"
    });
    head.into_bytes()
}

/// Decompresses a body to at most `most` bytes, or returns the reason why it cannot.
pub(crate) fn decode(
    request: &Request,
    body: Vec<u8>,
    most: u64,
) -> Result<Vec<u8>, (u16, &'static str)> {
    match request.header("content-encoding") {
        None | Some("" | "identity") => Ok(body),
        Some("gzip") => {
            let mut plain = Vec::new();
            let read = MultiGzDecoder::new(body.as_slice())
                .take(most.saturating_add(1))
                .read_to_end(&mut plain);
            match read.map(u64::try_from) {
                Ok(Ok(length)) if length <= most => Ok(plain),
                Ok(_) => Err((413, "the body is too large when decompressed")),
                Err(_) => Err((400, "the body is not gzip")),
            }
        }
        Some(_) => Err((415, "content-encoding: only gzip is read")),
    }
}

pub(crate) fn length(request: &Request) -> Result<Length, Trouble> {
    match (
        request.header("transfer-encoding"),
        request.header("content-length"),
    ) {
        (None, None) => Ok(Length::Known(0)),
        (None, Some(text)) => {
            let length = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            let length = length.and_then(|text| text.parse().ok());
            length
                .map(Length::Known)
                .ok_or(Trouble::Refuse(400, "content-length is no number"))
        }
        (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => Ok(Length::Chunked),
        // Both at once allow request smuggling (RFC 9112, 6.3).
        (Some(_), _) => Err(Trouble::Refuse(
            400,
            "transfer-encoding is not just chunked",
        )),
    }
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        303 => "See Other",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Answered",
    }
}
