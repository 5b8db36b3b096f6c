//! The backends of a document.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::node::Node;
use super::path::DocumentPath;
use super::reader::Reader;
use super::shown::Shown;
use super::{Host, texts};
use crate::backend::otlp::PROJECT_HEADER;
use crate::backend::{self, BackendKind, Dialect, Encoding, Via};
use crate::backend::{BackendApi, lilypad, otlp};
use crate::secret::Secret;
use crate::words::Word;

pub(super) fn read(reader: &mut Reader<'_>, root: &Node<'_, '_>) -> Vec<backend::Settings> {
    let service = root.key("service").text().unwrap_or_default();
    let (one, several) = (root.key("backend"), root.key("backends"));
    if one.is_given() && several.is_given() {
        reader.errors.add(
            &several.place,
            "stands beside backend; put all of them into backends",
        );
    }
    let mut places: Vec<String> = Vec::new();
    let mut backends: Vec<backend::Settings> = Vec::new();
    let single = one.is_object().then_some(one);
    for node in single.into_iter().chain(several.children()) {
        let Some(backend) = reader.backend(&node, service) else {
            continue;
        };
        let mut named = backends.iter().zip(&places);
        let same =
            |(other, _): &(&backend::Settings, _)| in_prometheus(other) == in_prometheus(&backend);
        if let Some((other, first)) = named.find(same) {
            let message = taken(&backend.name, &other.name, first);
            reader.errors.add(&node.key("name").place, message);
        }
        if backend.dialect == Dialect::Opik {
            reader.carried(&node.key("project"));
        }
        places.push(node.place.to_string());
        backends.push(backend);
    }
    if backends.iter().any(|one| one.dialect == Dialect::Opik) {
        let (rule, routes, rules) = (root.key("rule"), root.key("routes"), root.key("rules"));
        for layer in [rule]
            .into_iter()
            .chain(routes.children())
            .chain(rules.children())
        {
            reader.carried(&layer.key("project"));
        }
    }
    backends
}

/// The name of a backend in Prometheus: Envoy writes `_` for every other character that Prometheus does not allow.
fn in_prometheus(backend: &backend::Settings) -> String {
    backend.name.replace('-', "_")
}

/// Why a backend cannot have this name: `first` is the place of the backend that has the other one.
fn taken(name: &str, other: &str, first: &str) -> String {
    let (name, other) = (Shown(name), Shown(other));
    if name.0 == other.0 {
        return format!("{first} is called {other} already; give each a name");
    }
    format!("{name} and {other} of {first} are the same name in Prometheus; rename one")
}

/// Keys that only some kinds of backend know.
const OF_KINDS: [(&str, &[BackendKind]); 7] = [
    ("workspace", &[BackendKind::Opik, BackendKind::Otlp]),
    ("project", &[BackendKind::Opik, BackendKind::Otlp]),
    ("encoding", &[BackendKind::Otlp]),
    ("dialect", &[BackendKind::Otlp]),
    ("headers", &[BackendKind::Otlp]),
    ("resource", &[BackendKind::Otlp, BackendKind::Lilypad]),
    ("project_id", &[BackendKind::Lilypad]),
];

impl Reader<'_> {
    /// A backend that is sent spans; none for `kind: none`, which switches a backend off without its keys being lost.
    fn backend(&mut self, node: &Node<'_, '_>, service: &str) -> Option<backend::Settings> {
        let kind: BackendKind = node
            .key("kind")
            .word()
            .filter(|kind| *kind != BackendKind::None)?;
        self.suits(node, kind);
        let api_key = self.secret(&node.key("api_key_env"));
        let given = || node.key("api_key").string().map(Secret::new);
        let url = node.key("url").text().unwrap_or_default();
        // Paths begin with a slash of their own.
        let url = url.trim_end_matches('/');
        let dialect = self.dialect(node, kind, url);
        let mut headers = self.headers(&node.key("headers"));
        for (key, header) in [
            ("api_key", "authorization"),
            ("api_key_env", "authorization"),
            ("workspace", "comet-workspace"),
            ("project", PROJECT_HEADER),
        ] {
            self.beside(&node.key(key), header, &headers);
        }
        let named = |(name, _): &mut (String, Secret)| name == PROJECT_HEADER;
        let project = if dialect == Dialect::Opik {
            // Each batch carries this itself.
            headers.extract_if(.., named).next()
        } else {
            None
        };
        let project = project.map(|(_, name)| name.reveal().to_string());
        let resource = node.key("resource");
        let mut backend = backend::Settings {
            name: node.key("name").text().unwrap_or(kind.word()).to_string(),
            kind,
            url: url.to_string(),
            via: node.key("via").word().unwrap_or(Via::Http),
            cluster: node.key("cluster").string(),
            api_key: api_key.or_else(given),
            workspace: node.key("workspace").string(),
            project: node.key("project").string().or(project),
            encoding: node.key("encoding").word().unwrap_or(Encoding::Protobuf),
            dialect,
            headers,
            resource: resource.children().filter_map(attribute).collect(),
            project_id: node.key("project_id").lower(),
        };
        if kind == BackendKind::Lilypad && lilypad::is_too_long(service, &backend) {
            self.errors.add(
                &resource.place,
                "is so long that the server takes no span with it",
            );
        }
        if let Some(api) = BackendApi::of(&backend) {
            backend.url = (api.base)(&backend);
        }
        Some(backend)
    }

    /// Whose names the attributes of OTLP have, and whether what else is said goes with that.
    fn dialect(&mut self, node: &Node<'_, '_>, kind: BackendKind, url: &str) -> Dialect {
        let is_opik = kind == BackendKind::Otlp && otlp::is_opik(url);
        let usual = if is_opik {
            Dialect::Opik
        } else {
            Dialect::Latest
        };
        let dialect = node.key("dialect").word().unwrap_or(usual);
        if kind != BackendKind::Otlp {
            return dialect;
        }
        if otlp::has_path(url) {
            self.errors.add(
                &node.key("url").place,
                "ends in /v1/traces, which is put behind it",
            );
        }
        let encoding = node.key("encoding");
        if (is_opik || dialect == Dialect::Opik) && encoding.word() == Some(Encoding::Json) {
            self.errors.add(
                &encoding.place,
                "is not for Opik, which reads the hex ids of JSON as base64 and files every span under other ids",
            );
        }
        for key in ["workspace", "project"] {
            let node = node.key(key);
            if node.is_given() && dialect == Dialect::Latest {
                self.errors
                    .add(&node.place, "is a setting of otlp towards Opik alone");
            }
        }
        dialect
    }

    /// Checks that all keys which this kind needs in this host are present, and no others.
    fn suits(&mut self, node: &Node<'_, '_>, kind: BackendKind) {
        for (key, kinds) in OF_KINDS {
            let node = node.key(key);
            if node.is_given() && !kinds.contains(&kind) {
                let message = format!("is not a setting of {}", kind.word());
                self.errors.add(&node.place, message);
            }
        }
        let needed = [
            ("url", true),
            ("cluster", self.host == Host::Envoy),
            ("project_id", kind == BackendKind::Lilypad),
        ];
        for (key, is_needed) in needed {
            if is_needed && !node.key(key).is_given() {
                self.errors.add(
                    &node.place.gap(DocumentPath::NOWHERE),
                    format!("lacks {}", Shown(key)),
                );
            }
        }
        let via = node.key("via");
        if self.host == Host::Envoy && via.word() == Some(Via::Queue) {
            self.errors
                .add(&via.place, "a Queue is there for a Worker only");
        }
        let api_key = node.key("api_key");
        if api_key.is_given() && node.key("api_key_env").is_given() {
            self.errors.add(
                &api_key.place,
                "stands beside api_key_env, of which one is enough",
            );
        }
    }

    /// A project in a header must be equal to the project in the trace row.
    fn carried(&mut self, project: &Node<'_, '_>) {
        let arrives = |name: &str| texts::header_value(name).is_ok() && name.trim() == name;
        if !project.text().is_none_or(arrives) {
            self.errors.add(
                &project.place,
                "is not for otlp towards Opik, where a header carries it: only ASCII, and no blank at either end",
            );
        }
    }

    /// A header must not repeat the value of a key.
    fn beside(&mut self, key: &Node<'_, '_>, header: &str, headers: &[(String, Secret)]) {
        if key.is_given() && headers.iter().any(|(name, _)| name == header) {
            let message = format!("stands beside headers.{header}, of which one is enough");
            self.errors.add(&key.place, message);
        }
    }

    fn headers(&mut self, node: &Node<'_, '_>) -> Vec<(String, Secret)> {
        let mut headers: Vec<(String, Secret)> = Vec::new();
        for value in node.children() {
            let name = value.place.name().to_ascii_lowercase();
            let is_known = headers.iter().any(|(other, _)| *other == name);
            if is_known && texts::call_header(&name).is_ok() {
                self.errors.add(
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

fn attribute(value: Node<'_, '_>) -> Option<(String, String)> {
    Some((value.place.name().to_string(), value.string()?))
}
