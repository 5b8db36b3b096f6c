//! How often one `Gate::decide` allocates and how much, beside OpenTelemetry Rust on the same headers, and how large the
//! values are that it hands over. Apart from the timed bench, because counting takes time, and more of it from the one
//! who allocates more.
#![allow(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "a bench"
)]

use std::collections::HashMap;

use allocation_counter::{AllocationInfo, measure};
use gatespan::format::{Carried, Seen};
use gatespan::{Edit, OpenSpan, Pass};
use gatespan_peers::gateway::{admit, pairs, request};
use gatespan_peers::requests::{Case, cases, crowded};
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_sdk::propagation::TraceContextPropagator;

fn main() {
    println!(
        "{:50}{:>12}{:>12}",
        "allocations (bytes)", "gatespan", "OTel W3C"
    );
    for case in cases() {
        print(&case, case.name);
    }
    for case in cases() {
        let name = format!("{}, 60 headers", case.name);
        print(&crowded(case, 60), &name);
    }
    println!("\nbytes");
    for (name, size) in [
        ("Pass", size_of::<Pass<'_>>()),
        ("OpenSpan", size_of::<OpenSpan>()),
        ("Seen", size_of::<Seen<'_>>()),
        ("Carried", size_of::<Carried<'_>>()),
        ("Edit", size_of::<Edit<'_>>()),
    ] {
        println!("{name:50}{size:12}");
    }
}

fn print(case: &Case, name: &str) {
    let (ours, theirs) = (shown(ours(case)), shown(otel(case)));
    println!("{name:50}{ours:>12}{theirs:>12}");
}

fn shown(info: AllocationInfo) -> String {
    format!("{} ({})", info.count_total, info.bytes_total)
}

fn ours(case: &Case) -> AllocationInfo {
    let pairs = pairs(&case.lines);
    let request = request(&pairs);
    measure(|| drop(admit(&case.gate, &request)))
}

/// Into a map with room, as in the timed bench.
fn otel(case: &Case) -> AllocationInfo {
    let propagator = TraceContextPropagator::new();
    let carrier: HashMap<String, String> = case.lines.iter().cloned().collect();
    let mut out: HashMap<String, String> = HashMap::with_capacity(8);
    measure(|| {
        let context = propagator.extract_with_context(&Context::new(), &carrier);
        propagator.inject_context(&context, &mut out);
    })
}
