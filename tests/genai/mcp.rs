//! The Model Context Protocol.

use gatespan::Time;
use gatespan::genai::{ApiName, ModelApi};

use crate::play::{CHAT, Play, events};

const CALL: Play<'_> = Play {
    named: Some(ApiName::Mcp),
    path: "/mcp",
    host: "tools.internal",
    request: br#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"get_weather","arguments":{"name":"no","method":"no"},"_meta":{"progressToken":"x","traceparent":"00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"}}}"#,
    ..CHAT
};

#[test]
fn a_call_of_a_tool() {
    let body = br#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"\"isError\":true"}],"isError":false}}"#;
    CALL.json(body).finds(
        "operation.name = execute_tool
        mcp.method.name = tools/call
        tool.name = get_weather",
    );
}

#[test]
fn a_tool_that_failed() {
    let body = br#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"secret"}],"isError":true}}"#;
    CALL.json(body).tells(&["error.type = tool_error", "!rpc"]);
    let note = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1,"isError":true}}"#;
    let result = r#"{"jsonrpc":"2.0","id":7,"result":{"content":[],"isError":true}}"#;
    CALL.sse(&events(&[note, result]))
        .tells(&["error.type = tool_error", "mcp.method.name = tools/call"]);
}

#[test]
fn a_call_that_failed() {
    let body = r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"Unknown tool: secret","data":{"code":1}}}"#;
    CALL.json(body.as_bytes())
        .tells(&["error.type = -32602", "rpc.response.status_code = -32602"]);
    CALL.sse(&events(&[body]))
        .tells(&["error.type = -32602", "rpc.response.status_code = -32602"]);
    let listed = format!("[{body}]");
    CALL.json(listed.as_bytes()).tells(&["error.type = -32602"]);
}

#[test]
fn other_methods_call_no_tool() {
    let request =
        br#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"greeting"}}"#;
    let found = Play { request, ..CALL }
        .json(br#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        .found();
    assert_eq!(found, "mcp.method.name = prompts/get\n");
}

/// Opik's receiver takes a span with anything of `gen_ai` for one of a model.
#[test]
fn towards_opik_a_tool_is_a_tool() {
    let body = br#"{"jsonrpc":"2.0","id":7,"result":{"isError":true}}"#;
    let found = CALL.json(body).run([CALL.request], [&body[..]]);
    let mut names = Vec::new();
    gatespan::backend::genai::opik_attributes(&found, Time(0), &mut |name, _| {
        names.push([name.prefix, name.rest].concat());
    });
    let own = |name: &str| names.iter().any(|told| told == name);
    assert!(own("opik.metadata.gen_ai.tool.name") && own("opik.metadata.gen_ai.operation.name"));
    assert!(
        names.iter().all(|name| !name.starts_with("gen_ai.")),
        "{names:?}"
    );
}

#[test]
fn only_a_route_tells() {
    assert!(ModelApi::find(None, b"POST", b"/mcp", b"tools.internal").is_none());
    let found = ModelApi::find(Some(ApiName::Mcp), b"POST", b"/v1/chat/completions", b"").unwrap();
    assert_eq!(found.operation(), "execute_tool");
}
