//! What holds for every wire API, whatever comes in.

use gatespan::backend::{APIS, BackendApi};
use proptest::prelude::*;
use serde_json::Value;

use super::generated::{Told, recording, stories};
use super::stage::{Call, Stage};

/// A backend for each API.
const BACKENDS: [&str; APIS.len()] = [
    r#"{"kind": "opik", "url": "http://a.test/api"}"#,
    r#"{"kind": "otlp", "url": "http://a.test"}"#,
    r#"{"kind": "otlp", "url": "http://a.test", "encoding": "json"}"#,
    r#"{"kind": "otlp", "url": "http://a.test", "dialect": "opik"}"#,
    r#"{"kind": "lilypad", "url": "http://a.test", "project_id": "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814"}"#,
];

fn stage(backend: &str, inbound: &str) -> Stage {
    let export = r#", "export": {"batch_spans": 3}"#;
    Stage::new(&format!(
        r#"{{"backend": {backend}{}{export}}}"#,
        recording(inbound)
    ))
}

/// The items of a body: what stands in its one list.
fn items(call: &Call) -> usize {
    if call.path.ends_with("/v1/traces") {
        return call.spans().len();
    }
    let body: Value = serde_json::from_slice(&call.body)
        .unwrap_or_else(|error| panic!("{error}: {}", call.body.escape_ascii()));
    let list = match &body {
        Value::Object(object) if object.len() == 1 => object.values().next().unwrap(),
        other => other,
    };
    list.as_array().unwrap().len()
}

/// The call that carries spans, and not rows.
fn brings_spans(stage: &Stage, call: &Call) -> bool {
    let api = BackendApi::of(&stage.gateway.config().backends[0]).unwrap();
    api.calls.last().unwrap().path == call.path
}

fn hold(told: &[Told], inbound: &str, bad: &[usize]) {
    for backend in BACKENDS {
        let mut stage = stage(backend, inbound);
        for one in told {
            one.told(|story| stage.tell(story));
        }
        let (mut number, mut stored) = (0, 0);
        while let Some(call) = stage.poll() {
            let items = items(&call);
            assert!((1..=3).contains(&items), "{backend}");
            number += 1;
            let is_refused = bad.contains(&number);
            stored += if is_refused || !brings_spans(&stage, &call) {
                0
            } else {
                items
            };
            stage.answer(&call, if is_refused { 422 } else { 200 });
        }
        let counters = stage.gateway.counters().next().unwrap();
        assert_eq!(counters.recorded, told.len() as u64, "{backend}");
        assert_eq!(counters.exported, stored as u64, "{backend}");
        assert!(
            counters.queued == 0 && counters.queued_bytes == 0,
            "{backend}"
        );
    }
}

#[test]
fn every_api_has_its_backend_here() {
    let found = BACKENDS.map(|backend| {
        let stage = stage(backend, "join");
        let api = BackendApi::of(&stage.gateway.config().backends[0]).unwrap();
        APIS.iter().position(|other| core::ptr::eq(other, api))
    });
    assert_eq!(found, core::array::from_fn(Some));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn every_body_is_read_and_every_span_is_counted(
        told in stories(),
        inbound in prop::sample::select(vec!["join", "link"]),
        bad in prop::collection::vec(1_usize..12, 0..5),
    ) {
        hold(&told, inbound, &bad);
    }

    #[test]
    fn both_encodings_say_the_same(
        told in stories(),
        inbound in prop::sample::select(vec!["join", "link", "restart"]),
    ) {
        let [protobuf, json] = [BACKENDS[1], BACKENDS[2]].map(|backend| {
            let mut stage = stage(backend, inbound);
            for one in &told {
                one.told(|story| stage.tell(story));
            }
            stage.drain().iter().map(Call::read).collect::<Vec<_>>()
        });
        prop_assert_eq!(protobuf, json);
    }

    #[test]
    fn texts_arrive_as_they_were_sent(text in ".{0,200}") {
        let [protobuf, json] = [BACKENDS[1], BACKENDS[2]].map(|backend| {
            let mut stage = stage(backend, "join");
            stage.tell(&super::stage::Story {
                route: Some(text.as_bytes()),
                ..super::stage::STORY
            });
            stage.drain().remove(0).spans().remove(0)
        });
        let route = protobuf.attributes.iter().find(|one| one.key == "gatespan.route").cloned();
        let wanted = super::expected::attribute("gatespan.route", super::expected::Text(&text));
        prop_assert_eq!(route, Some(wanted));
        prop_assert_eq!(protobuf, json);
    }
}
