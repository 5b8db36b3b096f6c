//! The read-back.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use crate::client::{CHILD, Client, ROOT, TRACE, sink, spans, traces};

const STRAY: &str = "019cae0b-b9f2-7d08-8b61-27e4a1c05f93";

#[test]
fn tree_shows_what_is_missing() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.traces(&traces());
    client.spans(&spans());
    let tree = client.read(&format!("/read/tree?trace={TRACE}"));
    assert_eq!(
        (&tree["trace"]["name"], &tree["trace"]["workspace"]),
        (&json!("POST /v1/chat"), &json!("default"))
    );
    let root = &tree["spans"][0];
    assert_eq!((&root["id"], &root["missing"]), (&json!(ROOT), &json!([])));
    assert_eq!(
        (&root["children"][0]["id"], &root["children"][0]["children"]),
        (&json!(CHILD), &json!([]))
    );
    let stray = client.read(&format!("/read/tree?trace={STRAY}"));
    assert_eq!(
        (&stray["trace"], &stray["spans"][0]["missing"]),
        (&Value::Null, &json!(["trace", "parent"]))
    );
    let lines = client.read("/read/overview")["traces"].clone();
    assert_eq!(
        (
            &lines[0]["id"],
            &lines[0]["row"],
            &lines[0]["lost"],
            &lines[0]["errors"]
        ),
        (&json!(STRAY), &Value::Null, &json!(1), &json!(1))
    );
    assert_eq!(
        (&lines[1]["id"], &lines[1]["row"], &lines[1]["spans"]),
        (&json!(TRACE), &json!("whole"), &json!(2))
    );
}

fn span(number: u32, parent: Option<u32>, start: u32) -> Value {
    let id = |number: u32| format!("019cae0b-ba4d-7b60-9c1b-{number:012x}");
    json!({
        "id": id(number), "trace_id": TRACE, "parent_span_id": parent.map(id), "name": number.to_string(),
        "start_time": format!("2026-03-02T10:15:30.{start:06}Z"),
    })
}

/// Names in the order of the tree, with their depth.
fn outline(client: &mut Client) -> Vec<(String, u64)> {
    let flat = client.read(&format!("/read/tree?shape=flat&trace={TRACE}"));
    let spans = flat["spans"].as_array().unwrap();
    spans
        .iter()
        .map(|span| {
            (
                span["name"].as_str().unwrap().to_owned(),
                span["depth"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn siblings_are_ordered_by_start_and_circles_are_shown() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.spans(&json!({ "spans": [span(4, Some(1), 40), span(2, Some(1), 20), span(3, Some(2), 30), span(1, None, 10)] }));
    client.spans(
        &json!({ "spans": [span(8, Some(9), 50), span(9, Some(8), 60), span(7, Some(7), 70)] }),
    );
    let order = [
        ("1", 0),
        ("2", 1),
        ("3", 2),
        ("4", 1),
        ("7", 0),
        ("8", 0),
        ("9", 1),
    ];
    assert_eq!(
        outline(&mut client),
        order.map(|(name, depth)| (name.to_owned(), depth))
    );
}

#[test]
fn chain_deeper_than_json_nesting_is_flattened() {
    let sink = sink();
    let mut client = Client::new(&sink);
    for from in (0..9_000).step_by(1_000) {
        let chain: Vec<Value> = (from..from + 1_000)
            .map(|number| span(number + 1, number.checked_sub(1).map(|_| number), number))
            .collect();
        assert_eq!(client.spans(&json!({ "spans": chain })), 204);
    }
    assert_eq!(
        outline(&mut client).last(),
        Some(&("9000".to_owned(), 8_999))
    );
    let nested = client.read(&format!("/read/tree?trace={TRACE}"));
    let mut count = 0;
    let mut open = vec![&nested["spans"]];
    while let Some(spans) = open.pop() {
        let spans = spans.as_array().unwrap();
        count += spans.len();
        open.extend(spans.iter().map(|span| &span["children"]));
    }
    assert_eq!(
        count, 9_000,
        "nothing is lost by standing beside its parent"
    );
}

#[test]
fn wait_ends_with_the_last_row() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let path = format!("/read/wait?traces=1&spans=2&ms=15000&trace={TRACE}");
    thread::scope(|scope| {
        let waits = scope.spawn(|| {
            let begin = Instant::now();
            (
                Client::new(&sink).send("GET", &path, "", b"").unwrap(),
                begin.elapsed(),
            )
        });
        thread::sleep(Duration::from_millis(200));
        client.spans(&spans());
        thread::sleep(Duration::from_millis(200));
        client.traces(&traces());
        let (response, took) = waits.join().unwrap();
        assert_eq!(
            (response.status, response.json()),
            (
                200,
                json!({ "reached": true, "traces": 1, "spans": 2, "otlp": 0, "lilypad": 0 })
            )
        );
        assert!(
            took >= Duration::from_millis(300) && took < Duration::from_secs(10),
            "{took:?}"
        );
    });
    let never = client
        .send("GET", "/read/wait?traces=7&ms=50", "", b"")
        .unwrap();
    assert_eq!(
        (never.status, never.json()),
        (
            504,
            json!({ "reached": false, "traces": 1, "spans": 3, "otlp": 0, "lilypad": 0 })
        )
    );
}

/// In the body, in a header that is not logged, in the query, and in a refused request.
#[test]
fn word_is_found_in_any_part_of_a_request() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.spans(&spans());
    client.traces(&json!({ "traces": [{ "name": "hidden-name" }] }));
    let key = "authorization: hidden-key\r\n";
    let body = b"\x0a\x00hidden-name";
    let path = "/v1/traces?x=hidden-query";
    client.send("POST", path, key, body).unwrap();
    let mut holding = |word: &str| {
        let found = client.read(&format!("/read/holding?word={word}"));
        assert_eq!(
            (&found["searched"], &found["forgotten"]),
            (&json!(3), &json!(0))
        );
        found["requests"].clone()
    };
    let spans = "POST /api/v1/private/spans/batch?";
    let traces = "POST /api/v1/private/traces/batch?";
    let otlp = "POST /v1/traces?x=hidden-query";
    assert_eq!(holding("claude-example-1"), json!([spans]));
    assert_eq!(holding("hidden-name"), json!([traces, otlp]));
    assert_eq!(holding("hidden-key"), json!([otlp]));
    assert_eq!(holding("hidden-query"), json!([otlp]));
    assert_eq!(holding("hidden-other"), json!([]));
    let asked = Client::new(&sink).send("GET", "/read/holding", "", b"");
    assert_eq!(asked.unwrap().status, 400);
}

#[test]
fn reset_deletes_everything() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.traces(&traces());
    client.traces(&json!({ "traces": 1 }));
    client.fault(&json!({ "kind": "status", "code": 500 }));
    assert_eq!(client.post("/control/reset", &json!({})).status, 204);
    assert_eq!(
        client.read("/read/overview")["counts"],
        json!({ "traces": 0, "spans": 0, "otlp": 0, "lilypad": 0, "refused": 0 })
    );
    assert_eq!(client.read("/read/requests"), json!({ "requests": [] }));
    assert_eq!(client.traces(&traces()), 204, "the plan of faults too");
}

#[test]
fn other_endpoints_of_an_sdk_are_accepted() {
    let sink = sink();
    let mut client = Client::new(&sink);
    assert_eq!(
        client
            .give(
                "PUT",
                "/api/v1/private/traces/feedback-scores",
                &json!({ "scores": [] })
            )
            .status,
        204
    );
    let link = client
        .send(
            "GET",
            &format!("/api/v1/session/redirect/projects/?trace_id={TRACE}&path=x"),
            "",
            b"",
        )
        .unwrap();
    assert_eq!(link.status, 303);
    assert!(
        link.head.contains(&format!("location: /#{TRACE}\r\n")),
        "{}",
        link.head
    );
    let page = client.send("GET", "/", "", b"").unwrap();
    assert!(
        page.head
            .contains("content-security-policy: default-src 'none'"),
        "{}",
        page.head
    );
}

#[test]
fn page_gets_an_event_for_every_change() {
    let sink = sink();
    let mut page = Client::new(&sink);
    let head = page.raw(b"GET /events HTTP/1.1\r\n\r\n").unwrap();
    assert!(
        head.head.contains("content-type: text/event-stream"),
        "{}",
        head.head
    );
    let mut told = Vec::new();
    let mut next = |page: &mut Client| {
        let line = core::iter::repeat_with(|| page.line())
            .find(|line| line.starts_with("data: "))
            .unwrap();
        told.push(line);
        told.len()
    };
    assert_eq!(next(&mut page), 1);
    Client::new(&sink).traces(&traces());
    assert_eq!(next(&mut page), 2);
    assert_ne!(told[0], told[1]);
}
