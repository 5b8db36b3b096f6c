//! What must hold for a whole gate, whatever headers come.

use std::sync::LazyLock;

use gatespan::Peer;
use gatespan::config::Host;
use gatespan::format::{FORMATS, Seen, System};
use gatespan::{
    Availability, Config, Decision, End, EndKind, Gate, Headers, Ids, Pair, Request, Sampling,
    Sieve, Systems,
};

use super::fair::sendable;
use super::{NOW, Owned, apply, lines, pairs, shown};

/// Every gate lets a request through in good order, or refuses it.
pub(crate) fn hold(came: &Owned) {
    for gate in GATES.iter() {
        for export in EXPORTS {
            let Some((left, _)) = admitted(gate, came, export) else {
                continue;
            };
            if gate.config().service == OFF {
                assert_eq!(shown(&left), shown(came), "`inbound: off` touches nothing");
            } else {
                agreeing(gate, came, &left);
            }
        }
    }
}

/// A document of any kind is read or complained about; one that is read makes a gate that keeps order.
pub(crate) fn config(data: &[u8]) {
    let Ok(document) = core::str::from_utf8(data) else {
        return;
    };
    let env = |name: &str| (!name.is_empty()).then(|| SECRET.to_owned());
    for host in [Host::Envoy, Host::Worker] {
        match Config::parse(document, host, &env) {
            Ok(config) => {
                let gate = Gate::new(config);
                for came in [Owned::new(), lines(EVERYTHING)] {
                    for export in EXPORTS {
                        match admitted(&gate, &came, export) {
                            // Perhaps `inbound: off`, which touches nothing.
                            None | Some((_, Decision::Passed)) => {}
                            Some((left, _)) => agreeing(&gate, &came, &left),
                        }
                    }
                }
            }
            Err(complaints) => {
                assert!(!complaints.is_empty(), "refused without a reason");
                for complaint in complaints {
                    assert!(!complaint.message.is_empty(), "a complaint of nothing");
                    let told = complaint.to_string().contains(SECRET) && !document.contains(SECRET);
                    assert!(!told, "a secret of the environment is told");
                }
            }
        }
    }
}

/// What every variable of the environment holds.
const SECRET: &str = "open-sesame-9c1b";

/// A caller that says something in every format, and not always the same.
const EVERYTHING: &[u8] = b"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03
tracestate: a=1,ot=th:8;rv:ffffffffffffff
b3: 4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1
x-b3-traceid: 4bf92f3577b34da6a3ce929d0e0e4736
x-b3-spanid: b7ad6b7169203331
uber-trace-id: 0af7651916cd43dd8448eb211c80319c:b7ad6b7169203331:0:1
opik_trace_id: 019cae0b-ba4d-7c41-9a3e-5d0f6b72e814
opik-parent-span-id: 019cae0b-ba10-7d10-8e21-0f9a1b2c3d4e
baggage: user=u,opik.trace_id=019cae0b-ba33-7b60-9c1b-2281eda8d7fe
authorization: Bearer secret";

const EXPORTS: [Availability; 4] = [
    Availability::Accepting(Systems {
        opik: true,
        otel: false,
    }),
    Availability::Accepting(Systems {
        opik: true,
        otel: true,
    }),
    Availability::Accepting(Systems {
        opik: false,
        otel: true,
    }),
    Availability::Stopped,
];

/// A request with these headers.
const fn request<'a>(pairs: &'a [Pair<'a>]) -> Request<'a> {
    Request {
        method: b"POST",
        scheme: b"https",
        path: b"/v1/chat?q=1",
        host: b"gateway.test",
        headers: Headers::new(pairs),
        peer: Peer {
            address: None,
            names: &[],
            is_verified: false,
        },
        route: None,
        rule: None,
        continues: None,
        has_body: false,
    }
}

/// What goes upstream of one request through one gate, unless it is refused.
pub(crate) fn admitted(
    gate: &Gate,
    came: &Owned,
    export: Availability,
) -> Option<(Owned, Decision)> {
    let pairs = pairs(came);
    let request = request(&pairs);
    let entropy = core::array::from_fn(|index| 17 + 7 * index as u8);
    let pass = match gate.decide(&request, None, export, NOW, || Some(entropy)) {
        Ok(pass) => pass,
        Err(rejection) => {
            assert!(rejection.body().starts_with('{'), "a body made of nothing");
            return None;
        }
    };
    sendable(&pass.edits);
    let left = apply(came, &pass.edits);
    if let Some(open) = pass.span {
        let end = End {
            status: Some(200),
            grpc_status: None,
            kind: EndKind::Complete,
            request_bytes: None,
            response_bytes: None,
        };
        let mut count = 0;
        gate.close(open, end, NOW).attributes(&mut |_| count += 1);
        assert!(count > 0);
    }
    Some((left, pass.decision))
}

/// Reads again what goes upstream.
fn agreeing(gate: &Gate, came: &Owned, left: &Owned) {
    let pairs = pairs(left);
    let seen = Seen::sift(Headers::new(&pairs), gate.config().formats.spelling, NOW);
    let mut said: [Option<(Ids, Option<bool>)>; 2] = [None, None];
    for format in FORMATS {
        let found = format.extract(&seen).unwrap_or_else(|fault| {
            panic!(
                "{}: a malformed header goes out, {fault}:\n{}made of\n{}",
                gate.config().service,
                shown(left),
                shown(came)
            )
        });
        let Some(carried) = found.filter(|carried| carried.ids != Ids::None) else {
            continue;
        };
        let (system, decided) = match format.system {
            System::Opik => (0, None),
            // A state left open is nobody's decision.
            System::Otel if carried.sampling == Sampling::Defer => (1, None),
            System::Otel => (1, carried.sampling.decided()),
        };
        let (ids, sampled) = *said[system].get_or_insert((carried.ids, decided));
        assert_eq!(
            (carried.ids, decided),
            (ids, sampled),
            "{}: {format:?} contradicts another format in\n{}made of\n{}",
            gate.config().service,
            shown(left),
            shown(came)
        );
    }
}

/// What [`Config::headers`] leaves out changes nothing, so a host may keep it back; what it names passes the sieve.
pub(crate) fn keeping_back(came: &Owned) {
    let config = LOOKING.config();
    let wanted = config.headers();
    let is_wanted = |name: &[u8]| {
        wanted.iter().any(|wanted| match wanted.strip_suffix('*') {
            Some(start) => name
                .get(..start.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(start.as_bytes())),
            None => name.eq_ignore_ascii_case(wanted.as_bytes()),
        })
    };
    let sieve = Sieve::of(wanted.iter().copied());
    let mut handed_over = came.clone();
    handed_over.retain(|(name, _)| is_wanted(name));
    for (name, _) in &handed_over {
        assert!(sieve.lets_pass(name), "{}", name.escape_ascii());
    }
    for method in [b"POST".as_slice(), b"OPTIONS"] {
        let (all, wanted) = (told(method, came), told(method, &handed_over));
        assert_eq!(all, wanted, "of\n{}", shown(came));
    }
}

/// Everything that a gate which looks at all that can be configured says of a request.
fn told(method: &[u8], came: &Owned) -> String {
    let pairs = pairs(came);
    let request = Request {
        method,
        ..request(&pairs)
    };
    let admission = LOOKING.decide(&request, None, EXPORTS[0], NOW, || Some([7; 20]));
    format!("{:?} {admission:?}", request.rpc())
}

/// A gate with a header in every place of the configuration that may name one.
static LOOKING: LazyLock<Gate> = LazyLock::new(|| {
    let document = r#"{
        "formats": { "inject": ["opik", "opik_baggage", "w3c", "b3", "b3multi", "jaeger"] },
        "rule": { "trust": { "header": { "name": "X-Proof", "equals_env": "PROOF" } }, "untrusted": "link" },
        "routes": [ { "match": { "header": { "name": "X-Tenant", "value": "a" } }, "inbound": "restart",
            "keep_headers": ["Sentry-Trace"], "trust": { "header": { "name": "X-Other-Proof", "equals_env": "PROOF" } } } ],
        "span": { "headers": ["User-Agent", "X-Plan"], "thread": "X-Session" }
    }"#;
    let config = Config::parse(document, Host::Envoy, &|_| Some(SECRET.to_owned()));
    Gate::new(config.unwrap_or_else(|faults| panic!("{faults:?}")))
});

/// Headers that this gate looks at besides those of formats, what they may say, and some that nobody looks at.
pub(crate) const LOOKED_AT: [&str; 14] = [
    "x-proof",
    "x-other-proof",
    "x-tenant",
    "user-agent",
    "x-plan",
    "x-session",
    "content-type",
    "accept",
    "x-proofs",
    "x-datadog-trace-id",
    "sentry-trace",
    "grpc-trace-bin",
    "origin",
    "access-control-request-method",
];
pub(crate) const SAID: [&str; 5] = [
    SECRET,
    "a",
    "application/grpc",
    "application/grpc-web+proto",
    "\u{e9}",
];

/// The gate whose one rule is `inbound: off` goes by this name.
const OFF: &str = "off";

/// One gate for each way of treating a caller. Every second one knows all formats, the others what is usual.
static GATES: LazyLock<Vec<Gate>> = LazyLock::new(|| {
    let all = r#""formats": { "extract": ["jaeger", "b3", "b3multi", "w3c", "opik_baggage", "opik"],
        "inject": ["opik", "opik_baggage", "w3c", "b3", "b3multi", "jaeger"], "opik_spelling": "dash" }"#;
    let usual = r#""formats": { "extract": ["opik", "w3c"], "inject": ["opik", "w3c"] }"#;
    [
        ("join", "{}"),
        ("join everything", "{}"),
        ("forward", r#"{ "record": false }"#),
        ("pass", r#"{ "record": false, "missing": "pass" }"#),
        ("sample", r#"{ "sample": 0.25 }"#),
        (
            "link",
            r#"{ "inbound": "link", "baggage_allow": ["user"] }"#,
        ),
        ("restart", r#"{ "inbound": "restart", "sample": 0 }"#),
        ("strip", r#"{ "upstream": "strip" }"#),
        ("reject", r#"{ "missing": "reject", "invalid": "reject" }"#),
        (OFF, r#"{ "inbound": "off" }"#),
    ]
    .into_iter()
    .zip([usual, all].into_iter().cycle())
    .map(|((service, rule), formats)| {
        gate(&format!(
            r#"{{ "service": "{service}", {formats}, "rule": {rule} }}"#
        ))
    })
    .collect()
});

/// A gateway that records nothing, believes B3 and W3C in this order, and writes W3C as well.
pub(crate) fn forwarding() -> Gate {
    gate(
        r#"{ "formats": { "extract": ["b3", "b3multi", "w3c"], "inject": ["w3c"] }, "rule": { "record": false } }"#,
    )
}

fn gate(document: &str) -> Gate {
    let config = Config::parse(document, Host::Envoy, &|_| None);
    Gate::new(config.unwrap_or_else(|faults| panic!("{document}: {faults:?}")))
}
