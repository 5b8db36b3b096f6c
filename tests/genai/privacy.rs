//! Nothing of what people wrote, and nothing of what they were answered, comes out again.

use gatespan::Time;
use gatespan::Word;
use gatespan::genai::{ApiName, Findings, ModelApi};

use crate::play::{CHAT, FRAMES, JSON, LINES, Play, SSE, spelt};

const SECRET: &str = "s3cr3t";

/// Everything that can be asked of findings.
fn everything(found: &Findings) -> String {
    let mut out = String::new();
    let mut text = |text: Option<&[u8]>| {
        out.push_str(&format!("{}\n", text.unwrap_or_default().escape_ascii()));
    };
    for each in [
        found.request_model(),
        found.response_model(),
        found.response_id(),
        found.temperature(),
        found.top_p(),
    ] {
        text(each);
    }
    for each in [found.cost(), found.error(), found.method(), found.tool()] {
        text(each);
    }
    found.finish_reasons().for_each(|reason| text(Some(reason)));
    let mut tell = |name: gatespan::backend::genai::AttributeName,
                    value: gatespan::span::AttributeValue<'_>| {
        out.push_str(&format!("{}{} {}\n", name.prefix, name.rest, spelt(value)));
    };
    gatespan::backend::genai::attributes(found, Time(0), &mut tell);
    gatespan::backend::genai::opik_attributes(found, Time(0), &mut tell);
    gatespan::backend::opik_usage::opik_usage(found, &mut |name, count| {
        out.push_str(&format!("{name} {count}\n"));
    });
    out
}

/// Where secrets stand in what applications send: `§` is one.
const REQUESTS: [&str; 4] = [
    r#"{"model":"m","user":"§","metadata":{"model":"§","user_id":"§"},"messages":[{"role":"user","content":"§ \"model\":\"§\""},{"role":"tool","content":[{"text":"§","model":"§"}]}],"tools":[{"function":{"name":"§","parameters":{"model":"§"}}}],"stop":["§"],"temperature":"§","top_p":{"top_p":"§"},"max_tokens":"§"}"#,
    r#"{"model":{"§":"§"},"system":"§","contents":[{"parts":[{"text":"§"}]}],"generationConfig":{"temperature":"§","stopSequences":["§"]},"prompt":"§","input":"§","instructions":"§","options":{"temperature":"§"}}"#,
    r#"{"jsonrpc":"2.0","id":"§","method":"tools/call","params":{"name":"t","arguments":{"name":"§"},"_meta":{"traceparent":"§ §","x":"§"}}}"#,
    "§",
];

/// And in what they are answered.
const ANSWERS: [&str; 7] = [
    r#"{"id":"i","model":"m","choices":[{"index":0,"finish_reason":"§ §","message":{"content":"§","tool_calls":[{"function":{"arguments":"{\"model\":\"§\"}"}}]},"delta":{"content":"§","model":"§"}}],"usage":{"prompt_tokens":"§","cost":"§","completion_tokens":{"§":1}},"system_fingerprint":"§"}"#,
    r#"{"error":{"message":"Incorrect API key: §","code":"key § is wrong","type":"§: no","param":"§","status":"§ §"}}"#,
    r#"{"error":"§","message":"§","__type":"§ §","promptFeedback":{"blockReason":"§!"}}"#,
    r#"{"type":"message_start","message":{"id":"i","model":"m","content":[{"text":"§"}],"usage":{"service_tier":"§"}},"delta":{"text":"§","stop_reason":"§ §","stop_sequence":"§"},"response":{"status":"§","output":[{"id":"§"}],"error":{"message":"§"},"instructions":"§","user":"§","metadata":{"id":"§"}}}"#,
    r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"text":"§"}],"isError":"§"},"error":{"code":"§ §","message":"§","data":"§"}}"#,
    r#"{"type":"response.code_interpreter_call_code.done","code":"§","item":{"type":"§","code":"§"}}"#,
    "<html>§</html>",
];

/// The names of all APIs. Those of providers need a path.
fn apis() -> impl Iterator<Item = ApiName> {
    let is_api = |name: &ApiName| ModelApi::find(Some(*name), b"POST", b"/", b"").is_some();
    ApiName::MEANINGS.iter().copied().filter(is_api)
}

/// An answer in every framing, among what else a body may have.
fn framed(answer: &str) -> Vec<(&'static str, Vec<u8>)> {
    let headers = [
        (":error-message", SECRET),
        (":exception-type", "x y s3cr3t"),
    ];
    vec![
        (JSON, answer.into()),
        (JSON, format!("[{answer}]").into()),
        (
            SSE,
            format!("event: s3cr3t\nid: s3cr3t\n: s3cr3t\ndata: {answer}\n\ns3cr3t\n").into(),
        ),
        (LINES, format!("{answer}\ns3cr3t").into()),
        (FRAMES, crate::bedrock::frame(&headers, answer.as_bytes())),
        ("text/plain", answer.into()),
    ]
}

#[test]
fn planted_secrets_stay_where_they_are() {
    let mut runs = 0;
    let pairs = REQUESTS
        .iter()
        .flat_map(|request| ANSWERS.map(|answer| (*request, answer)));
    for (request, answer) in pairs {
        let (request, answer) = (request.replace('§', SECRET), answer.replace('§', SECRET));
        for ((kind, body), named) in framed(&answer)
            .into_iter()
            .flat_map(|framed| apis().map(move |named| (framed.clone(), named)))
        {
            for (status, size) in [
                (200, body.len()),
                (200, body.len() * 2 / 3),
                (400, body.len()),
            ] {
                let play = Play {
                    named: Some(named),
                    path: "/x",
                    status,
                    kind,
                    request: request.as_bytes(),
                    ..CHAT
                };
                let told = everything(&play.run([play.request], body[..size].chunks(7)));
                assert!(
                    !told.contains(SECRET),
                    "{named:?} {kind}\n{request}\n{answer}\n{told}"
                );
                runs += 1;
            }
        }
    }
    assert!(runs > 5_000);
}

#[test]
fn the_check_sees_what_would_come_out() {
    let body = br#"{"id":"s3cr3t"}"#;
    let play = CHAT.json(body);
    assert!(everything(&play.run([play.request], [&body[..]])).contains(SECRET));
}
