//! Laws that hold for any bytes, stated as assertions. The fuzz targets feed them random input, ordinary tests feed them
//! the seeds of those targets and what proptest thinks of; a fault found by one is found by all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a law that does not hold must stop the test"
)]
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each test and each fuzz target takes a part of it"
)]

mod apply;
mod bodies;
mod fair;
mod gates;
mod lists;
mod one_format;

pub(crate) use apply::{Owned, apply};
pub(crate) use bodies::hold as bodies;
pub(crate) use gates::{LOOKED_AT, SAID, config, forwarding, keeping_back};
pub(crate) use lists::members;

use gatespan::Time;

/// The moment of every request here.
pub(crate) const NOW: Time = Time::from_millis(1_772_446_530_125);

/// Lines `name: value`, as raw bytes: what each format makes of them, and what whole gates do.
pub(crate) fn headers(data: &[u8]) {
    hold(&lines(data));
}

/// The same for headers however they were made.
pub(crate) fn hold(came: &Owned) {
    one_format::hold(came);
    gates::hold(came);
}

/// A line a header: the name up to the first colon, the value behind one space. Lines without a name are none.
pub(crate) fn lines(data: &[u8]) -> Owned {
    data.split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (name, value) = (&line[..colon], &line[colon + 1..]);
            let value = value.strip_prefix(b" ").unwrap_or(value);
            (!name.is_empty()).then(|| (name.to_vec(), value.to_vec()))
        })
        .collect()
}

/// Headers for people who read a failure.
pub(crate) fn shown(headers: &Owned) -> String {
    headers
        .iter()
        .map(|(name, value)| format!("{}: {}\n", name.escape_ascii(), value.escape_ascii()))
        .collect()
}

/// Borrowed, as the gateway wants them.
pub(crate) fn pairs(headers: &Owned) -> Vec<(&[u8], &[u8])> {
    headers
        .iter()
        .map(|(name, value)| (name.as_slice(), value.as_slice()))
        .collect()
}
