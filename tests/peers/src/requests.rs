//! The requests that are measured, and the gateways that decide about them.

use gatespan::Gate;

use crate::gateway::{NOWHERE, OPIK, OPIK_AND_OTLP, OTLP, gate};
use crate::said::Lines;

/// A request and the gateway that decides about it.
pub struct Case {
    /// What it is called in the table.
    pub name: &'static str,
    /// The gateway.
    pub gate: Gate,
    /// The headers, pseudo headers aside.
    pub lines: Lines,
}

/// The cases that the aims name, each with ten headers.
#[must_use]
pub fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "(a) w3c, to otlp",
            gate: gate(W3C, OTLP),
            lines: lines(&[TRACEPARENT], 10),
        },
        Case {
            name: "(a+) w3c with tracestate, to otlp",
            gate: gate(W3C, OTLP),
            lines: lines(&[TRACEPARENT, TRACESTATE], 10),
        },
        Case {
            name: "(b) opik and w3c, to opik",
            gate: gate(OPIK_W3C, OPIK),
            lines: lines(&[OPIK_TRACE, OPIK_PARENT, TRACEPARENT], 10),
        },
        Case {
            name: "(b+) opik and w3c, to opik and otlp",
            gate: gate(OPIK_W3C, OPIK_AND_OTLP),
            lines: lines(&[OPIK_TRACE, OPIK_PARENT, TRACEPARENT], 10),
        },
        Case {
            name: "(c) composite, to otlp",
            gate: gate(COMPOSITE, OTLP),
            lines: lines(&ALL_FOUR, 10),
        },
        Case {
            name: "(d) w3c, headers only",
            gate: gate(W3C, NOWHERE),
            lines: lines(&[TRACEPARENT], 10),
        },
        Case {
            name: "(e) nothing came, minted, to otlp",
            gate: gate(W3C, OTLP),
            lines: lines(&[], 10),
        },
    ]
}

/// The same case among so many headers.
#[must_use]
pub fn crowded(mut case: Case, count: usize) -> Case {
    let more = (case.lines.len()..count).map(|number| {
        let name = format!("x-forwarded-field-{number}");
        (name, format!("value-{number}"))
    });
    let more: Lines = more.collect();
    case.lines.extend(more);
    case
}

/// How the routes of a gateway are told apart.
#[derive(Clone, Copy, Debug)]
pub enum Routing {
    /// By whole paths.
    Path,
    /// By beginnings of paths.
    Prefix,
    /// By hosts.
    Host,
    /// By beginnings of paths, all of one host.
    HostPrefix,
    /// By hosts, all with one beginning of the path.
    PrefixHost,
    /// By the names of the host's own routes.
    Name,
}

impl Routing {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Path,
        Self::Prefix,
        Self::Host,
        Self::HostPrefix,
        Self::PrefixHost,
        Self::Name,
    ];
}

/// The name of the host's own route in the requests that are told apart.
pub const ROUTE: &str = "chat";

const HOST: &str = "api.example.com";

/// A gateway of case (a) with this many routes; the last of them is the one for [`crate::gateway::request`].
#[must_use]
pub fn routed(routing: Routing, count: usize) -> Gate {
    let (key, ours) = match routing {
        Routing::Path => ("path", "/v1/chat/completions"),
        Routing::Prefix | Routing::HostPrefix => ("path_prefix", "/v1/chat/"),
        Routing::Host | Routing::PrefixHost => ("host", HOST),
        Routing::Name => ("route", ROUTE),
    };
    let other = |number| match routing {
        Routing::Path => format!("/v1/tenants/{number}/completions"),
        Routing::Prefix | Routing::HostPrefix => format!("/v1/tenants/{number}/"),
        Routing::Host | Routing::PrefixHost => format!("tenant-{number}.example.com"),
        Routing::Name => format!("tenant-{number}"),
    };
    let beside = match routing {
        Routing::HostPrefix => format!(r#", "host": "{HOST}""#),
        Routing::PrefixHost => r#", "path_prefix": "/v1/""#.into(),
        _ => String::new(),
    };
    let values = (1..count).map(other).chain([ours.into()]);
    let route = |value| format!(r#"{{"match": {{"{key}": "{value}"{beside}}}, "expose": false}}"#);
    let routes: Vec<String> = values.map(route).collect();
    gate(W3C, &format!(r#"{OTLP}, "routes": [{}]"#, routes.join(",")))
}

/// These trace headers among so many that they are `count` together, as a client behind a proxy sends them.
#[must_use]
pub fn lines(trace: &[(&str, &str)], count: usize) -> Lines {
    let usual = USUAL
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    let more = (0..).map(|number| {
        (
            format!("x-tenant-field-{number}"),
            format!("value-{number}"),
        )
    });
    let foreign = usual.chain(more).take(count - trace.len());
    let own = trace
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    foreign.chain(own).collect()
}

/// One format.
pub const W3C: &[&str] = &["w3c"];
/// The formats of the defaults, but for baggage.
pub const OPIK_W3C: &[&str] = &["opik", "w3c"];
/// What the word `composite` stands for.
pub const COMPOSITE: &[&str] = &["jaeger", "b3", "b3multi", "w3c"];

/// A sampled context of a client that vouches for nothing.
pub const TRACEPARENT: (&str, &str) = (
    "traceparent",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
);
/// Two members, as two vendors on the way would leave them.
pub const TRACESTATE: (&str, &str) = ("tracestate", "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7");
const OPIK_TRACE: (&str, &str) = ("opik_trace_id", "019cae0b-ba4d-7b60-9c1b-2281eda8d7fe");
const OPIK_PARENT: (&str, &str) = (
    "opik_parent_span_id",
    "019cae0b-ba4e-7d11-8f00-7e4a2b90c3d5",
);
/// The same context in every format of OpenTelemetry.
pub const ALL_FOUR: [(&str, &str); 6] = [
    TRACEPARENT,
    ("b3", "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1"),
    ("x-b3-traceid", "4bf92f3577b34da6a3ce929d0e0e4736"),
    ("x-b3-spanid", "00f067aa0ba902b7"),
    ("x-b3-sampled", "1"),
    (
        "uber-trace-id",
        "4bf92f3577b34da6a3ce929d0e0e4736:00f067aa0ba902b7:0:01",
    ),
];
const USUAL: [(&str, &str); 10] = [
    ("user-agent", "OpenAI/Python 1.109.1"),
    ("accept", "application/json"),
    ("content-type", "application/json"),
    (
        "authorization",
        "Bearer sk-proj-0123456789abcdef0123456789abcdef",
    ),
    ("x-request-id", "7f4d0a52-6f0e-4a57-9d2c-1f6f3f1b8a10"),
    ("accept-encoding", "gzip, deflate, br"),
    ("content-length", "1482"),
    ("x-forwarded-for", "203.0.113.9, 10.4.0.17"),
    ("x-forwarded-proto", "https"),
    ("x-stainless-lang", "python"),
];
