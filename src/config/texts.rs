//! Checks of the texts in a document. A check returns what is wrong; the walk adds the place and the text.

use core::net::{Ipv4Addr, Ipv6Addr};

use uuid::Uuid;

use crate::format::FORMATS;
use crate::format::foreign::is_foreign;
use crate::policy::{Cidr, LONGEST_HOST, Pattern};
use crate::redact;
use crate::request::has_control;
use crate::span::NameTemplate;

type Checked = Result<(), &'static str>;

pub(super) fn any(text: &str) -> Checked {
    ensure(!has_control(text.as_bytes()), "holds a control character")
}

pub(super) fn filled(text: &str) -> Checked {
    ensure(!is_blank(text), "is empty")?;
    any(text)
}

/// The name of a backend, which is part of the names of counters.
pub(super) fn name(text: &str) -> Checked {
    let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    ensure(
        (1..=32).contains(&text.len()) && text.bytes().all(fits),
        "is not 1 to 32 of a-z, 0-9, _ and -",
    )
}

/// The name of a rule, which is part of the paths of errors.
pub(super) fn rule(text: &str) -> Checked {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    ensure(
        (1..=64).contains(&text.len()) && text.bytes().all(fits),
        "is not 1 to 64 letters, digits, _ and -",
    )
}

/// The name of a variable of the environment. The check finds secrets written here by mistake.
pub(super) fn variable(text: &str) -> Checked {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    ensure(
        !text.is_empty()
            && !text.starts_with(|first: char| first.is_ascii_digit())
            && text.bytes().all(fits),
        "is not the name of a variable, like OPIK_API_KEY",
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
    let lower = text.bytes().any(|byte| byte.is_ascii_lowercase());
    ensure(!lower, "is not in upper case, as methods are")
}

pub(super) fn header(text: &str) -> Checked {
    ensure(!text.starts_with(':'), "is a pseudo-header")?;
    token(text)
}

pub(super) fn header_value(text: &str) -> Checked {
    ensure(!is_blank(text), "is empty")?;
    let fits = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    ensure(fits, "holds a character that no header can carry")
}

/// A header that a span may record.
pub(super) fn recordable(text: &str) -> Checked {
    header(text)?;
    let name = text.to_ascii_lowercase();
    let secret = redact::is_secret(&name);
    ensure(!secret, "is a header of secrets, which are never recorded")?;
    // Only the rule decides whether a span keeps the ids of an untrusted client.
    ensure(!is_trace_header(&name), "is a trace header")
}

/// A header that proves trust: it is removed before the request goes upstream, so no other part may need it.
pub(super) fn proof(text: &str) -> Checked {
    header(text)?;
    own(text)
}

pub(super) fn response_header(text: &str) -> Checked {
    header(text)?;
    own(text)?;
    let upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
    ensure(!upper, "is not in lower case")
}

/// A header that is removed unless it is named.
pub(super) fn foreign(text: &str) -> Checked {
    header(text)?;
    ensure(
        is_foreign(text.as_bytes()),
        "is not a trace header of another vendor, like sentry-trace",
    )
}

/// A header that a backend is called with.
pub(super) fn call_header(text: &str) -> Checked {
    header(text)?;
    ensure(!is_framing(text), "belongs to HTTP itself")
}

fn own(text: &str) -> Checked {
    ensure(
        !is_trace_header(&text.to_ascii_lowercase()),
        "is a trace header",
    )?;
    ensure(!is_framing(text), "belongs to HTTP itself")
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
    ensure(
        name.parse::<Ipv6Addr>().is_err(),
        "is an IPv6 address without the brackets that it has in requests",
    )?;
    let port = name.rsplit_once(':').map_or("", |(_, port)| port);
    ensure(
        port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()),
        "holds a port, which is not looked at",
    )?;
    let is_wild = name.len() < text.len();
    let address = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .filter(|_| !is_wild);
    let bare = name.strip_suffix('.').unwrap_or(name);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_host = match address {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !bare.is_empty() && bare.bytes().all(fits),
    };
    ensure(is_host, "is not a host")?;
    ensure(text.len() <= LONGEST_HOST, "is longer than any host")
}

pub(super) fn cidr(text: &str) -> Checked {
    Cidr::parse(text).map(|_| ())
}

pub(super) fn pattern(text: &str) -> Checked {
    any(text)?;
    Pattern::parse(text).map(|_| ())
}

pub(super) fn template(text: &str) -> Checked {
    any(text)?;
    NameTemplate::parse(text).map(|_| ())
}

pub(super) fn url(text: &str) -> Checked {
    let rest = after_scheme(text).ok_or("does not begin with http:// or https://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    ensure(
        !authority.contains('@'),
        "contains a user or a password; a credential belongs in a secret of the host, not in a URL",
    )?;
    ensure(
        !rest.contains(['?', '#', '\\']),
        "contains ?, # or \\; a URL ends with its path here",
    )?;
    ensure(
        text.bytes().all(|byte| (b'!'..=b'~').contains(&byte)),
        "holds a character that no URL can carry",
    )?;
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (authority, None),
    };
    ensure(is_reachable(name), "has no valid host")?;
    ensure(port.is_none_or(is_port), "has no valid port")
}

/// What follows the scheme of a URL. A scheme is the same in capital letters.
fn after_scheme(url: &str) -> Option<&str> {
    ["http://", "https://"].iter().find_map(|scheme| {
        let (begin, rest) = url.split_at_checked(scheme.len())?;
        begin.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

/// Whether a host can be called. One whose last label is a number is an IPv4 address or nothing.
fn is_reachable(name: &str) -> bool {
    let bare = name.strip_suffix('.').unwrap_or(name);
    let last = bare.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    let has_labels = bare.split('.').all(|label| !label.is_empty());
    !name.contains('*')
        && host(name).is_ok()
        && (name.starts_with('[') || has_labels)
        && (!is_number || bare.parse::<Ipv4Addr>().is_ok())
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

pub(super) fn uuid(text: &str) -> Checked {
    ensure(
        text.len() == 36 && Uuid::try_parse(text).is_ok(),
        "is not a dashed UUID",
    )
}

/// The milliseconds of a duration like `5s`, `0.25s` or `250ms`.
pub(super) fn millis(text: &str) -> Option<u32> {
    let unit = |(unit, millis): &(&str, u64)| Some((text.strip_suffix(unit)?, *millis));
    let (number, millis) = UNITS.iter().find_map(unit)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let scale = [0, 100, 10, 1].get(fraction.len()).copied()?;
    let thousandths = u64::from(digits(whole)?) * 1_000 + u64::from(digits(fraction)?) * scale;
    let total = thousandths * millis;
    (total % 1_000 == 0).then(|| u32::try_from(total / 1_000).ok())?
}

/// Units of time in milliseconds. A unit that is the end of another one follows it.
static UNITS: [(&str, u64); 3] = [("ms", 1), ("s", 1_000), ("m", 60_000)];

/// Digits and nothing else.
fn digits(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// Whether there is nothing to be read.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// Whether a header is one of a known format.
fn is_trace_header(name: &str) -> bool {
    FORMATS
        .iter()
        .flat_map(|format| format.headers)
        .any(|header| match header.name.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == header.name,
        })
}

/// Whether a header controls the target, the length or the transport of a message.
fn is_framing(name: &str) -> bool {
    FRAMING.iter().any(|known| known.eq_ignore_ascii_case(name))
}

static FRAMING: [&str; 13] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

const fn ensure(holds: bool, otherwise: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(otherwise) }
}
