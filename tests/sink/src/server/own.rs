//! The sink's own paths: the page and its events, control, read-back.

use core::time::Duration;
use std::io::{self, Write};
use std::thread;

use super::Shared;
use crate::http::{Request, Response, Trouble};
use crate::wire::Wire;
use crate::{fault, read};

/// Longest body of a control request.
const CONTROL: u64 = 64 * 1024;
const PAGE: &str = include_str!("../page.html");
/// The page shows names that hostile clients have chosen. Even if a script got in, it could send nothing.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Serves the sink's own paths, and returns whether the connection can be used again.
pub(super) fn take(wire: &mut Wire, request: &Request, shared: &Shared) -> Result<bool, Trouble> {
    let body = wire.body(request, CONTROL, None)?;
    let response = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/") => Response::of(200, "text/html; charset=utf-8", PAGE)
            .with("content-security-policy", POLICY)
            .with("cache-control", "no-store")
            .with("x-content-type-options", "nosniff"),
        ("GET", "/events") => {
            events(wire, shared)?;
            return Ok(false);
        }
        ("POST", "/control/reset") => {
            shared.plan.set([].into());
            shared.store.reset();
            Response::empty(204)
        }
        ("POST", "/control/fault") => match fault::parse(&body) {
            Ok(steps) => {
                shared.plan.set(steps);
                Response::empty(204)
            }
            Err(reason) => {
                Response::json(400, &serde_json::json!({ "code": 400, "message": reason }))
            }
        },
        ("GET", path) if path.starts_with("/read/") => read::response(request, shared),
        _ => Response::json(
            404,
            &serde_json::json!({ "code": 404, "message": "HTTP 404 Not Found" }),
        ),
    };
    wire.response(&response, request.keeps)?;
    Ok(request.keeps)
}

/// Server-sent events: a line after each change, at most ten a second. The page then reads the data.
fn events(wire: &mut Wire, shared: &Shared) -> io::Result<()> {
    const HEAD: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n\
                          connection: close\r\n\r\nretry: 1000\n\n";
    wire.stream.write_all(HEAD)?;
    let mut told = None;
    while !shared.ends() {
        // The pause also detects a closed page.
        let pause = Duration::from_secs(10);
        let (_, version) = shared
            .store
            .wait(pause, |state| (told != Some(state.version), state.version));
        wire.stream
            .write_all(format!("data: {version}\n\n").as_bytes())?;
        told = Some(version);
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
