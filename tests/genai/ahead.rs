//! How far a request is read before it is decided: until its message has named a parent, or cannot any more.

use gatespan::genai::{ApiName, Exchange, ModelApi};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

fn begun(api: ApiName, content_type: &str, encoding: &str) -> Exchange {
    let dialect = ModelApi::find(Some(api), b"POST", b"/mcp", b"tools.internal").unwrap();
    let mut exchange = Exchange::new(dialect, b"/mcp");
    exchange.request_headers(content_type.as_bytes(), encoding.as_bytes());
    exchange
}

/// How many bytes of a body are awaited; none if all of it does not end that.
fn awaited(body: &str) -> Option<usize> {
    let mut exchange = begun(ApiName::Mcp, "application/json", "");
    for (place, byte) in body.bytes().enumerate() {
        if !exchange.awaits_parent() {
            return Some(place);
        }
        exchange.request_chunk(&[byte]);
    }
    (!exchange.awaits_parent()).then_some(body.len())
}

#[test]
fn a_message_is_awaited_until_it_has_named_its_parent_or_is_over() {
    for (body, behind, why) in [
        (
            r#"{"id":1,"params":{"_meta":{"traceparent":"P"| },"name":"x"}}"#,
            true,
            "what comes behind is not waited for",
        ),
        (
            r#"{"params":{"_meta":{"progressToken":1,"tracestate":"a=1","traceparent":"P"|}}}"#,
            true,
            "among other keys",
        ),
        (
            r#"{"params":{"_meta":{"\u0074raceparent":"P"|}}}"#,
            true,
            "an escape is a spelling",
        ),
        (
            r#"{"params":{"_meta":{"traceparent":"no"|}}}"#,
            true,
            "be it what it may: there is no second one",
        ),
        (r#"{"params":{"_meta":{}}}|  "#, true, "it has none"),
        (r#"{"id":1,"result":{}}|"#, true, "an answer"),
        (r#"{"_meta":{"traceparent":"P"}}|"#, true, "in no params"),
        (
            r#"{"params":{"arguments":{"_meta":{"traceparent":"P"}}}}|"#,
            true,
            "too deep",
        ),
        (
            r#"{"params":[{"_meta":{"traceparent":"P"}}]}|"#,
            true,
            "in a list",
        ),
        (
            r#"{"params":{"_meta":{"traceparent":["P"]}}}|"#,
            true,
            "it is no text",
        ),
        (
            r#"{"params":{"_meta":{"traceparent":"P\n"}}}|"#,
            true,
            "nor one that could be sent",
        ),
        (r#"[|{"params":{}}]"#, true, "messages in a list"),
        (r#"{"params":}| "#, true, "no JSON"),
        (r#"{"params":{"_meta":{"#, false, "it goes on"),
        ("  \n", false, "it has not begun"),
        ("", false, "nothing came"),
    ] {
        let body = body.replace('P', PARENT);
        let wanted = body.find('|');
        let found = awaited(&body.replace('|', ""));
        assert_eq!(found, wanted.filter(|_| behind), "{why}: {body}");
    }
}

#[test]
fn no_more_is_awaited_than_half_of_what_envoy_holds() {
    let body = format!(
        r#"{{"params":{{"arguments":{{"text":"{}"}},"_meta":{{"traceparent":"{PARENT}"}}}}}}"#,
        "x".repeat(20_000)
    );
    assert_eq!(awaited(&body), Some(16_384));
}

#[test]
fn only_a_message_that_can_be_read_is_awaited() {
    for (api, content_type, encoding, is_awaited) in [
        (ApiName::Mcp, "application/json", "", true),
        (
            ApiName::Mcp,
            "application/json; charset=utf-8",
            "identity",
            true,
        ),
        (ApiName::Mcp, "application/json", "gzip", false),
        (ApiName::Mcp, "application/json", "br", false),
        (ApiName::Mcp, "text/event-stream", "", false),
        (ApiName::Mcp, "text/plain", "", false),
        (ApiName::Mcp, "", "", false),
        (ApiName::OpenAiChat, "application/json", "", false),
    ] {
        let exchange = begun(api, content_type, encoding);
        assert_eq!(
            exchange.awaits_parent(),
            is_awaited,
            "{api:?} {content_type} {encoding}"
        );
    }
    let mut answered = begun(ApiName::Mcp, "application/json", "");
    answered.response_headers(200, ["application/json"]);
    assert!(!answered.awaits_parent());
}
