//! The only file that makes host calls. Every call may fail, and what it returns is bytes.
//!
//! The SDK's own wrappers panic on a value that is not UTF-8, on an answer without headers and on a status that they do
//! not know; one panic costs the worker its VM. So the calls are declared here, and a status that is not 0 is an error,
//! whatever it is. One call stays with the SDK: only it can register the token of an HTTP call with its dispatcher.
#![allow(
    unsafe_code,
    reason = "the ABI hands over raw memory; nothing else in this crate does"
)]

use core::ptr::null_mut;
use core::time::Duration;

use gatespan::{Pair, Time};

/// A header map of the ABI.
#[derive(Clone, Copy)]
pub(crate) enum Map {
    /// The headers of the request.
    Request = 0,
    /// The headers of the response.
    Response = 2,
    /// The headers of the answer to a call of ours.
    CallResponse = 6,
}

/// How loud a log line is.
#[derive(Clone, Copy)]
pub(crate) enum Level {
    Warn = 3,
    Error = 4,
}

/// A host call that did not do what was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Failed(pub(crate) u32);

type Done = Result<(), Failed>;

/// The time of the wall clock.
pub(crate) fn now() -> Time {
    let mut nanos = 0;
    // On failure the time is the beginning of 1970: wrong, and harmless.
    let _ = done(unsafe { abi::proxy_get_current_time_nanoseconds(&raw mut nanos) });
    Time(nanos)
}

/// Fills a buffer with random bytes.
#[cfg_attr(
    not(target_family = "wasm"),
    allow(dead_code, reason = "natively getrandom has a source of its own")
)]
pub(crate) fn fill_random(buffer: *mut u8, length: usize) -> Done {
    let mut start = 0;
    while start < length {
        let piece = (length - start).min(RANDOM_AT_ONCE);
        match unsafe { abi::random_get(buffer.wrapping_add(start), piece) } {
            0 => start += piece,
            errno => return Err(Failed(errno)),
        }
    }
    Ok(())
}

/// The value of a variable of the VM's environment. The standard library knows no environment for this target.
pub(crate) fn variable(name: &str) -> Option<String> {
    let (mut count, mut size) = (0, 0);
    done(unsafe { abi::environ_sizes_get(&raw mut count, &raw mut size) }).ok()?;
    let mut entries = vec![null_mut::<u8>(); count];
    let mut texts = vec![0_u8; size];
    done(unsafe { abi::environ_get(entries.as_mut_ptr(), texts.as_mut_ptr()) }).ok()?;
    // The entries stand one behind the other, each with a NUL behind it.
    texts.split(|byte| *byte == 0).find_map(|entry| {
        let (known, value) = core::str::from_utf8(entry).ok()?.split_once('=')?;
        (known == name).then(|| value.to_owned())
    })
}

/// The plugin's configuration.
pub(crate) fn configuration(length: usize) -> Option<Vec<u8>> {
    const PLUGIN_CONFIGURATION: u32 = 7;
    returned(|data, size| unsafe {
        abi::proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, length, data, size)
    })
}

/// All headers of a map as the host spells them; [`pairs`] reads them.
pub(crate) fn headers(map: Map) -> Option<Vec<u8>> {
    returned(|data, size| unsafe { abi::proxy_get_header_map_pairs(map as u32, data, size) })
}

/// The first header of a name.
pub(crate) fn header(map: Map, name: &str) -> Option<Vec<u8>> {
    returned(|data, size| unsafe {
        abi::proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), data, size)
    })
}

/// Puts exactly one header of a name.
pub(crate) fn set_header(map: Map, name: &str, value: &[u8]) -> Done {
    done(unsafe {
        abi::proxy_replace_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

/// Removes every header of a name.
pub(crate) fn remove_header(map: Map, name: &[u8]) -> Done {
    done(unsafe { abi::proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) })
}

/// A property; the segments of its path are separated by NUL.
pub(crate) fn property(path: &str) -> Option<Vec<u8>> {
    returned(|data, size| unsafe { abi::proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

/// A property that is a whole number.
pub(crate) fn number(path: &str) -> Option<u64> {
    property(path)?.try_into().ok().map(u64::from_le_bytes)
}

/// Answers the request ourselves. `details` is what an access log shows.
pub(crate) fn answer(
    status: u16,
    grpc_status: i32,
    details: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Done {
    let headers = spelled(headers);
    done(unsafe {
        abi::proxy_send_local_response(
            status.into(),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            grpc_status,
        )
    })
}

/// Makes an HTTP call; its outcome comes to the root context under the token.
pub(crate) fn call(
    cluster: &str,
    headers: Vec<(&str, &str)>,
    body: &[u8],
    timeout: Duration,
) -> Result<u32, Failed> {
    proxy_wasm::hostcalls::dispatch_http_call(cluster, headers, Some(body), vec![], timeout)
        .map_err(|status| Failed(status as u32))
}

/// Asks to be called every so often.
pub(crate) fn tick_every(millis: u32) -> Done {
    done(unsafe { abi::proxy_set_tick_period_milliseconds(millis) })
}

/// Defines a counter or, with `is_gauge`, a gauge.
pub(crate) fn define_metric(name: &str, is_gauge: bool) -> Option<u32> {
    let mut id = 0;
    done(unsafe {
        abi::proxy_define_metric(is_gauge.into(), name.as_ptr(), name.len(), &raw mut id)
    })
    .ok()?;
    Some(id)
}

/// Adds to a metric. Gauges are shared by all workers, so they are moved and never set.
pub(crate) fn add_to_metric(id: u32, offset: i64) -> Done {
    done(unsafe { abi::proxy_increment_metric(id, offset) })
}

/// Writes a line to Envoy's log.
pub(crate) fn log(level: Level, line: &str) {
    // There is nobody left to tell when it fails.
    let _ = unsafe { abi::proxy_log(level as u32, line.as_ptr(), line.len()) };
}

/// Says that the root context has nothing left to do.
pub(crate) fn finish() {
    let _ = unsafe { abi::proxy_done() };
}

/// The pairs of a header map: a count, then two lengths a pair, then names and values, each with a NUL behind it. A map
/// that is cut off ends with its last whole pair.
pub(crate) fn pairs(map: &[u8]) -> Vec<Pair<'_>> {
    let Some((count, rest)) = word(map) else {
        return Vec::new();
    };
    // Eight bytes of lengths and two NULs are the least that a pair needs.
    let count = count.min(rest.len() / 10);
    let Some((lengths, mut texts)) = rest.split_at_checked(count * 8) else {
        return Vec::new();
    };
    let mut pairs = Vec::with_capacity(count);
    let mut lengths = lengths
        .chunks_exact(4)
        .map(|bytes| word(bytes).map_or(0, |(length, _)| length));
    while let (Some(name), Some(value)) = (lengths.next(), lengths.next()) {
        let (Some((name, rest)), ..) = (text(texts, name),) else {
            break;
        };
        let Some((value, rest)) = text(rest, value) else {
            break;
        };
        texts = rest;
        pairs.push((name, value));
    }
    pairs
}

fn word(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*word) as usize, rest))
}

fn text(bytes: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let (text, rest) = bytes.split_at_checked(length)?;
    Some((text, rest.strip_prefix(b"\0")?))
}

fn spelled(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut map = Vec::from((headers.len() as u32).to_le_bytes());
    for (name, value) in headers {
        map.extend_from_slice(&(name.len() as u32).to_le_bytes());
        map.extend_from_slice(&(value.len() as u32).to_le_bytes());
    }
    for text in headers.iter().flat_map(|(name, value)| [name, value]) {
        map.extend_from_slice(text.as_bytes());
        map.push(0);
    }
    map
}

const fn done(status: u32) -> Done {
    if status == 0 {
        Ok(())
    } else {
        Err(Failed(status))
    }
}

/// Takes what a call returned. The host wrote it into memory that it had the SDK allocate as a vector of this capacity.
fn returned(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Option<Vec<u8>> {
    let mut data = null_mut();
    let mut size = 0;
    done(call(&raw mut data, &raw mut size)).ok()?;
    if data.is_null() {
        return Some(Vec::new());
    }
    Some(unsafe { Vec::from_raw_parts(data, size, size) })
}

/// `random_get` takes no more in one piece.
const RANDOM_AT_ONCE: usize = 65_536;

/// The calls of proxy-wasm 0.2.1, as the host exports them. A status is a plain number: hosts return some that no list has.
mod abi {
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        pub(super) fn proxy_get_current_time_nanoseconds(nanos: *mut u64) -> u32;
        pub(super) fn proxy_get_buffer_bytes(
            kind: u32,
            start: usize,
            length: usize,
            data: *mut *mut u8,
            size: *mut usize,
        ) -> u32;
        pub(super) fn proxy_get_header_map_pairs(
            map: u32,
            data: *mut *mut u8,
            size: *mut usize,
        ) -> u32;
        pub(super) fn proxy_get_header_map_value(
            map: u32,
            name: *const u8,
            name_size: usize,
            data: *mut *mut u8,
            size: *mut usize,
        ) -> u32;
        pub(super) fn proxy_replace_header_map_value(
            map: u32,
            name: *const u8,
            name_size: usize,
            value: *const u8,
            value_size: usize,
        ) -> u32;
        pub(super) fn proxy_remove_header_map_value(
            map: u32,
            name: *const u8,
            name_size: usize,
        ) -> u32;
        pub(super) fn proxy_get_property(
            path: *const u8,
            path_size: usize,
            data: *mut *mut u8,
            size: *mut usize,
        ) -> u32;
        pub(super) fn proxy_send_local_response(
            status: u32,
            details: *const u8,
            details_size: usize,
            body: *const u8,
            body_size: usize,
            headers: *const u8,
            headers_size: usize,
            grpc_status: i32,
        ) -> u32;
        pub(super) fn proxy_set_tick_period_milliseconds(millis: u32) -> u32;
        pub(super) fn proxy_define_metric(
            kind: u32,
            name: *const u8,
            name_size: usize,
            id: *mut u32,
        ) -> u32;
        pub(super) fn proxy_increment_metric(id: u32, offset: i64) -> u32;
        pub(super) fn proxy_log(level: u32, line: *const u8, size: usize) -> u32;
        pub(super) fn proxy_done() -> u32;
    }

    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        pub(super) fn random_get(buffer: *mut u8, length: usize) -> u32;
        pub(super) fn environ_sizes_get(count: *mut usize, size: *mut usize) -> u32;
        pub(super) fn environ_get(entries: *mut *mut u8, texts: *mut u8) -> u32;
    }
}
