//! A request to a receiver: its planned fault, its body, its response, and the two logs.

use core::hash::Hasher;
use std::hash::DefaultHasher;

use serde_json::{Map, Value, json};

use super::{Delivery, Received, Receiver, Shared, trouble};
use crate::fault::{Kind, Step};
use crate::http::{self, Length, Request, Response, Trouble};
use crate::instant;
use crate::store::{Counters, Raw};
use crate::wire::Wire;

/// Headers whose values are not logged.
const SECRET: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
];
/// Longest header value in the log.
const VALUE: usize = 256;
/// The limit for a body in chunks or a compressed body. Other bodies are limited by their `content-length`.
const LARGEST: u64 = 256_000_000;

/// The log entry of one request.
#[derive(Default)]
struct Note {
    status: Option<u16>,
    items: Option<usize>,
    fault: Option<&'static str>,
    bytes: Option<usize>,
    /// Whether it contains data, and whether that was accepted.
    ingests: bool,
    taken: Option<bool>,
    /// Equal bodies have equal hashes: a retry must not change its body.
    print: Option<String>,
    raw: Option<Raw>,
}

/// The response on the socket.
enum Deed {
    Response(Response),
    Fault(Kind, Response),
}

/// Responds, and returns whether the connection can be used again. The logs are written before the response, so that a client finds
/// them after it.
pub(super) fn take(
    wire: &mut Wire,
    request: &Request,
    receiver: &Receiver,
    shared: &Shared,
) -> Result<bool, Trouble> {
    let mut note = Note::default();
    let deed = decide(wire, request, receiver, shared, &mut note);
    match &deed {
        Ok(Deed::Response(response)) => note.status = Some(response.status),
        Ok(Deed::Fault(kind, response)) if kind.tells_the_truth() => {
            note.status = Some(response.status);
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
    shared.store.change(|state| {
        count(state.counters.entry(receiver.system).or_default(), &note);
        state.requests.push(describe(request, &note));
        note.raw
            .take()
            .into_iter()
            .for_each(|raw| state.raw.push(raw));
    });
    match deed? {
        Deed::Response(response) => trouble::send(wire, request, &response),
        Deed::Fault(kind, truth) => trouble::carry_out(wire, request, kind, &truth, shared),
    }
}

fn decide(
    wire: &mut Wire,
    request: &Request,
    receiver: &Receiver,
    shared: &Shared,
    note: &mut Note,
) -> Result<Deed, Trouble> {
    note.ingests = (receiver.ingests)(request);
    let step = note
        .ingests
        .then(|| shared.plan.next(&request.path))
        .flatten();
    note.fault = step.as_ref().map(Step::word).filter(|word| *word != "none");
    let at_once = |step: &Step| step.kind == Kind::Reset && !step.stores;
    if step.as_ref().is_some_and(at_once) {
        return Ok(Deed::Fault(Kind::Reset, Response::empty(500)));
    }
    if matches!(request.length, Length::Known(length) if length > shared.options.max_body) {
        return Err(Trouble::Refuse(
            413,
            "the body is larger than the server takes",
        ));
    }
    let body = wire.body(request, LARGEST, step.as_ref().and_then(Step::pace))?;
    note.bytes = Some(body.len());
    note.print = Some(print(&body));
    note.raw = Some(Raw::of(request, &body));
    let step = step.filter(|step| step.is_for(&body));
    note.fault = note.fault.filter(|_| step.is_some());
    match step {
        Some(step) if !step.stores => return Ok(Deed::Fault(step.kind, Response::empty(500))),
        _ => {}
    }
    let received = match http::decode(request, body, LARGEST) {
        Ok(body) => {
            let delivery = Delivery {
                request,
                body: &body,
                partial: step.as_ref().and_then(Step::partial),
            };
            (receiver.receive)(&delivery, shared)
        }
        Err((status, reason)) => Received {
            response: Response::json(status, &json!({ "code": status, "message": reason })),
            items: None,
            reasons: vec![json!({ "reason": reason })],
        },
    };
    note.items = received.items;
    note.taken = Some(received.response.status < 300);
    if !received.reasons.is_empty() {
        refuse(shared, request, received.response.status, &received.reasons);
    }
    Ok(match step {
        Some(step) => Deed::Fault(step.kind, received.response),
        None => Deed::Response(received.response),
    })
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

fn count(counters: &mut Counters, note: &Note) {
    if !note.ingests {
        return;
    }
    counters.requests += 1;
    match note.taken {
        Some(true) => {
            counters.taken += 1;
            counters.items += u64::try_from(note.items.unwrap_or(0)).unwrap_or(u64::MAX);
        }
        Some(false) => counters.refused += 1,
        None if note.fault.is_none() => counters.broken += 1,
        None => {}
    }
    note.fault
        .into_iter()
        .for_each(|word| *counters.faults.entry(word).or_default() += 1);
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
