//! Requests that go through a real gate and a real outbox, and the list that the server is sent.

use gatespan::config::Host;
use gatespan::policy::Peer;
use gatespan::{Admission, Config, End, EndKind, Gate, Headers, Outbox, Request, Time};
use serde_json::Value;

use super::contract;

pub const NOW: Time = Time::from_millis(1_772_446_530_125);
pub const PROJECT: &str = "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814";

/// A request and its end.
#[derive(Clone, Copy)]
pub struct Story<'s> {
    pub method: &'s [u8],
    pub path: &'s [u8],
    pub host: &'s [u8],
    pub route: Option<&'s [u8]>,
    pub headers: &'s [(&'s [u8], &'s [u8])],
    pub end: End,
}

pub const END: End = End {
    status: Some(200),
    grpc_status: None,
    kind: EndKind::Complete,
    request_bytes: Some(17),
    response_bytes: Some(u64::MAX),
};

pub const STORY: Story<'static> = Story {
    method: b"POST",
    path: b"/v1/chat?stream=true&user=jane",
    host: b"llm.example.com:8443",
    route: None,
    headers: &[],
    end: END,
};

/// A document with a backend that is told `of_backend`; `more` is the rest. Both begin with a comma, if with anything.
pub fn document(of_backend: &str, more: &str) -> String {
    format!(
        r#"{{"backend": {{"kind": "lilypad", "url": "http://lilypad.test/v0", "cluster": "a",
            "project_id": "{PROJECT}", "api_key": "hunter2"{of_backend}}}{more}}}"#
    )
}

/// The spans of these stories, which are held against the contract.
pub fn told(document: &str, stories: &[Story<'_>]) -> Vec<Value> {
    let config = Config::parse(document, Host::Envoy, &|_| None).unwrap();
    let gate = Gate::new(config);
    let mut outbox = Outbox::new(gate.config(), 0);
    for (index, story) in stories.iter().enumerate() {
        let request = Request {
            method: story.method,
            scheme: b"https",
            path: story.path,
            host: story.host,
            headers: Headers::new(story.headers),
            peer: Peer::default(),
            route: story.route,
            rule: None,
        };
        let entropy = core::array::from_fn(|place| 17 + (7 * place + index) as u8);
        let export = outbox.export(NOW);
        let Admission::Pass(pass) = gate.admit(&request, export, NOW, &entropy) else {
            panic!("refused");
        };
        outbox.open();
        let ended = Time(NOW.0 + 2_355_000_001);
        let span = pass.span.unwrap().close(gate.config(), story.end, ended);
        outbox.push(&span, gate.config(), NOW);
    }
    outbox.leave(NOW);
    let dispatch = outbox.poll(NOW).unwrap();
    let headers: Vec<_> = dispatch.headers().collect();
    assert_eq!(headers, [("x-api-key", "hunter2")]);
    assert_eq!(
        (dispatch.path, dispatch.content_type),
        ("/traces", "application/json")
    );
    assert!(dispatch.reads_answer);
    let base = format!("/v0/projects/{PROJECT}");
    assert_eq!(gate.config().backends[0].target(), ("lilypad.test", &*base));
    let list: Vec<Value> = serde_json::from_slice(dispatch.body).unwrap();
    assert_eq!(list.len(), stories.len());
    list.iter().for_each(contract::hold);
    list
}

/// The span of one story.
pub fn span(more: &str, story: &Story<'_>) -> Value {
    told(&document("", more), &[*story]).remove(0)
}
