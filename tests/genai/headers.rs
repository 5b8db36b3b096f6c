//! What the headers of an answer say: Bedrock's counts, where a body has none, and the names of its errors.

use gatespan::Word;
use gatespan::genai::{ApiName, Exchange, ModelApi};

use crate::bedrock::CONVERSE;
use crate::invoke::INVOKE;
use crate::play::{CHAT, Play};

const INPUT: &str = "x-amzn-bedrock-input-token-count";
const OUTPUT: &str = "x-amzn-bedrock-output-token-count";
const READ: &str = "x-amzn-bedrock-cache-read-input-token-count";
const WRITTEN: &str = "x-amzn-bedrock-cache-write-input-token-count";
const ERROR: &str = "x-amzn-errortype";
const COUNTS: &[(&str, &str)] = &[
    (INPUT, "40"),
    (OUTPUT, "300"),
    (READ, "60000"),
    (WRITTEN, "2000"),
];

/// Without any count.
const BODY: &[u8] = br#"{"outputs":[{"text":"said","stop_reason":"stop"}]}"#;

#[test]
fn nobody_but_bedrock_wants_more_than_two() {
    for named in ApiName::MEANINGS {
        let Some(dialect) = ModelApi::find(Some(*named), b"POST", b"/x", b"") else {
            continue;
        };
        let wanted: Vec<_> = Exchange::new(dialect, b"/x").wanted().collect();
        assert_eq!(
            wanted[..2],
            ["content-type", "content-encoding"],
            "{named:?}"
        );
        let more: &[&str] = match named {
            ApiName::BedrockConverse => &[ERROR],
            ApiName::BedrockInvoke => &[ERROR, INPUT, OUTPUT, READ, WRITTEN],
            _ => &[],
        };
        assert_eq!(wanted[2..], *more, "{}", named.word());
    }
}

#[test]
fn headers_count_where_the_body_does_not() {
    let play = Play {
        headers: COUNTS,
        ..INVOKE
    };
    play.json(BODY).finds(
        r#"operation.name = chat
        provider.name = aws.bedrock
        request.model = m
        response.finish_reasons = ["stop"]
        gatespan.usage.status = reported
        usage.input_tokens = 62040
        usage.output_tokens = 300
        usage.cache_read.input_tokens = 60000
        usage.cache_creation.input_tokens = 2000
        bedrock = prompt_tokens 62040, completion_tokens 300, total_tokens 62340, original_usage.inputTokens 40, original_usage.outputTokens 300, original_usage.cacheReadInputTokens 60000, original_usage.cacheWriteInputTokens 2000"#,
    );
    // An embedding has no output, and a reported 0 is kept as 0.
    let headers: &[(&str, &str)] = &[(INPUT, "5"), (READ, "0")];
    Play { headers, ..INVOKE }
        .json(br#"{"embeddings":[[0.5]]}"#)
        .tells(&[
            "gatespan.usage.status = reported",
            "usage.input_tokens = 5",
            "usage.cache_read.input_tokens = 0",
            "!usage.output_tokens",
        ]);
    // Converse counts in its body alone, and others have no such headers.
    for play in [CONVERSE, CHAT] {
        let headers = COUNTS;
        Play { headers, ..play }
            .json(b"{}")
            .tells(&["gatespan.usage.status = absent", "!usage"]);
    }
}

#[test]
fn a_body_that_counts_is_believed_alone() {
    let headers = COUNTS;
    for body in [
        &br#"{"prompt_token_count":5,"generation_token_count":10}"#[..],
        br#"{"usage":{"prompt_tokens":5,"completion_tokens":10}}"#,
        br#"{"usage":{"input_tokens":5,"output_tokens":10}}"#,
    ] {
        Play { headers, ..INVOKE }.json(body).tells(&[
            "gatespan.usage.status = reported",
            "bedrock = prompt_tokens 5, completion_tokens 10, total_tokens 15, original_usage.inputTokens 5, original_usage.outputTokens 10",
            "!usage.cache",
        ]);
    }
}

#[test]
fn headers_count_whatever_the_body_is() {
    let play = Play {
        headers: COUNTS,
        ..INVOKE
    };
    for (kind, encoding, body) in [
        ("application/json", "br", &b"\x8b\x00"[..]),
        ("image/png", "", b"\x89PNG"),
        ("application/json", "", b"not JSON"),
        ("application/json", "", b""),
        ("", "", b""),
    ] {
        let play = Play {
            kind,
            encoding,
            body,
            ..play
        };
        play.tells(&[
            "gatespan.usage.status = reported",
            "usage.input_tokens = 62040",
        ]);
        // One that broke off did not end properly.
        assert!(
            !play.cut().found().contains("reported"),
            "{kind} {encoding}"
        );
        assert!(play.cut().found().contains("usage.input_tokens = 62040"));
    }
    // An error is one.
    play.failed(500)
        .json(b"{}")
        .tells(&["gatespan.usage.status = error"]);
}

#[test]
fn a_count_is_digits() {
    for value in [
        "",
        " ",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "0x1",
        "7 tokens",
        "5, 5",
        "9007199254740993",
        "1\u{661}",
    ] {
        let headers: &[(&str, &str)] = &[(INPUT, value), (OUTPUT, value)];
        Play { headers, ..INVOKE }
            .json(BODY)
            .tells(&["gatespan.usage.status = absent", "!usage"]);
    }
}

#[test]
fn a_header_names_the_error() {
    const INTERNAL: &str =
        "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/";
    for (value, name) in [
        (INTERNAL, Some("ValidationException")),
        ("ThrottlingException", Some("ThrottlingException")),
        ("Access denied for s3cr3t", None),
        (": s3cr3t", None),
        ("", None),
    ] {
        for (play, status) in [(INVOKE, 400), (CONVERSE, 429)] {
            let headers: &[(&str, &str)] = &[(ERROR, value)];
            let play = Play { headers, ..play }.failed(status);
            let found = play.json(br#"{"message":"s3cr3t"}"#).found();
            let told = found
                .lines()
                .find_map(|line| line.strip_prefix("error.type = "));
            assert_eq!(told, name, "{value}");
            assert!(
                found.contains("status = error") && !found.contains("s3cr3t"),
                "{found}"
            );
        }
    }
    // Not where there is none, nor where the API knows no such header.
    let headers: &[(&str, &str)] = &[(ERROR, INTERNAL)];
    Play { headers, ..INVOKE }
        .json(b"{}")
        .tells(&["!error.type"]);
    Play { headers, ..CHAT }
        .failed(400)
        .json(b"{}")
        .tells(&["!error.type"]);
    // Of a header and a body that both name it, the header is meant for it.
    let body = br#"{"__type":"other"}"#;
    Play { headers, ..INVOKE }
        .failed(400)
        .json(body)
        .tells(&["error.type = ValidationException"]);
}

#[test]
fn an_interim_answer_counts_nothing() {
    let path = INVOKE.path.as_bytes();
    let dialect = ModelApi::find(None, b"POST", path, b"").unwrap();
    let mut exchange = Exchange::new(dialect, path);
    exchange.response_headers(103, ["", "", "", "7", "7"]);
    exchange.response_headers(200, ["application/json"]);
    exchange.response_chunk(BODY, crate::play::NOW);
    assert_eq!(exchange.end(true).input_tokens(), None);
}
