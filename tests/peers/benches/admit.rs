//! How long one `Gate::admit` takes, beside what OpenTelemetry Rust needs for the same headers.
//!
//! The unit on the other side is `TraceContextPropagator`: extract from a carrier, inject into one. That is the whole
//! of what a proxy on the SDK does to pass a trace on, and less than what `admit` does: no rule is found, nobody is
//! judged, no id is made, no span is opened. Everything that is optional is decided in its favour:
//!
//! - Its incoming carrier is filled before the clock starts, as are our header pairs.
//! - It extracts upon an empty `Context` and not upon the current one, which saves it a thread-local and a clone.
//! - Its outgoing carrier is one that was cleared and keeps its room; a fresh map would allocate. Our edits are made
//!   and dropped within the time. What a host does with edits is measured in a line of its own.
//! - Both carriers of its users are there: the `HashMap<String, String>` and the `http::HeaderMap`.
//!
//! Ratios are taken within a round, in which all variants of a case take turns for some milliseconds each, and every
//! round begins with another one; the first round is thrown away. A line `again` is the same code a second time: what
//! its ratio differs from 1.00 is what this machine can tell at this hour.
#![allow(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::indexing_slicing,
    reason = "a bench"
)]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use gatespan::{Edit, Gate, Request};
use gatespan_peers::gateway::{admit, pairs, request};
use gatespan_peers::peers::{Peer, header_map};
use gatespan_peers::requests::{Case, ROUTE, Routing, TRACEPARENT, cases, lines, routed};
use gatespan_peers::said::Lines;
use opentelemetry::Context;
use opentelemetry::propagation::{TextMapCompositePropagator, TextMapPropagator};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::TraceContextPropagator;

/// How long a variant runs at a time.
const TURN: Duration = Duration::from_millis(3);
const ROUNDS: usize = 100;

fn main() {
    // `cargo test --benches` only asks whether it runs.
    let rounds = if std::env::args().any(|argument| argument == "--bench") {
        ROUNDS
    } else {
        2
    };
    println!("{:58}{:>9}  {:>17}  {:>7}  ratios", "", "ns", "ns", "ratio");
    println!(
        "{:58}{:>9}  {:>17}  {:>7}  min..max",
        "", "median", "min..max", "median"
    );
    for case in cases() {
        print(case.name, measure(beside_otel(case), rounds));
    }
    for routing in Routing::ALL {
        let name = format!("(r) 1,000 routes by {routing:?}, beside 1").to_lowercase();
        print(&name, measure(by_routes(routing), rounds));
    }
    if let Ok(load) = std::fs::read_to_string("/proc/loadavg") {
        let cores = std::thread::available_parallelism().map_or(0, Into::into);
        println!("\nload average on {cores} cores: {}", load.trim());
    }
}

/// Something that can be done so many times.
struct Variant {
    name: &'static str,
    run: Box<dyn FnMut(u32)>,
}

impl Variant {
    fn new(name: &'static str, mut once: impl FnMut() + 'static) -> Self {
        let run = move |times| (0..times).for_each(|_| once());
        Self {
            name,
            run: Box::new(run),
        }
    }
}

/// The first variant is the one that the others are compared with.
fn beside_otel(case: Case) -> Vec<Variant> {
    let Case { name, gate, lines } = case;
    let gate: &'static Gate = Box::leak(Box::new(gate));
    let mut variants = vec![
        Variant::new(
            "OTel W3C, HashMap",
            otel_map(TraceContextPropagator::new(), &lines),
        ),
        Variant::new(
            "OTel W3C, HashMap, again",
            otel_map(TraceContextPropagator::new(), &lines),
        ),
        Variant::new("OTel W3C, http::HeaderMap", otel_http(&lines)),
        Variant::new("gatespan", ours(gate, &lines)),
        Variant::new("gatespan, again", ours(gate, &lines)),
        Variant::new(
            "gatespan, edits put into a HashMap",
            ours_applied(gate, &lines),
        ),
    ];
    if name.contains("composite") {
        let all = Peer::ALL.map(Peer::propagator);
        let all = TextMapCompositePropagator::new(all.into());
        variants.push(Variant::new(
            "OTel composite, HashMap",
            otel_map(all, &lines),
        ));
    }
    variants
}

fn by_routes(routing: Routing) -> Vec<Variant> {
    let lines = lines(&[TRACEPARENT], 10);
    let routed = |count| -> &'static Gate { Box::leak(Box::new(routed(routing, count))) };
    vec![
        Variant::new("1 route", ours_routed(routed(1), &lines)),
        Variant::new("1 route, again", ours_routed(routed(1), &lines)),
        Variant::new("1,000 routes", ours_routed(routed(1000), &lines)),
    ]
}

fn ours(gate: &'static Gate, lines: &Lines) -> impl FnMut() + 'static {
    let lines: &'static Lines = Box::leak(Box::new(lines.clone()));
    let pairs = pairs(lines);
    move || {
        let request = request(black_box(&pairs));
        drop(black_box(admit(black_box(gate), black_box(&request))));
    }
}

fn ours_routed(gate: &'static Gate, lines: &Lines) -> impl FnMut() + 'static {
    let lines: &'static Lines = Box::leak(Box::new(lines.clone()));
    let pairs = pairs(lines);
    move || {
        let request = Request {
            route: Some(ROUTE.as_bytes()),
            ..request(black_box(&pairs))
        };
        drop(black_box(admit(black_box(gate), black_box(&request))));
    }
}

fn ours_applied(gate: &'static Gate, lines: &Lines) -> impl FnMut() + 'static {
    let lines: &'static Lines = Box::leak(Box::new(lines.clone()));
    let pairs = pairs(lines);
    let mut out = HashMap::new();
    move || {
        let request = request(black_box(&pairs));
        let admission = admit(black_box(gate), black_box(&request));
        out.clear();
        if let Ok(pass) = &admission {
            for edit in pass.edits.as_slice() {
                if let Edit::Set(name, value) = edit {
                    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    out.insert((*name).to_owned(), value);
                }
            }
        }
        black_box((&admission, &out));
    }
}

fn otel_map(propagator: impl TextMapPropagator + 'static, lines: &Lines) -> impl FnMut() + 'static {
    let carrier: HashMap<String, String> = lines.iter().cloned().collect();
    let mut out: HashMap<String, String> = HashMap::new();
    move || {
        let context = propagator.extract_with_context(&Context::new(), black_box(&carrier));
        out.clear();
        propagator.inject_context(black_box(&context), &mut out);
        black_box(&out);
    }
}

fn otel_http(lines: &Lines) -> impl FnMut() + 'static {
    let propagator = TraceContextPropagator::new();
    let carrier = header_map(lines);
    let mut out = http::HeaderMap::new();
    move || {
        let extractor = HeaderExtractor(black_box(&carrier));
        let context = propagator.extract_with_context(&Context::new(), &extractor);
        out.clear();
        propagator.inject_context(black_box(&context), &mut HeaderInjector(&mut out));
        black_box(&out);
    }
}

/// A variant's times in nanoseconds and its ratios to the first, a round each.
struct Measured {
    name: &'static str,
    times: Vec<f64>,
    ratios: Vec<f64>,
}

fn measure(mut variants: Vec<Variant>, rounds: usize) -> Vec<Measured> {
    let times: Vec<u32> = variants.iter_mut().map(times_a_turn).collect();
    let mut measured: Vec<Measured> = variants
        .iter()
        .map(|variant| Measured {
            name: variant.name,
            times: Vec::new(),
            ratios: Vec::new(),
        })
        .collect();
    for round in 0..=rounds {
        let mut taken = vec![0.0; variants.len()];
        for turn in 0..variants.len() {
            let index = (round + turn) % variants.len();
            let start = Instant::now();
            (variants[index].run)(times[index]);
            taken[index] = start.elapsed().as_nanos() as f64 / f64::from(times[index]);
        }
        if round > 0 {
            for (one, time) in measured.iter_mut().zip(&taken) {
                one.times.push(*time);
                one.ratios.push(time / taken[0]);
            }
        }
    }
    measured
}

fn times_a_turn(variant: &mut Variant) -> u32 {
    let mut times = 1;
    loop {
        let start = Instant::now();
        (variant.run)(times);
        if start.elapsed() >= TURN {
            return times;
        }
        times *= 2;
    }
}

fn print(name: &str, measured: Vec<Measured>) {
    println!("\n{name}");
    for Measured {
        name,
        times,
        ratios,
    } in measured
    {
        let ([low, middle, high], [least, ratio, most]) = (spread(times), spread(ratios));
        println!(
            "  {name:56}{middle:9.1}  {:>17}  {ratio:7.2}  {least:.2}..{most:.2}",
            format!("{low:.1}..{high:.1}")
        );
    }
}

/// The least, the median and the most.
fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [
        values[0],
        values[values.len() / 2],
        values[values.len() - 1],
    ]
}
