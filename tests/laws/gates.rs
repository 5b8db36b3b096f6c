//! What must hold for a whole gate, whatever headers come.

use std::sync::LazyLock;

use gatespan::config::{ExportPlan, Formats, SpanPlan, Spelling};
use gatespan::format::{FORMATS, FormatSet, Seen, System};
use gatespan::policy::{Inbound, Invalid, Layer, Missing, Peer, Rules, Upstream};
use gatespan::span::NameTemplate;
use gatespan::{
    Admission, Config, End, EndKind, Export, Format, Gate, Headers, Ids, Receives, Request,
    Sampler, Sampling,
};

use super::fair::sendable;
use super::{NOW, Owned, apply, pairs, shown};

/// Every gate lets a request through in good order, or refuses it.
pub(crate) fn hold(came: &Owned) {
    for gate in GATES.iter() {
        for export in EXPORTS {
            admitted(gate, came, export);
        }
    }
}

const EXPORTS: [Export; 4] = [
    Export::Accepting(Receives {
        opik: true,
        otel: false,
    }),
    Export::Accepting(Receives {
        opik: true,
        otel: true,
    }),
    Export::Accepting(Receives {
        opik: false,
        otel: true,
    }),
    Export::Stopped,
];

/// One request through one gate: nothing malformed goes out, and inside a system all formats say the same.
pub(crate) fn admitted(gate: &Gate, came: &Owned, export: Export) {
    let pairs = pairs(came);
    let request = Request {
        method: b"POST",
        path: b"/v1/chat?q=1",
        host: b"gateway.test",
        headers: Headers::new(&pairs),
        peer: Peer::default(),
        route: None,
        rule: None,
    };
    let entropy = core::array::from_fn(|index| 17 + 7 * index as u8);
    let pass = match gate.admit(&request, export, NOW, &entropy) {
        Admission::Pass(pass) => pass,
        Admission::Refuse(refusal) => {
            assert!(refusal.body().starts_with('{'), "a body made of nothing");
            return;
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
        assert!(open.close(gate.config(), end, NOW).attributes().count() > 0);
    }
    if gate.config().service == OFF {
        assert_eq!(shown(&left), shown(came), "`inbound: off` touches nothing");
        return;
    }
    agreeing(gate, came, &left);
}

/// Reads again what goes upstream.
fn agreeing(gate: &Gate, came: &Owned, left: &Owned) {
    let pairs = pairs(left);
    let seen = Seen::sift(Headers::new(&pairs), gate.config().formats.spelling, NOW);
    let mut said: [Option<(Ids, Option<bool>)>; 2] = [None, None];
    for format in &FORMATS {
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

/// The gate whose one rule is `inbound: off` goes by this name.
const OFF: &str = "off";

static GATES: LazyLock<Vec<Gate>> = LazyLock::new(|| {
    let join = Layer::default;
    let layers = [
        ("join", join(), Spelling::Both),
        (
            "forward",
            Layer {
                record: Some(false),
                ..join()
            },
            Spelling::Underscore,
        ),
        (
            "pass",
            Layer {
                record: Some(false),
                missing: Some(Missing::Pass),
                ..join()
            },
            Spelling::Dash,
        ),
        (
            "sample",
            Layer {
                sample: Some(Sampler::with_probability(0.25)),
                ..join()
            },
            Spelling::Both,
        ),
        (
            "link",
            Layer {
                inbound: Some(Inbound::Link),
                baggage_allow: Some(vec!["user".into()]),
                ..join()
            },
            Spelling::Both,
        ),
        (
            "restart",
            Layer {
                inbound: Some(Inbound::Restart),
                sample: Some(Sampler::Never),
                ..join()
            },
            Spelling::Dash,
        ),
        (
            "strip",
            Layer {
                upstream: Some(Upstream::Strip),
                ..join()
            },
            Spelling::Both,
        ),
        (
            "reject",
            Layer {
                missing: Some(Missing::Reject),
                invalid: Some(Invalid::Reject),
                ..join()
            },
            Spelling::Both,
        ),
        (
            OFF,
            Layer {
                inbound: Some(Inbound::Off),
                ..join()
            },
            Spelling::Both,
        ),
    ];
    let all = || FORMATS.iter().collect::<Vec<_>>();
    let some = || {
        ["opik", "w3c"]
            .iter()
            .filter_map(|name| Format::named(name))
    };
    let orders: [(Vec<&'static Format>, FormatSet); 2] = [
        (
            all().into_iter().rev().collect(),
            all().into_iter().collect(),
        ),
        (some().collect(), some().collect()),
    ];
    let mut gates = Vec::new();
    for (index, (service, layer, spelling)) in layers.into_iter().enumerate() {
        let (extract, inject) = orders[index % 2].clone();
        gates.push(Gate::new(config(service, layer, extract, inject, spelling)));
    }
    gates
});

/// A gateway that records nothing, believes B3 and W3C in this order, and writes W3C as well.
pub(crate) fn forwarding() -> Gate {
    let named = ["b3", "b3multi", "w3c"].map(|name| Format::named(name).unwrap());
    let [.., w3c] = named;
    let layer = Layer {
        record: Some(false),
        ..Layer::default()
    };
    let inject = [w3c].into_iter().collect();
    Gate::new(config(
        "forwarding",
        layer,
        named.to_vec(),
        inject,
        Spelling::Both,
    ))
}

/// A configuration by its parts.
fn config(
    service: &str,
    layer: Layer,
    extract: Vec<&'static Format>,
    inject: FormatSet,
    spelling: Spelling,
) -> Config {
    let believed = extract.iter().copied().collect();
    Config {
        service: service.into(),
        formats: Formats { extract, spelling },
        rules: Rules::new(layer, Vec::new(), Default::default(), inject, believed),
        span: SpanPlan {
            name: NameTemplate::parse("{method} {path}").unwrap(),
            headers: vec!["user-agent".into()],
            query: Vec::new(),
            thread: Some("x-thread".into()),
        },
        response_header: "x-trace-id".into(),
        backends: Vec::new(),
        export: ExportPlan {
            batch_spans: 200,
            batch_bytes: 1 << 20,
            interval_ms: 1000,
            queue_bytes: 1 << 23,
            timeout_ms: 5000,
            attempts: 6,
            backoff_ms: 200,
            backoff_max_ms: 30_000,
            gzip: true,
        },
    }
}
