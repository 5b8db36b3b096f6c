//! The page with data of OTLP and Lilypad.

use std::path::Path;

use gatespan_sink::Sink;
use serde_json::{Value, json};

use crate::cdp::Browser;
use crate::samples::{Samples, give, id, post};
use crate::{choose, count, shown};

const CALLER: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PROJECT: &str = "7d8f3c52-9e3b-4c8e-a6d1-0f2b9c4e5a71";

fn attribute(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// A gateway's span and its child.
fn otlp(begin: u64, trace: &str) -> Value {
    let at = |offset: u64| (begin + offset).to_string() + "000000";
    json!({ "resourceSpans": [{
        "resource": { "attributes": [attribute("service.name", "gatespan")] },
        "scopeSpans": [{ "scope": { "name": "gatespan", "version": "0.1.0" }, "spans": [
            {
                "traceId": trace, "spanId": "9c1b2281eda8d7fe", "name": "GET /v1/orders", "kind": 2, "flags": 257,
                "traceState": "vendor=1", "startTimeUnixNano": at(0), "endTimeUnixNano": at(648),
                "attributes": [attribute("gatespan.decision", "linked"), attribute("error.type", "503")],
                "links": [{ "traceId": CALLER, "spanId": "00f067aa0ba902b7", "attributes": [attribute("why", "caller")] }],
                "events": [{ "name": "retry", "timeUnixNano": at(300) }],
                "status": { "code": 2 },
            },
            {
                "traceId": trace, "spanId": "8fa9fc74dec2bb0c", "parentSpanId": "9c1b2281eda8d7fe", "name": "orders",
                "kind": 3, "startTimeUnixNano": at(20), "endTimeUnixNano": at(600),
            },
        ] }],
    }] })
}

/// The same trace in both systems: one line, one tree.
pub(crate) fn one_tree_of_two_systems(
    browser: &mut Browser,
    sink: &Sink,
    samples: &Samples,
    folder: &Path,
) {
    let trace = id(samples.begin, 5);
    let mut rows = samples.traces();
    let mut row = rows["traces"][1].take();
    row["id"] = json!(trace);
    post(sink, "traces", &json!({ "traces": [row] }));
    let mut span = samples.spans()["spans"][0].take();
    span["trace_id"] = json!(trace);
    post(sink, "spans", &json!({ "spans": [span] }));
    for _ in 0..2 {
        let body = otlp(samples.begin, &trace.replace('-', ""));
        assert_eq!(give(sink, "/v1/traces", &body), 200);
    }
    browser.wait(&format!(
        "document.querySelector('#list [data-id=\"{trace}\"]')?.innerText.includes('OTLP')"
    ));
    choose(browser, &trace);
    browser.wait("document.querySelectorAll('#rows .row').length === 3");
    assert_eq!(count(browser, "#list button"), 4, "two systems, one line");
    assert!(
        shown(browser, "#facts").contains("Opik, OTLP")
            || shown(browser, "#facts").contains("OTLP, Opik")
    );
    let row = shown(browser, "[data-span=\"9c1b2281eda8d7fe\"]");
    for word in [
        "GET /v1/orders",
        "OTLP · server",
        "✕ 503",
        "gateway · linked",
        "delivered 2 times",
        "648 ms",
    ] {
        assert!(row.contains(word), "{word}: {row}");
    }
    browser.evaluate("document.querySelector('[data-span=\"9c1b2281eda8d7fe\"]').click()");
    browser.wait("document.querySelectorAll('#rows .more').length === 1");
    let more = shown(browser, "#rows .more");
    for word in [
        "OTLP",
        CALLER,
        "00f067aa0ba902b7",
        "caller",
        "gatespan.decision",
        "vendor=1",
        "257",
        "retry",
        "service.name",
        "json",
        "/v1/traces",
    ] {
        assert!(more.contains(word), "{word}: {more}");
    }
    for scheme in ["light", "dark"] {
        browser.look(scheme, 1400, 1100);
        browser.picture(&folder.join(format!("otlp-{scheme}.png")));
    }
}

pub(crate) fn lilypad_alone(browser: &mut Browser, sink: &Sink, samples: &Samples, folder: &Path) {
    let at = |offset: u64| (samples.begin + offset) * 1_000_000;
    let span = |own: &str, parent: Option<&str>, name: &str, from, to| {
        json!({
            "trace_id": "019cae0bba4d7c419a3e5d0f6b72e814", "span_id": own, "parent_span_id": parent, "name": name,
            "instrumentation_scope": { "name": "gatespan", "version": null, "schema_url": null, "attributes": {} },
            "resource": "{\"attributes\":{\"service.name\":\"edge\"},\"schema_url\":\"\"}",
            "start_time": at(from), "end_time": at(to), "status": "UNSET", "session_id": "conv-7", "events": [], "links": [],
            "attributes": { "lilypad.type": "trace", "gatespan.decision": "minted" },
        })
    };
    let root = span("aa1b2281eda8d7fe", None, "POST /v1/lily", 0, 900);
    let body = json!([
        root,
        span(
            "bb1b2281eda8d7fe",
            Some("aa1b2281eda8d7fe"),
            "pad",
            100,
            800
        )
    ]);
    assert_eq!(
        give(sink, &format!("/v0/projects/{PROJECT}/traces"), &body),
        200
    );
    let trace = "019cae0bba4d7c419a3e5d0f6b72e814";
    browser.wait(&format!(
        "document.querySelector('#list [data-id=\"{trace}\"]') !== null"
    ));
    choose(browser, trace);
    browser.wait("document.querySelectorAll('#rows .row').length === 2");
    let line = shown(browser, &format!("#list [data-id=\"{trace}\"]"));
    assert!(
        line.contains("Lilypad") && !line.contains("no trace row"),
        "{line}"
    );
    assert_eq!(
        browser.evaluate("document.querySelector('#trace .note').hidden"),
        true
    );
    let rows = shown(browser, "#rows");
    for word in [
        "POST /v1/lily",
        "pad",
        "trace",
        "gateway · minted",
        "900 ms",
    ] {
        assert!(rows.contains(word), "{word}: {rows}");
    }
    browser.look("light", 1400, 900);
    browser.picture(&folder.join("lilypad-light.png"));
}
