//! Faults on the socket.

use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::thread;
use std::time::Instant;

use socket2::SockRef;

use super::Shared;
use crate::fault::Kind;
use crate::http::{self, Request, Response, Trouble};
use crate::wire::Wire;

/// Not an HTTP status line.
const GARBAGE: &[u8] = b"\x16\x03HTTP\xff/9 two hundred\r\nno: header\r\n\r\n";

pub(super) fn carry_out(
    wire: &mut Wire,
    request: &Request,
    kind: Kind,
    truth: &Response,
    shared: &Shared,
) -> Result<bool, Trouble> {
    match kind {
        Kind::None | Kind::SlowRead(_) | Kind::Partial(_) => send(wire, request, truth),
        Kind::Status {
            code,
            headers,
            body,
        } => send(
            wire,
            request,
            &Response {
                status: code,
                headers,
                body: body.into(),
            },
        ),
        Kind::Slow(long) => {
            let end = Instant::now() + long;
            while !shared.ends() && Instant::now() < end {
                let left = end.saturating_duration_since(Instant::now());
                thread::sleep(left.min(Duration::from_millis(50)));
            }
            send(wire, request, truth)
        }
        Kind::Silent(longest) => wait_for_end(wire, longest, shared),
        Kind::Reset => reset(wire, Duration::ZERO),
        Kind::Garbage => {
            wire.stream.write_all(GARBAGE)?;
            Ok(false)
        }
        Kind::ResetMidBody => {
            let response = Response::of(200, "application/json", "{\"partly\":");
            wire.stream
                .write_all(&http::start(&response, 4_096, true))?;
            wire.stream.write_all(&response.body)?;
            // Long enough for the peer to read the beginning: a reset discards unread bytes.
            reset(wire, Duration::from_millis(50))
        }
        Kind::BigAnswer { code, bytes } => {
            let response = Response::of(code, "application/json", "");
            wire.stream
                .write_all(&http::start(&response, bytes, request.keeps))?;
            let many = u64::try_from(bytes).unwrap_or(u64::MAX);
            io::copy(&mut io::repeat(b' ').take(many), &mut wire.stream)?;
            Ok(request.keeps)
        }
    }
}

pub(super) fn send(
    wire: &mut Wire,
    request: &Request,
    response: &Response,
) -> Result<bool, Trouble> {
    wire.response(response, request.keeps)?;
    Ok(request.keeps)
}

/// Closes the connection with a reset.
fn reset(wire: &mut Wire, pause: Duration) -> Result<bool, Trouble> {
    thread::sleep(pause);
    SockRef::from(&wire.stream).set_linger(Some(Duration::ZERO))?;
    Err(Trouble::Gone(ErrorKind::ConnectionReset.into()))
}

/// Sends nothing until the peer closes the connection or the time is over.
fn wait_for_end(
    wire: &mut Wire,
    longest: Option<Duration>,
    shared: &Shared,
) -> Result<bool, Trouble> {
    let begin = Instant::now();
    wire.stream
        .set_read_timeout(Some(Duration::from_millis(200)))?;
    let mut rest = [0; 1_024];
    while !shared.ends() && longest.is_none_or(|longest| begin.elapsed() < longest) {
        match wire.stream.read(&mut rest) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Trouble::Gone(ErrorKind::UnexpectedEof.into()))
}
