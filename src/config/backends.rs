//! The backends of a document.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::node::Node;
use super::place::Place;
use super::read::Reader;
use super::{Backend, BackendKind, Encoding, Host, Via, texts};
use crate::policy::Secret;
use crate::words::Word;

pub(super) fn read(reader: &mut Reader<'_>, root: &Node<'_, '_>) -> Vec<Backend> {
    let (one, several) = (root.key("backend"), root.key("backends"));
    if one.is_given() && several.is_given() {
        reader.complaints.say(
            &several.place,
            "stands beside backend; put all of them into backends",
        );
    }
    let mut places: Vec<String> = Vec::new();
    let mut backends: Vec<Backend> = Vec::new();
    let single = one.is_object().then_some(one);
    for node in single.into_iter().chain(several.children()) {
        let Some(backend) = reader.backend(&node) else {
            continue;
        };
        let named = backends.iter().zip(&places);
        let mut same = named.filter(|(other, _)| other.name == backend.name);
        if let Some((_, first)) = same.next() {
            let message = format!(
                "{first} is called {:?} already; give each a name",
                backend.name
            );
            reader.complaints.say(&node.key("name").place, message);
        }
        places.push(node.place.to_string());
        backends.push(backend);
    }
    backends
}

/// Keys that only some kinds of backend know.
const OF_KINDS: [(&str, &[BackendKind]); 6] = [
    ("workspace", &[BackendKind::Opik]),
    ("project", &[BackendKind::Opik]),
    ("encoding", &[BackendKind::Otlp]),
    ("headers", &[BackendKind::Otlp]),
    ("resource", &[BackendKind::Otlp, BackendKind::Lilypad]),
    ("project_id", &[BackendKind::Lilypad]),
];

impl Reader<'_> {
    /// A backend that is sent spans; none for `kind: none`, which switches a backend off without its keys being lost.
    fn backend(&mut self, node: &Node<'_, '_>) -> Option<Backend> {
        let kind: BackendKind = node
            .key("kind")
            .word()
            .filter(|kind| *kind != BackendKind::None)?;
        self.suits(node, kind);
        let api_key = self.secret(&node.key("api_key_env"));
        let given = || node.key("api_key").string().map(Secret::new);
        let url = node.key("url").text().unwrap_or_default();
        Some(Backend {
            name: node.key("name").text().unwrap_or(kind.word()).to_string(),
            kind,
            // Paths begin with a slash of their own.
            url: url.trim_end_matches('/').to_string(),
            via: node.key("via").word().unwrap_or(Via::Http),
            cluster: node.key("cluster").string(),
            api_key: api_key.or_else(given),
            workspace: node.key("workspace").string(),
            project: node.key("project").string(),
            encoding: node.key("encoding").word().unwrap_or(Encoding::Protobuf),
            headers: self.headers(&node.key("headers")),
            resource: node
                .key("resource")
                .children()
                .filter_map(resource)
                .collect(),
            project_id: node.key("project_id").lower(),
        })
    }

    /// Whether all keys are there that this kind needs in this host, and none that it does not know.
    fn suits(&mut self, node: &Node<'_, '_>, kind: BackendKind) {
        for (key, kinds) in OF_KINDS {
            let node = node.key(key);
            if node.is_given() && !kinds.contains(&kind) {
                let message = format!("is not a setting of {}", kind.word());
                self.complaints.say(&node.place, message);
            }
        }
        let needed = [
            ("url", true),
            ("cluster", self.host == Host::Envoy),
            ("project_id", kind == BackendKind::Lilypad),
        ];
        for (key, is_needed) in needed {
            if is_needed && !node.key(key).is_given() {
                self.complaints
                    .say(&node.place.gap(Place::NOWHERE), format!("lacks {key:?}"));
            }
        }
        let via = node.key("via");
        if self.host == Host::Envoy && via.word() == Some(Via::Queue) {
            self.complaints
                .say(&via.place, "a Queue is there for a Worker only");
        }
        let api_key = node.key("api_key");
        if api_key.is_given() && node.key("api_key_env").is_given() {
            self.complaints.say(
                &api_key.place,
                "stands beside api_key_env, of which one is enough",
            );
        }
    }

    fn headers(&mut self, node: &Node<'_, '_>) -> Vec<(String, Secret)> {
        let mut headers: Vec<(String, Secret)> = Vec::new();
        for value in node.children() {
            let name = value.place.name().to_ascii_lowercase();
            let is_known = headers.iter().any(|(other, _)| *other == name);
            if is_known && texts::call_header(&name).is_ok() {
                self.complaints.say(
                    &value.place,
                    "is the same header as one before it, in other letters",
                );
            }
            if let Some(text) = value.string() {
                headers.push((name, Secret::new(text)));
            }
        }
        headers
    }
}

fn resource(value: Node<'_, '_>) -> Option<(String, String)> {
    Some((value.place.name().to_string(), value.string()?))
}
