//! The seam in simulated time: what both hosts rely on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

#[path = "gateway/entropy.rs"]
mod entropy;
#[path = "gateway/halves.rs"]
mod halves;
#[path = "gateway/held.rs"]
mod held;
#[path = "gateway/late.rs"]
mod late;
#[path = "world/mod.rs"]
mod world;

use gatespan::config::Host;
use gatespan::{Gateway, Headers, Pair, Request};
use world::World;

const OPIK: &str =
    r#"{"backend": {"kind": "opik", "url": "http://opik.test/api", "cluster": "opik"}}"#;
const TRACEPARENT: Pair<'static> = (
    b"traceparent",
    b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
);

fn world(document: &str) -> World {
    World::new(document, Host::Envoy)
}

fn get<'a>(headers: &'a [Pair<'a>]) -> Request<'a> {
    Request::new(b"GET", b"/chat", Headers::new(headers))
}

/// The value of a counter or gauge.
fn metric(gateway: &Gateway, name: &str) -> u64 {
    let mut found = None;
    gateway.metrics(&mut |metric| {
        if metric.name.to_string() == format!("gatespan.{name}") {
            found = Some(metric.value);
        }
    });
    found.unwrap_or_else(|| panic!("no metric {name}"))
}
