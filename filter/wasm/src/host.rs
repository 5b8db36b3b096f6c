//! The only file that makes host calls. Every call may fail, and what it returns is bytes.
//!
//! A status that is not 0 is an error, whatever it is: hosts return some that no list has. Nothing here panics on a value
//! that is not UTF-8 or on an answer without headers: one panic costs the worker its VM.
#![allow(
    unsafe_code,
    reason = "the ABI hands over raw memory; nothing else in this crate does"
)]

mod abi;
mod given;
pub(crate) mod state;
mod wire;

use core::ptr::null_mut;

use gatespan::Time;
pub(crate) use given::give;
use given::returned;
pub(crate) use wire::pairs;
use wire::spelled;

/// A header map of the ABI.
#[derive(Clone, Copy)]
pub(crate) enum Map {
    /// The headers of the request.
    Request = 0,
    /// The headers of the response.
    Response = 2,
    /// The trailers of the response.
    ResponseTrailers = 3,
    /// The headers of the answer to a call of ours.
    CallResponse = 6,
}

/// A body of the ABI, of which a piece can be read while it passes.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    /// That of the request.
    Request = 0,
    /// That of the response.
    Response = 1,
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

/// Fills a buffer, which must be as long as this says, with random bytes.
#[cfg_attr(
    not(target_family = "wasm"),
    allow(dead_code, reason = "natively getrandom has a source of its own")
)]
pub(crate) unsafe fn fill_random(buffer: *mut u8, length: usize) -> Done {
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
    if count.max(size) > MOST_ENVIRONMENT {
        return None;
    }
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
    returned(|data, size| unsafe {
        abi::proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, length, data, size)
    })
}

/// How the answer to a call of ours begins, inside of the callback that tells of it.
pub(crate) fn call_answer(length: usize) -> Option<Vec<u8>> {
    if length == 0 {
        return None;
    }
    returned(|data, size| unsafe {
        abi::proxy_get_buffer_bytes(CALL_RESPONSE_BODY, 0, length, data, size)
    })
}

/// Hands over what passes of a body, inside of the callback that tells of it. Piece by piece, because Envoy may let pass as
/// much at once as its buffers hold, and memory that a module has taken stays with it.
pub(crate) fn pieces(body: Body, size: usize, mut take: impl FnMut(&[u8])) {
    for start in (0..size).step_by(PIECE) {
        let length = PIECE.min(size - start);
        let piece = returned(|data, size| unsafe {
            abi::proxy_get_buffer_bytes(body as u32, start, length, data, size)
        });
        match piece {
            Some(piece) if !piece.is_empty() => take(&piece),
            _ => return,
        }
    }
}

/// The end of what passes of a body, inside of the callback that tells of it.
pub(crate) fn tail(body: Body, size: usize, length: usize) -> Option<Vec<u8>> {
    let length = length.min(size);
    returned(|data, at| unsafe {
        abi::proxy_get_buffer_bytes(body as u32, size - length, length, data, at)
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

/// Lets a request go on that was held, outside of a callback of its own: from here on calls are about this context.
pub(crate) fn turn_to(context: u32) -> Done {
    done(unsafe { abi::proxy_set_effective_context(context) })
}

/// Lets the request go on that the calls are about.
pub(crate) fn go_on() -> Done {
    done(unsafe { abi::proxy_continue_stream(0) })
}

/// Makes an HTTP call; its outcome comes to the context that made it, under the token.
pub(crate) fn call(
    cluster: &str,
    headers: &[(&str, &str)],
    body: &[u8],
    timeout_ms: u32,
) -> Result<u32, Failed> {
    let (headers, trailers) = (spelled(headers), spelled(&[]));
    let mut token = 0;
    done(unsafe {
        abi::proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            trailers.as_ptr(),
            trailers.len(),
            timeout_ms,
            &raw mut token,
        )
    })?;
    Ok(token)
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

/// What the VMs of one `vm_id` share under a name, and the version of it.
pub(crate) fn shared(name: &str) -> Result<Option<(Vec<u8>, u32)>, Failed> {
    let (mut version, mut status) = (0, 0);
    let data = returned(|data, size| {
        status = unsafe {
            abi::proxy_get_shared_data(name.as_ptr(), name.len(), data, size, &raw mut version)
        };
        status
    });
    match (data, status) {
        (Some(data), _) => Ok(Some((data, version))),
        (None, NOT_FOUND) => Ok(None),
        (None, status) => Err(Failed(status)),
    }
}

/// Shares something else in its place, unless that was not of this version any more; 0 is any version.
pub(crate) fn share(name: &str, data: &[u8], version: u32) -> Done {
    let [name, data] = [name.as_bytes(), data];
    done(unsafe {
        abi::proxy_set_shared_data(
            name.as_ptr(),
            name.len(),
            data.as_ptr(),
            data.len(),
            version,
        )
    })
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

const fn done(status: u32) -> Done {
    if status == 0 {
        Ok(())
    } else {
        Err(Failed(status))
    }
}

/// The host's status for what is not there.
const NOT_FOUND: u32 = 1;
/// As much of a body as is looked at in one piece.
const PIECE: usize = 64 << 10;

/// The numbers of buffers.
const CALL_RESPONSE_BODY: u32 = 4;
const PLUGIN_CONFIGURATION: u32 = 7;
/// More than an environment is anywhere: who tells of more has none.
const MOST_ENVIRONMENT: usize = 1 << 21;
/// `random_get` takes no more in one piece.
const RANDOM_AT_ONCE: usize = 65_536;

#[cfg(test)]
mod tests {
    use proxy_wasm::types;

    use super::*;
    use crate::filter_action::FilterAction;

    #[test]
    fn the_numbers_are_those_of_the_published_sdk() {
        for (ours, theirs) in [
            (
                Map::Request as u32,
                types::MapType::HttpRequestHeaders as u32,
            ),
            (
                Map::Response as u32,
                types::MapType::HttpResponseHeaders as u32,
            ),
            (
                Map::ResponseTrailers as u32,
                types::MapType::HttpResponseTrailers as u32,
            ),
            (
                Map::CallResponse as u32,
                types::MapType::HttpCallResponseHeaders as u32,
            ),
            (
                Body::Request as u32,
                types::BufferType::HttpRequestBody as u32,
            ),
            (
                Body::Response as u32,
                types::BufferType::HttpResponseBody as u32,
            ),
            (
                CALL_RESPONSE_BODY,
                types::BufferType::HttpCallResponseBody as u32,
            ),
            (
                PLUGIN_CONFIGURATION,
                types::BufferType::PluginConfiguration as u32,
            ),
            (Level::Warn as u32, types::LogLevel::Warn as u32),
            (Level::Error as u32, types::LogLevel::Error as u32),
            (u32::from(false), types::MetricType::Counter as u32),
            (u32::from(true), types::MetricType::Gauge as u32),
            (
                FilterAction::Continue as u32,
                types::Action::Continue as u32,
            ),
            (FilterAction::Pause as u32, types::Action::Pause as u32),
        ] {
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn without_a_host_every_call_fails_and_none_panics() {
        assert_eq!(now(), Time(0));
        assert!(headers(Map::Request).is_none() && number("response\0code").is_none());
        assert!(call("cluster", &[], b"", 1).is_err() && variable("KEY").is_none());
    }
}
