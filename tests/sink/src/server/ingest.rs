//! A request of a receiver: the fault that is planned for it, its body, its answer, and the two logs.

use core::hash::Hasher;
use core::time::Duration;
use std::hash::DefaultHasher;
use std::io::{self, ErrorKind, Read, Write};
use std::thread;
use std::time::Instant;

use serde_json::{Map, Value, json};
use socket2::SockRef;

use super::{Received, Receiver, Shared};
use crate::fault::{Kind, Step};
use crate::http::{self, Answer, Length, Request, Trouble};
use crate::instant;
use crate::wire::Wire;

/// Headers whose values nobody needs to see in a log.
const SECRET: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
];
/// Longest header value kept in the log.
const VALUE: usize = 256;
/// A body that says its length is measured by that; one in chunks, and one that was compressed, is bounded by this.
const LARGEST: u64 = 256_000_000;

/// What is told about one request.
#[derive(Default)]
struct Note {
    status: Option<u16>,
    items: Option<usize>,
    fault: Option<&'static str>,
    bytes: Option<usize>,
    /// Two bodies with the same print are the same: a retry must not change what it sends.
    print: Option<String>,
}

/// What goes back over the socket.
enum Deed {
    Answer(Answer),
    Fault(Kind, Answer),
}

/// Answers; whether the connection can go on. The logs are written first, so that a caller who has its answer finds them.
pub(super) fn take(
    wire: &mut Wire,
    request: &Request,
    receiver: &Receiver,
    shared: &Shared,
) -> Result<bool, Trouble> {
    let mut note = Note::default();
    let deed = decide(wire, request, receiver, shared, &mut note);
    match &deed {
        Ok(Deed::Answer(answer) | Deed::Fault(Kind::None | Kind::Slow(_), answer)) => {
            note.status = Some(answer.status);
        }
        Ok(Deed::Fault(Kind::Status { code, .. } | Kind::BigAnswer { code, .. }, _)) => {
            note.status = Some(*code);
        }
        Ok(Deed::Fault(..)) | Err(Trouble::Gone(_)) => {}
        Err(Trouble::Refuse(status, reason)) => {
            note.status = Some(*status);
            refuse(shared, request, *status, &[json!({ "reason": reason })]);
        }
    }
    shared
        .store
        .change(|state| state.requests.push(describe(request, &note)));
    match deed? {
        Deed::Answer(answer) => send(wire, request, &answer),
        Deed::Fault(kind, truth) => carry_out(wire, request, kind, &truth, shared),
    }
}

fn decide(
    wire: &mut Wire,
    request: &Request,
    receiver: &Receiver,
    shared: &Shared,
    note: &mut Note,
) -> Result<Deed, Trouble> {
    let step = if (receiver.ingests)(request) {
        shared.plan.next(&request.path)
    } else {
        None
    };
    note.fault = step.as_ref().map(Step::word).filter(|word| *word != "none");
    if step.as_ref().is_some_and(|step| step.kind == Kind::Reset) {
        return Ok(Deed::Fault(Kind::Reset, Answer::empty(500)));
    }
    if matches!(request.length, Length::Known(length) if length > shared.options.max_body) {
        return Err(Trouble::Refuse(
            413,
            "the body is larger than the server takes",
        ));
    }
    let body = wire.body(request, LARGEST)?;
    note.bytes = Some(body.len());
    note.print = Some(print(&body));
    let step = step.filter(|step| step.is_for(&body));
    note.fault = note.fault.filter(|_| step.is_some());
    match step {
        Some(step) if !step.stores => return Ok(Deed::Fault(step.kind, Answer::empty(500))),
        _ => {}
    }
    let received = match http::decode(request, body, LARGEST) {
        Ok(body) => (receiver.receive)(request, &body, shared),
        Err((status, reason)) => Received {
            answer: Answer::json(status, &json!({ "code": status, "message": reason })),
            items: None,
            reasons: vec![json!({ "reason": reason })],
        },
    };
    note.items = received.items;
    if !received.reasons.is_empty() {
        refuse(shared, request, received.answer.status, &received.reasons);
    }
    Ok(match step {
        Some(step) => Deed::Fault(step.kind, received.answer),
        None => Deed::Answer(received.answer),
    })
}

fn carry_out(
    wire: &mut Wire,
    request: &Request,
    kind: Kind,
    truth: &Answer,
    shared: &Shared,
) -> Result<bool, Trouble> {
    match kind {
        Kind::None => send(wire, request, truth),
        Kind::Status {
            code,
            headers,
            body,
        } => send(
            wire,
            request,
            &Answer {
                status: code,
                headers,
                body: body.into(),
            },
        ),
        Kind::Slow(long) => {
            let end = Instant::now() + long;
            while !shared.ends() && Instant::now() < end {
                thread::sleep(
                    end.saturating_duration_since(Instant::now())
                        .min(Duration::from_millis(50)),
                );
            }
            send(wire, request, truth)
        }
        Kind::Silent => wait_for_end(wire, shared),
        Kind::Reset => reset(wire, Duration::ZERO),
        Kind::ResetMidBody => {
            let answer = Answer::of(200, "application/json", "{\"partly\":");
            wire.stream.write_all(&http::start(&answer, 4_096, true))?;
            wire.stream.write_all(&answer.body)?;
            // Long enough for the beginning to be read: a reset throws away what has not been.
            reset(wire, Duration::from_millis(50))
        }
        Kind::BigAnswer { code, bytes } => {
            let answer = Answer::of(code, "application/json", "");
            wire.stream
                .write_all(&http::start(&answer, bytes, request.keeps))?;
            let many = u64::try_from(bytes).unwrap_or(u64::MAX);
            io::copy(&mut io::repeat(b' ').take(many), &mut wire.stream)?;
            Ok(request.keeps)
        }
    }
}

fn send(wire: &mut Wire, request: &Request, answer: &Answer) -> Result<bool, Trouble> {
    wire.answer(answer, request.keeps)?;
    Ok(request.keeps)
}

/// Closes with a reset instead of an end.
fn reset(wire: &mut Wire, pause: Duration) -> Result<bool, Trouble> {
    thread::sleep(pause);
    SockRef::from(&wire.stream).set_linger(Some(Duration::ZERO))?;
    Err(Trouble::Gone(ErrorKind::ConnectionReset.into()))
}

/// Says nothing until the peer has enough of it.
fn wait_for_end(wire: &mut Wire, shared: &Shared) -> Result<bool, Trouble> {
    wire.stream
        .set_read_timeout(Some(Duration::from_millis(200)))?;
    let mut rest = [0; 1_024];
    while !shared.ends() {
        match wire.stream.read(&mut rest) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Trouble::Gone(ErrorKind::UnexpectedEof.into()))
}

fn refuse(shared: &Shared, request: &Request, status: u16, reasons: &[Value]) {
    let entry = json!({
        "at": instant::spell(instant::now()),
        "method": request.method,
        "path": request.path,
        "status": status,
        "reasons": reasons,
    });
    shared.store.change(|state| state.refused.push(entry));
}

fn describe(request: &Request, note: &Note) -> Value {
    let headers: Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| {
            let secret = SECRET.contains(&name.as_str()) && !value.is_empty();
            let shown = if secret {
                "***".to_owned()
            } else {
                value.chars().take(VALUE).collect()
            };
            (name.clone(), shown.into())
        })
        .collect();
    json!({
        "at": instant::spell(instant::now()),
        "method": request.method,
        "path": request.path,
        "status": note.status,
        "items": note.items,
        "fault": note.fault,
        "bytes": note.bytes,
        "print": note.print,
        "headers": headers,
    })
}

fn print(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    format!("{:016x}", hasher.finish())
}
