//! What texts of a document must look like. A check says what is wrong; the walk says where.

use uuid::Uuid;

use crate::format::FORMATS;
use crate::headers::has_control;
use crate::policy::{Cidr, Pattern};
use crate::redact;
use crate::span::NameTemplate;

type Checked = Result<(), &'static str>;

pub(super) fn any(text: &str) -> Checked {
    ensure(!has_control(text.as_bytes()), "holds a control character")
}

pub(super) fn filled(text: &str) -> Checked {
    ensure(!text.trim().is_empty(), "is empty")?;
    any(text)
}

/// A name that stands in the names of counters or in places of faults.
pub(super) fn name(text: &str) -> Checked {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    ensure(
        (1..=64).contains(&text.len()) && text.bytes().all(fits),
        "is not 1 to 64 of a-z, 0-9, _ and -",
    )
}

pub(super) fn token(text: &str) -> Checked {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    ensure(
        !text.is_empty() && text.bytes().all(fits),
        "is not a token of HTTP",
    )
}

pub(super) fn method(text: &str) -> Checked {
    token(text)?;
    ensure(
        !text.bytes().any(|byte| byte.is_ascii_lowercase()),
        "is not in upper case, as methods are",
    )
}

pub(super) fn header(text: &str) -> Checked {
    ensure(!text.starts_with(':'), "is a pseudo-header")?;
    token(text)
}

pub(super) fn header_value(text: &str) -> Checked {
    ensure(!text.is_empty(), "is empty")?;
    let fits = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    ensure(fits, "holds a character that no header can carry")
}

/// A header that may stand in a span.
pub(super) fn recordable(text: &str) -> Checked {
    header(text)?;
    let secret = redact::is_secret(&text.to_ascii_lowercase());
    ensure(!secret, "is a header of secrets, which are never recorded")
}

pub(super) fn response_header(text: &str) -> Checked {
    header(text)?;
    let name = text.to_ascii_lowercase();
    ensure(!is_trace_header(&name), "is a trace header")?;
    ensure(!FRAMING.contains(&name.as_str()), "belongs to HTTP itself")
}

pub(super) fn path(text: &str) -> Checked {
    ensure(text.starts_with('/'), "does not begin with /")?;
    ensure(
        !text.contains(['?', '#']),
        "holds a query, which is not looked at",
    )?;
    any(text)
}

pub(super) fn host(text: &str) -> Checked {
    let name = text.strip_prefix("*.").unwrap_or(text);
    ensure(
        !name.contains('*'),
        "may hold a * only in *. at its beginning",
    )?;
    ensure(!name.contains('/'), "is not a host")?;
    let port = name
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    ensure(
        !port || name.ends_with(']'),
        "holds a port, which is not looked at",
    )?;
    filled(name)
}

pub(super) fn cidr(text: &str) -> Checked {
    Cidr::parse(text).map(|_| ())
}

pub(super) fn pattern(text: &str) -> Checked {
    Pattern::parse(text).map(|_| ())
}

pub(super) fn template(text: &str) -> Checked {
    any(text)?;
    NameTemplate::parse(text).map(|_| ())
}

pub(super) fn url(text: &str) -> Checked {
    let rest = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    let rest = rest.ok_or("does not begin with http:// or https://")?;
    let authority = rest.split('/').next().unwrap_or_default();
    ensure(!authority.is_empty(), "has no host")?;
    ensure(
        !authority.contains('@'),
        "holds a user, which belongs into api_key_env",
    )?;
    ensure(!rest.contains(['?', '#']), "holds a query")?;
    ensure(
        text.bytes().all(|byte| (b'!'..=b'~').contains(&byte)),
        "holds a character that no URL can carry",
    )
}

pub(super) fn uuid(text: &str) -> Checked {
    ensure(
        text.len() == 36 && Uuid::try_parse(text).is_ok(),
        "is not a dashed UUID",
    )
}

/// Whether a header is one of a known format.
pub(super) fn is_trace_header(name: &str) -> bool {
    FORMATS
        .iter()
        .flat_map(|format| format.headers)
        .any(|header| match header.name.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == header.name,
        })
}

/// Headers that say where a message ends or how it travels.
const FRAMING: [&str; 9] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "te",
    "transfer-encoding",
    "upgrade",
];

const fn ensure(holds: bool, otherwise: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(otherwise) }
}
