//! What Lilypad is sent of stories, held against its contract.

use serde_json::Value;

use super::contract;
use super::stage::{Stage, Story};

pub const PROJECT: &str = "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814";

/// A document with a backend that is told `of_backend`; `more` is the rest. Both begin with a comma, if with anything.
pub fn document(of_backend: &str, more: &str) -> String {
    format!(
        r#"{{"backend": {{"kind": "lilypad", "url": "http://lilypad.test/v0",
            "project_id": "{PROJECT}", "api_key": "hunter2"{of_backend}}}{more}}}"#
    )
}

/// The spans of these stories.
pub fn told(document: &str, stories: &[Story<'_>]) -> Vec<Value> {
    let mut stage = Stage::new(document);
    let base = format!("/v0/projects/{PROJECT}");
    let target = stage.gateway.config().backends[0].target();
    assert_eq!(target, ("lilypad.test", &*base));
    for story in stories {
        stage.tell(story);
    }
    let [call] = <[_; 1]>::try_from(stage.drain()).unwrap();
    let header = ("x-api-key".to_owned(), "hunter2".to_owned());
    assert_eq!(call.headers, [header]);
    assert_eq!(
        (call.path, call.content_type, call.reads_response),
        ("/traces", "application/json", true)
    );
    let list: Vec<Value> = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(list.len(), stories.len());
    list.iter().for_each(contract::hold);
    list
}

/// The span of one story.
pub fn span(more: &str, story: &Story<'_>) -> Value {
    told(&document("", more), &[*story]).remove(0)
}
