//! What is stored, what is lost although the response is 200, and the response.

use serde_json::{Value, json};

use super::{CHILD, KEY, OTHER, PROJECT, ROOT, TRACE, count, path, post, read, sink, span, tree};
use crate::client::Client;

#[test]
fn tree_with_its_root_is_stored_and_read_back() {
    let sink = sink(false);
    let response = post(&sink, &tree());
    let told = response.json();
    assert_eq!(
        (response.status, &told["trace_status"], &told["span_count"]),
        (200, &json!("processed"), &json!(2))
    );
    assert_eq!(told["trace_ids"], json!([TRACE]));
    let mut client = Client::new(&sink);
    let by_id = format!("{}/by-trace-id/{TRACE}?environment_uuid=x", path(PROJECT));
    let back = client.send("GET", &by_id, KEY, b"").unwrap();
    assert_eq!((back.status, back.json()), (200, tree()), "as it was sent");
    for (project, trace, headers, status) in [
        (PROJECT, "4bf92f3577b34da6a3ce929d0e0e4736", KEY, 404),
        (PROJECT, TRACE, "", 401),
        (PROJECT, TRACE, "x-api-key: o\r\n", 400),
        (OTHER, TRACE, "x-api-key: o\r\n", 404),
    ] {
        let path = format!("{}/by-trace-id/{trace}", path(project));
        assert_eq!(
            client.send("GET", &path, headers, b"").unwrap().status,
            status,
            "{path}"
        );
    }
}

#[test]
fn span_is_read_back_in_the_common_form() {
    let sink = sink(false);
    assert_eq!(post(&sink, &tree()).status, 200);
    let spans = read(&sink)["spans"].clone();
    let link = json!({ "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7", "attributes": {} });
    let sent = span(CHILD, Some(ROOT));
    assert_eq!(
        spans[1],
        json!({
            "system": "lilypad", "id": CHILD, "trace_id": TRACE, "parent_span_id": ROOT, "project_name": PROJECT,
            "name": "POST /v1/chat", "kind": "trace", "start_time": "2026-03-02T10:15:30.125000Z",
            "end_time": "2026-03-02T10:15:32.480000Z", "status": { "code": "error", "message": "" },
            "attributes": sent["attributes"], "events": sent["events"], "links": [link], "thread_id": "conv-7",
            "resource": { "service.name": "edge" }, "scope": sent["instrumentation_scope"],
            "path": path(PROJECT), "sent": sent,
        })
    );
    assert_eq!(spans[0]["parent_span_id"], Value::Null);
    let tree = Client::new(&sink).read(&format!("/read/tree?trace={TRACE}"));
    assert_eq!(
        (&tree["trace"], &tree["spans"][0]["children"][0]["id"]),
        (&Value::Null, &json!(CHILD))
    );
    assert_eq!(
        tree["spans"][0]["missing"],
        json!([]),
        "Lilypad has no trace rows to miss"
    );
}

#[test]
fn scope_without_attributes_is_valid() {
    let sink = sink(false);
    let mut root = span(ROOT, None);
    root["instrumentation_scope"]["attributes"] = Value::Null;
    assert_eq!(post(&sink, &json!([root])).status, 200, "as Lilypad's SDK");
}

#[test]
fn span_without_root_in_the_request_is_lost_if_there_is_no_queue() {
    let sink = sink(false);
    let lone = json!([span(CHILD, Some(ROOT))]);
    let response = post(&sink, &lone);
    assert_eq!(
        (response.status, &response.json()["span_count"]),
        (200, &json!(0))
    );
    assert_eq!(response.json()["trace_ids"], json!([]));
    let mut circle = span("00000000000000aa", Some("00000000000000bb"));
    circle["name"] = json!("circle");
    let body = json!([
        span("0000000000000003", Some("0000000000000002")),
        span("0000000000000002", Some("0000000000000001")),
        span("0000000000000001", None),
        circle,
        span("00000000000000bb", Some("00000000000000aa")),
    ]);
    let told = post(&sink, &body).json();
    assert_eq!(
        (&told["trace_status"], &told["span_count"]),
        (&json!("processed"), &json!(3))
    );
    let kept = read(&sink);
    assert_eq!((count(&kept["spans"]), count(&kept["lost"])), (3, 3));
    assert_eq!(
        (&kept["lost"][0], &kept["lost"][1]["name"]),
        (&lone[0], &json!("circle"))
    );
    let mut foreign = span(CHILD, Some("0000000000000001"));
    foreign["trace_id"] = json!("4bf92f3577b34da6a3ce929d0e0e4736");
    let told = post(&sink, &json!([span("00000000000000cc", None), foreign])).json();
    assert_eq!(told["span_count"], 1, "a parent in another request is none");
    assert_eq!(
        Client::new(&sink).read("/read/refused")["refused"],
        json!([])
    );
}

#[test]
fn span_id_is_unique_in_the_database() {
    let sink = sink(false);
    assert_eq!(post(&sink, &tree()).status, 200);
    let again = post(&sink, &tree());
    assert_eq!(
        (again.status, &again.json()["detail"]),
        (
            500,
            &json!("span_id: is there already: span ids are unique")
        )
    );
    let mut other = span(ROOT, None);
    other["trace_id"] = json!("4bf92f3577b34da6a3ce929d0e0e4736");
    let mixed = json!([span("00000000000000aa", None), other]);
    assert_eq!(post(&sink, &mixed).status, 500, "of another trace, too");
    assert_eq!(
        count(&read(&sink)["spans"]),
        2,
        "and nothing beside it was stored"
    );
}

#[test]
fn queue_accepts_everything_and_reports_nothing_else() {
    let sink = sink(true);
    let lone = json!([span(CHILD, Some(ROOT))]);
    let told = post(&sink, &lone).json();
    assert_eq!(
        (&told["trace_status"], &told["span_count"]),
        (&json!("queued"), &json!(1))
    );
    assert_eq!(told["trace_ids"], json!([TRACE]));
    assert_eq!(post(&sink, &tree()).json()["span_count"], 2);
    let kept = read(&sink);
    assert_eq!(
        (count(&kept["spans"]), &kept["lost"]),
        (2, &lone),
        "the second of one id is lost"
    );
    assert_eq!(
        post(&sink, &json!([{}])).status,
        500,
        "its fields have the same rules"
    );
}

#[test]
fn faults_apply_to_the_otlp_path_of_opik() {
    let sink = sink(false);
    let mut client = Client::new(&sink);
    client.fault(&json!([
        { "kind": "status", "code": 402, "only": "/projects/", "times": 1 },
        { "kind": "partial", "rejected": 1, "only": "/projects/", "times": 1 },
        { "kind": "status", "code": 500, "store": true, "only": "/projects/", "times": 1 },
    ]));
    assert_eq!(post(&sink, &tree()).status, 402);
    assert_eq!(
        post(&sink, &tree()).json()["span_count"],
        1,
        "the last is not stored"
    );
    assert_eq!(count(&read(&sink)["lost"]), 1);
    let late = json!([span("00000000000000aa", None)]);
    assert_eq!(post(&sink, &late).status, 500, "perhaps stored");
    assert_eq!(post(&sink, &late).status, 500, "and so it was");
    assert_eq!(count(&read(&sink)["spans"]), 2);
    let counted = client.read("/read/counters")["lilypad"].clone();
    assert_eq!(
        counted,
        json!({
            "requests": 4, "taken": 2, "items": 2, "refused": 1, "broken": 0, "faults": { "partial": 1, "status": 2 },
        })
    );
}
