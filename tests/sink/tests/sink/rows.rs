//! How rows replace each other.

use gatespan_sink::Options;
use serde_json::{Value, json};

use crate::client::{CHILD, Client, ROOT, TRACE, sink, spans, traces, with};

fn at(second: u8) -> String {
    format!("2026-03-02T10:15:{second:02}Z")
}

fn trace(name: &str, second: u8) -> Value {
    json!({ "id": TRACE, "project_name": "edge-prod", "name": name, "start_time": at(0), "last_updated_at": at(second) })
}

#[test]
fn newer_trace_row_replaces_the_row_of_the_client() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let mut callers = trace("the caller's", 1);
    callers["input"] = json!({ "question": "?" });
    assert_eq!(client.traces(&json!({ "traces": [callers] })), 204);
    assert_eq!(
        client.traces(&json!({ "traces": [trace("a gateway's that must not be", 2)] })),
        204
    );
    let rows = client.read("/read/traces")["traces"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!(rows[0]["name"], "a gateway's that must not be");
    assert_eq!(
        rows[0]["input"],
        Value::Null,
        "the input is gone: no field is merged"
    );
}

#[test]
fn newest_row_wins_in_any_order_of_arrival() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let name = |client: &mut Client| {
        client.read("/read/traces")["traces"][0]["name"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    client.traces(&json!({ "traces": [trace("second", 2), trace("first", 1)] }));
    assert_eq!(name(&mut client), "second");
    client.traces(&json!({ "traces": [trace("first", 1)] }));
    assert_eq!(name(&mut client), "second");
    client.traces(&json!({ "traces": [trace("the same moment", 2)] }));
    assert_eq!(name(&mut client), "the same moment");
    let mut now = trace("now, by the server's clock", 0);
    now["last_updated_at"] = Value::Null;
    client.traces(&json!({ "traces": [now] }));
    assert_eq!(name(&mut client), "now, by the server's clock");
}

#[test]
fn traces_of_two_projects_differ_but_not_by_case() {
    let sink = sink();
    let mut client = Client::new(&sink);
    for (project, rows) in [("edge-prod", 1), ("EDGE-prod", 1), ("other", 2)] {
        let mut row = trace("t", 3);
        row["project_name"] = json!(project);
        client.traces(&json!({ "traces": [row] }));
        assert_eq!(
            client.read("/read/traces")["traces"]
                .as_array()
                .unwrap()
                .len(),
            rows,
            "{project}"
        );
    }
}

#[test]
fn span_with_another_parent_is_another_row() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let mut body = spans();
    client.spans(&body);
    client.spans(&body);
    assert_eq!(
        client.read("/read/spans")["spans"]
            .as_array()
            .unwrap()
            .len(),
        3,
        "a retry changes nothing"
    );
    body["spans"][1]["parent_span_id"] = json!(TRACE);
    client.spans(&body);
    assert_eq!(
        client.read("/read/spans")["spans"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    let tree = client.read(&format!("/read/tree?shape=flat&trace={TRACE}"));
    let twice: Vec<_> = tree["spans"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|span| span["twice"] == true)
        .collect();
    assert_eq!(twice.len(), 2);
    assert!(twice.iter().all(|span| span["id"] == CHILD));
}

#[test]
fn single_items_are_created_merged_or_conflict() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let path = format!("/api/v1/private/traces/{TRACE}");
    let end = json!({ "project_name": "edge-prod", "end_time": at(9), "output": { "a": 1 } });
    assert_eq!(
        client.give("PATCH", &path, &end).status,
        204,
        "an update may come first"
    );
    let partial = client.read("/read/traces")["traces"][0].clone();
    assert_eq!(
        (&partial["partial"], &partial["start_time"]),
        (&json!(true), &json!("1970-01-01T00:00:00Z"))
    );

    let created = client.post("/api/v1/private/traces", &trace("late", 1));
    assert_eq!(created.status, 201);
    assert!(
        created
            .head
            .contains(&format!("location: /v1/private/traces/{TRACE}")),
        "{}",
        created.head
    );
    let merged = client.read(&path);
    assert_eq!(
        (&merged["name"], &merged["end_time"], &merged["partial"]),
        (&json!("late"), &json!(at(9)), &Value::Null)
    );
    assert_eq!(merged["start_time"], at(0));

    let again = client.post("/api/v1/private/traces", &trace("late", 2));
    assert_eq!(
        (again.status, again.json()["message"].as_str()),
        (409, Some("id: Trace already exists"))
    );
    assert_eq!(
        client
            .give("PATCH", &path, &json!({ "project_name": "other" }))
            .status,
        409
    );
    assert_eq!(
        client.read(&path)["output"],
        json!({ "a": 1 }),
        "what an update does not name stays"
    );
    assert_eq!(
        client
            .give(
                "PATCH",
                &path,
                &json!({ "project_name": "edge-prod", "tags": ["x"] })
            )
            .status,
        204
    );
    assert_eq!(
        (&client.read(&path)["tags"], &client.read(&path)["name"]),
        (&json!(["x"]), &json!("late"))
    );
}

#[test]
fn single_span_must_agree_with_the_existing_row() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let span = spans()["spans"][1].clone();
    assert_eq!(client.post("/v1/private/spans", &span).status, 201);
    assert_eq!(
        client.post("/v1/private/spans", &span).status,
        201,
        "a span that is there stays as it is"
    );
    let path = format!("/v1/private/spans/{CHILD}");
    for (parent, trace, status) in [
        (json!(ROOT), TRACE, 204),
        (Value::Null, TRACE, 409),
        (json!(TRACE), TRACE, 409),
        (json!(ROOT), "019cae0b-b9f2-7d08-8b61-27e4a1c05f93", 409),
    ] {
        let body = json!({ "project_name": "edge-prod", "trace_id": trace, "parent_span_id": parent, "ttft": 1 });
        assert_eq!(client.give("PATCH", &path, &body).status, status, "{body}");
    }
    assert_eq!(client.read(&path)["model"], "claude-example-1");
    assert_eq!(
        client
            .send("GET", &format!("/v1/private/spans/{ROOT}"), "", b"")
            .unwrap()
            .status,
        404
    );
}

#[test]
fn store_keeps_only_the_newest_rows() {
    let sink = with(Options {
        window: None,
        rows: 2,
        ..Options::default()
    });
    let mut client = Client::new(&sink);
    client.traces(&traces());
    client.spans(&spans());
    let kept = client.read("/read/spans")["spans"].clone();
    let ids: Vec<_> = kept
        .as_array()
        .unwrap()
        .iter()
        .map(|span| span["id"].clone())
        .collect();
    assert_eq!(ids, [CHILD, "019cae0b-bdba-7137-8e9a-2aaeba1b2b51"]);
}
