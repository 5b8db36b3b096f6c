//! How far what was counted can be relied on.

use gatespan::genai::{Exchange, ModelApi, Status};
use gatespan::{Time, Word};

use crate::play::{CHAT, FRAMES, JSON, LINES, Play, SSE};

fn status(play: &Play<'_>) -> &'static str {
    play.run([play.request], [play.body]).status().word()
}

#[test]
fn one_document() {
    let with = br#"{"usage":{"prompt_tokens":1}}"#;
    for (body, status_code, complete, expected) in [
        (&with[..], 200, true, "reported"),
        (with, 200, false, "reported"),
        (b"{}", 200, true, "absent"),
        (b"  {} \r\n ", 200, true, "absent"),
        (b"\xef\xbb\xbf{}", 200, true, "absent"),
        (b"7", 200, true, "absent"),
        (b"", 200, true, "absent"),
        (b"", 200, false, "partial"),
        (b"", 204, true, "absent"),
        (
            br#"{"usage":{"prompt_tokens":1},"x":"#,
            200,
            true,
            "partial",
        ),
        (
            br#"{"usage":{"prompt_tokens":1},"x":"#,
            200,
            false,
            "partial",
        ),
        (br#"{"usage":{"prompt_tokens":1}} {}"#, 200, true, "error"),
        (b"not json", 200, true, "error"),
        (b"not json", 200, false, "error"),
        (b"[]", 200, true, "absent"),
        (b"[DONE]", 200, true, "error"),
        (with, 500, true, "error"),
        (with, 404, false, "error"),
        (br#"{"error":{"type":"x"}}"#, 200, true, "error"),
        (br#"{"error":null}"#, 200, true, "absent"),
        (br#"{"error":false}"#, 200, true, "absent"),
        (br#"{"error":0}"#, 200, true, "absent"),
        (br#"{"error":0.0}"#, 200, true, "absent"),
        (br#"{"error":""}"#, 200, true, "absent"),
        (br#"{"error":1}"#, 200, true, "error"),
        (br#"{"error":true}"#, 200, true, "error"),
    ] {
        let play = Play {
            status: status_code,
            complete,
            ..CHAT.json(body)
        };
        assert_eq!(status(&play), expected, "{}", body.escape_ascii());
        play.found();
    }
}

#[test]
fn a_document_that_breaks_off_keeps_what_it_had() {
    let body = br#"{"id":"x","usage":{"prompt_tokens":123,"completion_tokens":45"#;
    CHAT.json(body).cut().tells(&[
        "gatespan.usage.status = partial",
        "response.id = x",
        "usage.input_tokens = 123",
        "!usage.output_tokens",
    ]);
    // A number may have gone on; a text, too.
    let found = CHAT.json(br#"{"id":"x","model":"gpt"#).cut().found();
    assert!(!found.contains("response.model"), "{found}");
}

#[test]
fn types_tell_how_a_body_is_read() {
    let body = br#"{"usage":{"prompt_tokens":1}}"#;
    for (kind, expected) in [
        (JSON, "reported"),
        ("Application/JSON; charset=utf-8", "reported"),
        (" application/json ;x", "reported"),
        (LINES, "partial"),
        (SSE, "error"),
        (FRAMES, "error"),
        ("text/html", "error"),
        ("application/jsonx", "error"),
        ("application/problem+json", "error"),
        ("", "error"),
    ] {
        let play = Play {
            kind,
            ..CHAT.json(body)
        };
        assert_eq!(status(&play), expected, "{kind}");
        let play = Play {
            kind,
            ..CHAT.json(b"")
        };
        assert_eq!(status(&play), "absent", "{kind}");
    }
    let play = Play {
        kind: "text/html",
        ..CHAT.json(b"<html>")
    };
    assert!(!play.run([play.request], [play.body]).streamed());
}

#[test]
fn a_long_document_is_scanned_to_a_limit() {
    let long = "x".repeat(8 << 20);
    let body = format!(r#"{{"id":"x","usage":{{"prompt_tokens":12}},"text":"{long}"}}"#);
    for chunk in [4_096, 1 << 20, body.len()] {
        let play = CHAT.json(body.as_bytes());
        let found = play.run([play.request], play.body.chunks(chunk));
        assert_eq!(
            (found.status(), found.input_tokens()),
            (Status::Capped, Some(12))
        );
    }
    let body = format!(r#"{{"text":"{long}","usage":{{"prompt_tokens":12}}}}"#);
    let play = CHAT.json(body.as_bytes());
    assert_eq!(play.run([play.request], [play.body]).input_tokens(), None);
    // Exactly so much is still read.
    let open = r#"{"usage":{"prompt_tokens":12},"text":""#;
    let body = format!("{open}{}\"}}", &long[open.len() + 2..]);
    assert_eq!(body.len(), 8 << 20);
    assert_eq!(status(&CHAT.json(body.as_bytes())), "reported");
    // A stream may be as long as it likes.
    let event = format!("data: {{\"text\":\"{}\"}}\n\n", "x".repeat(1 << 20));
    let body = [
        event.repeat(9),
        "data: {\"usage\":{\"prompt_tokens\":12}}\n\ndata: [DONE]\n\n".into(),
    ]
    .concat();
    assert_eq!(status(&CHAT.sse(body.as_bytes())), "reported");
}

#[test]
fn a_stream_of_which_nothing_can_be_made() {
    for (body, complete, expected) in [
        (&b"data: x\n\ndata: {\n\n"[..], true, "error"),
        (b"data: x\n\n", false, "error"),
        (b": ping\n\n", true, "error"),
        (b": ping\n\n", false, "partial"),
        (b"data: {}\n\ndata: x\n\n", true, "partial"),
        (b"data: [DONE]", true, "absent"),
        (b"\n\n\ndata:\n\ndata\n\n", false, "partial"),
    ] {
        let play = Play {
            complete,
            ..CHAT.sse(body)
        };
        assert_eq!(status(&play), expected, "{}", body.escape_ascii());
        play.found();
    }
}

#[test]
fn what_never_was_answered() {
    let dialect = ModelApi::find(None, b"POST", b"/v1/chat/completions", b"").unwrap();
    let exchange = || Exchange::new(dialect, b"/v1/chat/completions");
    let mut left = exchange();
    left.request_headers(b"application/json", b"");
    left.request_chunk(br#"{"model":"m","messages":[{"content":""#);
    let found = left.end(false);
    assert_eq!(
        (found.status(), found.request_model()),
        (Status::Partial, Some(&b"m"[..]))
    );
    assert!(!found.streamed());

    // An interim answer is none; pieces before the headers are not read, nor is a request behind the answer's.
    let mut odd = exchange();
    odd.response_chunk(br#"{"usage":{"prompt_tokens":1}}"#, Time(1));
    odd.response_headers(103, [""]);
    odd.request_headers(b"application/json", b"");
    odd.request_chunk(br#"{"model":"#);
    odd.response_headers(200, [JSON]);
    odd.request_chunk(br#""m"}"#);
    odd.response_chunk(b"{}", Time(2));
    let found = odd.end(true);
    assert_eq!(
        (found.status(), found.request_model()),
        (Status::Absent, None)
    );

    // A request that is a form or broken says nothing, and the answer is read all the same.
    for (kind, body) in [
        ("multipart/form-data; boundary=x", r#"{"model":"m"}"#),
        ("application/json", r#"{"model":"m"]"#),
        ("text/event-stream", "data: {\"model\":\"m\"}\n\n"),
    ] {
        let mut exchange = exchange();
        exchange.request_headers(kind.as_bytes(), b"");
        exchange.request_chunk(body.as_bytes());
        exchange.response_headers(200, [JSON]);
        exchange.response_chunk(br#"{"usage":{"prompt_tokens":1}}"#, Time(1));
        let found = exchange.end(true);
        assert_eq!(
            (found.request_model(), found.input_tokens()),
            (None, Some(1)),
            "{kind}"
        );
    }
}

#[test]
fn an_exchange_is_small() {
    let size = size_of::<Exchange>();
    println!("an exchange: {size} bytes");
    assert!(size <= 1_024, "{size}");
}
