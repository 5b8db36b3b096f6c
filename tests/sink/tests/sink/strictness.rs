//! What is accepted and what is refused. The table `refusals.json` contains changes of the examples: the place, the value, the status, and a
//! part of the reason (or a remark if nothing is refused).

use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use gatespan_sink::Options;
use serde_json::{Value, json};

use crate::client::{Client, ROOT, TRACE, sink, spans, traces, with};

/// The place in the examples, the value, the status, and a part of the reason.
fn rows() -> Vec<(String, Value, u64, String)> {
    serde_json::from_str::<Vec<(String, Value, u64, String)>>(include_str!("refusals.json"))
        .expect("a table")
}

/// Puts `value` at `place`, which may be new.
fn mutate(place: &str, value: &Value) -> Value {
    let mut body = if place.starts_with("/spans") {
        spans()
    } else {
        traces()
    };
    let (above, last) = place.rsplit_once('/').expect("a place");
    match body
        .pointer_mut(above)
        .expect("the place is in the example")
    {
        Value::Array(items) => items[last.parse::<usize>().expect("a number")] = value.clone(),
        Value::Object(members) => drop(members.insert(last.to_owned(), value.clone())),
        _ => panic!("{place}"),
    }
    body
}

#[test]
fn one_invalid_value_refuses_the_whole_batch() {
    let sink = sink();
    let mut client = Client::new(&sink);
    for (place, value, status, reason) in rows() {
        client.post("/control/reset", &json!({}));
        let list = if place.starts_with("/spans") {
            "spans"
        } else {
            "traces"
        };
        let response = client.post(
            &format!("/api/v1/private/{list}/batch"),
            &mutate(&place, &value),
        );
        let text = String::from_utf8_lossy(&response.body).into_owned();
        assert_eq!(
            u64::from(response.status),
            status,
            "{place} = {value}: {text}"
        );
        let counts = client.read("/read/overview")["counts"].clone();
        let refused = client.read("/read/refused")["refused"].clone();
        if status == 204 {
            assert_ne!(counts[list], 0, "{place} = {value}");
            assert_eq!(refused, json!([]), "{place} = {value}");
        } else {
            assert_eq!(counts[list], 0, "{place} = {value}: something was kept");
            let told = refused[0]["reasons"][0]["reason"]
                .as_str()
                .expect("a reason");
            assert!(
                told.contains(&reason) && text.contains(&reason),
                "{place} = {value}: {told} / {text}"
            );
            assert_eq!(refused[0]["status"], status);
        }
    }
    assert!(rows().len() >= 35, "{}", rows().len());
}

#[test]
fn earliest_stage_determines_the_status_and_every_invalid_item_is_logged() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let mut body = mutate("/spans/0/start_time", &Value::Null);
    body["spans"][1]["id"] = json!("no");
    let response = client.post("/v1/private/spans/batch", &body);
    assert_eq!(
        (response.status, response.json()["message"].as_str()),
        (
            400,
            Some("spans[1].id: must be a UUID, 36 characters with dashes")
        )
    );
    let reasons = client.read("/read/refused")["refused"][0]["reasons"].clone();
    let items: Vec<_> = reasons
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| (reason["item"].clone(), reason["field"].clone()))
        .collect();
    assert_eq!(
        items,
        [(json!(0), json!("start_time")), (json!(1), json!("id"))]
    );
}

#[test]
fn batch_has_at_most_a_thousand_items() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let span = spans()["spans"][0].clone();
    for (count, status) in [(1_000, 204), (1_001, 422)] {
        assert_eq!(
            client.spans(&json!({ "spans": vec![span.clone(); count] })),
            status
        );
    }
}

#[test]
fn body_that_is_no_document_is_refused() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let path = "/api/v1/private/spans/batch";
    let json = "content-type: application/json\r\n";
    let good = spans().to_string();
    for (headers, body, status) in [
        (json, "{", 400),
        (json, "", 400),
        (json, "[]", 400),
        (json, "{\"spans\":[\u{7f}", 400),
        ("content-type: text/plain\r\n", good.as_str(), 415),
        ("", good.as_str(), 415),
        (
            "content-type: application/json; charset=utf-8\r\n",
            good.as_str(),
            204,
        ),
        (
            "content-type: application/json\r\ncontent-encoding: br\r\n",
            good.as_str(),
            415,
        ),
        (
            "content-type: application/json\r\ncontent-encoding: gzip\r\n",
            good.as_str(),
            400,
        ),
    ] {
        let response = client.send("POST", path, headers, body.as_bytes()).unwrap();
        assert_eq!(response.status, status, "{headers:?} {body:.20}");
    }
}

#[test]
fn time_window_applies_only_to_own_ids() {
    let sink = with(Options::default());
    let hour = 3_600_000;
    let now = i64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis(),
    )
    .unwrap();
    let aged = |hours: i64| {
        let hex = format!("{:012x}", now + hours * hour);
        format!("{}-{}-7b60-9c1b-2281eda8d7fe", &hex[..8], &hex[8..])
    };
    let mut client = Client::new(&sink);
    for (hours, status) in [(0, 204), (-23, 204), (23, 204), (-25, 400), (25, 400)] {
        // The ids of trace and parent are of another day.
        let body = mutate("/spans/1/id", &json!(aged(hours)));
        assert_eq!(
            client.spans(&json!({ "spans": [body["spans"][1]] })),
            status,
            "{hours}"
        );
    }
    let path = |hours| format!("/v1/private/traces/{}", aged(hours));
    assert_eq!(
        client.give("PATCH", &path(-48), &json!({})).status,
        204,
        "an update may be late"
    );
    assert_eq!(client.give("PATCH", &path(48), &json!({})).status, 400);
    let wide = with(Options {
        window: Some(Duration::from_secs(100_000 * 3_600)),
        ..Options::default()
    });
    assert_eq!(Client::new(&wide).spans(&spans()), 204);
}

#[test]
fn keys_and_workspaces() {
    let open = sink();
    let cloud = with(Options {
        window: None,
        key: Some("k".to_owned()),
        workspace: "team".to_owned(),
        ..Options::default()
    });
    for (sink, headers, status) in [
        (&open, "", 204),
        (&open, "comet-workspace: default\r\n", 204),
        (&open, "authorization: anything\r\n", 204),
        (&open, "Comet-Workspace: team\r\n", 404),
        (&cloud, "", 401),
        (&cloud, "comet-workspace: team\r\n", 401),
        (&cloud, "authorization: \r\ncomet-workspace: team\r\n", 401),
        (
            &cloud,
            "authorization: Bearer k\r\ncomet-workspace: team\r\n",
            401,
        ),
        (&cloud, "authorization: k\r\n", 403),
        (
            &cloud,
            "authorization: k\r\ncomet-workspace: other\r\n",
            403,
        ),
        (&cloud, "Authorization: k\r\nComet-Workspace: team\r\n", 204),
    ] {
        let headers = format!("content-type: application/json\r\n{headers}");
        let body = traces().to_string();
        let response = Client::new(sink).send(
            "POST",
            "/v1/private/traces/batch",
            &headers,
            body.as_bytes(),
        );
        assert_eq!(response.unwrap().status, status, "{headers:?}");
    }
    let log = Client::new(&cloud).read("/read/requests").to_string();
    assert!(
        !log.contains("Bearer k") && log.contains("***"),
        "a secret is in the log: {log}"
    );
}

#[test]
fn updates_have_separate_limits() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let tags: Vec<String> = (0..51).map(|number| number.to_string()).collect();
    for (path, body, status) in [
        (
            format!("traces/{TRACE}"),
            json!({ "tags": tags[..50] }),
            204,
        ),
        (format!("traces/{TRACE}"), json!({ "tags": tags }), 422),
        (
            format!("traces/{TRACE}"),
            json!({ "tags": ["t".repeat(101)] }),
            422,
        ),
        (
            format!("traces/{TRACE}"),
            json!({ "end_time": "soon" }),
            400,
        ),
        ("traces/not-an-id".to_owned(), json!({}), 400),
        (format!("spans/{ROOT}"), json!({ "trace_id": TRACE }), 204),
        (format!("spans/{ROOT}"), json!({}), 422),
    ] {
        let response = client.give("PATCH", &format!("/api/v1/private/{path}"), &body);
        assert_eq!(response.status, status, "{path} {body}");
    }
}
