//! The backends of a document.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::read::Reader;
use super::section::Section;
use super::{Backend, BackendKind, Encoding, Host, Via};
use crate::policy::Secret;
use crate::words::Word;

pub(super) fn read(reader: &mut Reader<'_>, root: &Section<'_>) -> Vec<Backend> {
    if root.has("backend") && root.has("backends") {
        reader.complaints.say(
            "backends",
            "stands beside backend; put all of them into backends",
        );
    }
    let sections = root
        .given("backend")
        .into_iter()
        .chain(root.sections("backends"));
    let mut backends: Vec<Backend> = Vec::new();
    for section in sections {
        if let Some(backend) = reader.backend(&section) {
            if backends.iter().any(|other| other.name == backend.name) {
                let message = format!(
                    "another backend is called {:?} already; give each a name",
                    backend.name
                );
                reader.complaints.say(&section.at("name"), message);
            }
            backends.push(backend);
        }
    }
    backends
}

/// Keys that belong to some kinds of backends alone.
const OF_KINDS: [(&str, &[BackendKind]); 6] = [
    ("workspace", &[BackendKind::Opik]),
    ("project", &[BackendKind::Opik]),
    ("encoding", &[BackendKind::Otlp]),
    ("headers", &[BackendKind::Otlp]),
    ("resource", &[BackendKind::Otlp, BackendKind::Lilypad]),
    ("project_id", &[BackendKind::Lilypad]),
];

impl Reader<'_> {
    /// A backend that receives spans; none for `kind: none`, which needs nothing.
    fn backend(&mut self, section: &Section<'_>) -> Option<Backend> {
        if !section.has("kind") {
            self.complaints.say(&section.place, "lacks \"kind\"");
        }
        let kind: BackendKind = section.word("kind")?;
        for (key, kinds) in OF_KINDS {
            if section.has(key) && kind != BackendKind::None && !kinds.contains(&kind) {
                self.complaints.say(
                    &section.at(key),
                    format!("is not a setting of {}", kind.word()),
                );
            }
        }
        if kind == BackendKind::None {
            return None;
        }
        self.needs(section, "url");
        if kind == BackendKind::Lilypad {
            self.needs(section, "project_id");
        }
        let via = section.word("via").unwrap_or(Via::Http);
        match self.host {
            Host::Envoy => self.needs(section, "cluster"),
            Host::Worker => {}
        }
        if self.host == Host::Envoy && via == Via::Queue {
            self.complaints
                .say(&section.at("via"), "a Queue is there for a Worker only");
        }
        if section.has("api_key") && section.has("api_key_env") {
            self.complaints.say(
                &section.at("api_key"),
                "stands beside api_key_env, of which one is enough",
            );
        }
        let given = || section.string("api_key").map(Secret::new);
        Some(Backend {
            name: section.text("name").unwrap_or(kind.word()).to_string(),
            kind,
            url: section
                .text("url")
                .unwrap_or_default()
                .trim_end_matches('/')
                .to_string(),
            via,
            cluster: section.string("cluster"),
            api_key: self.secret(section, "api_key_env").or_else(given),
            workspace: section.string("workspace"),
            project: section.string("project"),
            encoding: section.word("encoding").unwrap_or(Encoding::Protobuf),
            headers: section.pairs("headers").into_iter().map(header).collect(),
            resource: section
                .pairs("resource")
                .into_iter()
                .map(|(k, v)| (k.into(), v.into()))
                .collect(),
            project_id: section.lower("project_id"),
        })
    }

    fn needs(&mut self, section: &Section<'_>, key: &str) {
        if !section.has(key) {
            self.complaints
                .say(&section.place, format!("lacks {key:?}"));
        }
    }
}

fn header((name, value): (&str, &str)) -> (String, Secret) {
    (name.to_ascii_lowercase(), Secret::new(value.to_string()))
}
