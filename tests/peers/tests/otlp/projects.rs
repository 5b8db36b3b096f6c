//! Towards Opik, where the headers of a call name the project of all that it brings.

use serde_json::Value;

use super::opik::{ROWS, SPANS, calls, rows, spans};
use super::stage::{STORY, Stage, Story};

const PROJECTS: &str = r#", "routes": [
    {"match": {"path_prefix": "/a"}, "project": "alpha"},
    {"match": {"path_prefix": "/b"}, "project": "beta"}
]"#;

/// Projects by the header of each call, and what its items are called.
fn by_project(
    of_backend: &str,
    paths: &[&str],
) -> Vec<(Option<String>, &'static str, Vec<String>)> {
    let stories: Vec<_> = paths
        .iter()
        .map(|path| Story {
            path: path.as_bytes(),
            ..STORY
        })
        .collect();
    let calls = calls(of_backend, PROJECTS, &stories);
    let told = calls.iter().map(|call| {
        let project = call.header("projectname").map(str::to_owned);
        let names = if call.path == ROWS {
            let rows = rows(call);
            for row in &rows {
                assert_eq!(
                    row.get("project_name").and_then(Value::as_str),
                    project.as_deref()
                );
            }
            rows.iter()
                .map(|row| row["name"].as_str().unwrap().to_owned())
                .collect()
        } else {
            spans(call).into_iter().map(|span| span.name).collect()
        };
        (project, call.path, names)
    });
    told.collect()
}

#[test]
fn a_batch_is_of_one_project_which_its_calls_name() {
    let paths = ["/a/1", "/c/2", "/b/3", "/a/4", "/c/5"];
    for (of_backend, third) in [
        (r#", "project": "gamma""#, Some("gamma")),
        (r#", "headers": {"projectName": "gamma"}"#, Some("gamma")),
        ("", None),
    ] {
        let mut found = by_project(of_backend, &paths);
        // The row of a trace goes before its span; which project is first is all one.
        found.sort_by_key(|(project, ..)| project.clone());
        let calls = |project: Option<&str>, paths: &[&str]| {
            let names: Vec<_> = paths.iter().map(|path| format!("POST {path}")).collect();
            [ROWS, SPANS].map(|path| (project.map(str::to_owned), path, names.clone()))
        };
        let mut wanted = [
            calls(Some("alpha"), &["/a/1", "/a/4"]),
            calls(Some("beta"), &["/b/3"]),
            calls(third, &["/c/2", "/c/5"]),
        ]
        .concat();
        wanted.sort_by_key(|(project, ..)| project.clone());
        assert_eq!(found, wanted);
    }
}

#[test]
fn calls_carry_key_and_workspace_as_opik_wants_them() {
    for (url, path) in [
        ("http://opik.test/api/v1/private/otel", "/api"),
        ("http://opik.test/v1/private/otel/", ""),
    ] {
        let backend = format!(
            r#"{{"backend": {{"kind": "otlp", "url": "{url}", "api_key": "k", "workspace": "w", "headers": {{"X-Scope": "a"}}}}}}"#
        );
        let mut stage = Stage::new(&backend);
        stage.tell(&STORY);
        assert_eq!(
            stage.gateway.config().backends[0].target(),
            ("opik.test", path)
        );
        for call in stage.drain() {
            assert_eq!(call.header("authorization"), Some("k"), "without a Bearer");
            assert_eq!(call.header("comet-workspace"), Some("w"));
            assert_eq!(call.header("x-scope"), Some("a"));
            assert_eq!(call.headers.len(), 3);
        }
    }
}
