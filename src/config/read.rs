//! A document becomes a [`Config`]. Values that are valid one by one, and impossible or dangerous together, are found here.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::error::{ConfigError, ConfigErrors};
use super::keys::{DOCUMENT, export_settings};
use super::node::Node;
use super::path::DocumentPath;
use super::reader::Reader;
use super::shown::Shown;
use super::{Config, Host, backends, rules, texts};
use crate::bytes::is_plain;
use crate::format::Spelling;
use crate::span::NameTemplate;
use crate::tree::Tree;
use crate::{format, outbox, span};

impl Config {
    /// Reads a JSON document; a blank one is `{}`. `env` gives the value of a variable of the host's environment.
    ///
    /// # Errors
    /// Every mistake in the document with its place, in the order of the document.
    pub fn parse(
        json: &str,
        host: Host,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<ConfigError>> {
        let json = if texts::is_blank(json) { "{}" } else { json };
        match serde_json::from_str(json) {
            Ok(document) => Self::read(&document, host, env),
            // The parser says what it expected and where; it never repeats what it found.
            Err(error) => Err([ConfigError {
                path: DocumentPath::DOCUMENT.to_string(),
                message: format!("is not JSON: {error}"),
            }]
            .into()),
        }
    }

    /// Reads a document as Envoy hands it over: JSON text, a serialised protobuf `Struct`, or nothing at all.
    ///
    /// # Errors
    /// Every mistake in the document with its place, in the order of the document.
    pub fn from_bytes(
        bytes: &[u8],
        host: Host,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<ConfigError>> {
        // A Struct may begin like white space of JSON, so it is asked for first; JSON is never one.
        match Tree::from_struct(bytes) {
            Some(mut document) if !bytes.is_empty() => {
                document.mend(&DOCUMENT);
                Self::read(&document, host, env)
            }
            _ => match core::str::from_utf8(bytes) {
                Ok(json) => Self::parse(json, host, env),
                Err(_) => Err([ConfigError {
                    path: DocumentPath::DOCUMENT.to_string(),
                    message: "is neither JSON text nor a Struct".into(),
                }]
                .into()),
            },
        }
    }

    /// Reads a document that was parsed elsewhere.
    ///
    /// # Errors
    /// Every mistake in the document with its place, in the order of the document.
    pub fn read(
        document: &Tree,
        host: Host,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<ConfigError>> {
        let mut reader = Reader {
            host,
            env,
            errors: ConfigErrors::default(),
        };
        reader
            .errors
            .walk(document, &DOCUMENT, &DocumentPath::DOCUMENT);
        let config = reader.config(&Node::root(document, &DOCUMENT));
        if reader.errors.is_empty() {
            Ok(config)
        } else {
            Err(reader.errors.into_list())
        }
    }
}

impl Reader<'_> {
    fn config(&mut self, root: &Node<'_, '_>) -> Config {
        let formats = self.formats(&root.key("formats"));
        let proofs = rules::proofs(root);
        let service = root.key("service").string().unwrap_or_default();
        Config {
            rules: rules::read(self, root, &formats),
            span: self.span(&root.key("span"), &service, &proofs),
            service,
            proofs,
            response_header: root
                .key("response")
                .key("header")
                .string()
                .unwrap_or_default(),
            backends: backends::read(self, root)
                .into_iter()
                .map(Arc::new)
                .collect(),
            export: self.export(&root.key("export")),
            formats,
        }
    }

    fn formats(&mut self, node: &Node<'_, '_>) -> format::Settings {
        let extract = node.key("extract");
        let believed = self.format_list(&extract).unwrap_or_default();
        if believed.is_empty() && !extract.is_faulty() {
            self.errors
                .add(&extract.place, "is empty. Name at least one format");
        }
        let inject = self.format_list(&node.key("inject")).unwrap_or_default();
        format::Settings {
            extract: believed,
            inject: inject.into_iter().collect(),
            spelling: node.key("opik_spelling").word().unwrap_or(Spelling::Both),
        }
    }

    fn span(&mut self, node: &Node<'_, '_>, service: &str, proofs: &[String]) -> span::Settings {
        const PROOF: &str = "is the secret of a trust.header, which is never recorded";
        let list = node.key("headers");
        let mut headers: Vec<String> = Vec::new();
        for item in list.children() {
            let Some(name) = item.lower() else { continue };
            if proofs.contains(&name) {
                self.errors.add(&item.place, PROOF);
            }
            if headers.contains(&name) {
                self.errors
                    .add(&item.place, format!("{} is given twice", Shown(&name)));
            }
            headers.push(name);
        }
        let thread = node.key("thread");
        if thread.lower().is_some_and(|name| proofs.contains(&name)) {
            self.errors.add(&thread.place, PROOF);
        }
        let name = node.key("name").text();
        let name = name.and_then(|text| NameTemplate::parse(text).ok());
        let name = name.unwrap_or_default();
        span::Settings {
            is_plain: name.is_plain() && is_plain(service.as_bytes()),
            name,
            headers,
            query: node.key("query").strings().unwrap_or_default(),
            thread: thread.lower(),
        }
    }

    fn export(&mut self, node: &Node<'_, '_>) -> outbox::Settings {
        self.at_most(&node.key("batch_bytes"), &node.key("queue_bytes"));
        self.at_most(&node.key("backoff_ms"), &node.key("backoff_max_ms"));
        let gzip = node.key("gzip");
        if gzip.flag() == Some(true) {
            self.errors.add(
                &gzip.place,
                "is not supported: compressing would block a worker thread. Set it to false, and compress between the gateway and the backend",
            );
        }
        export_settings(node)
    }

    /// Complains where the document was written: the other number may be a default.
    fn at_most(&mut self, less: &Node<'_, '_>, more: &Node<'_, '_>) {
        let (Some(small), Some(large)) = (less.whole(), more.whole()) else {
            return;
        };
        if small > large && less.is_given() {
            let message = format!("{small} is more than {}, {large}", more.place);
            self.errors.add(&less.place, message);
        } else if small > large {
            let message = format!("{large} is less than {}, {small}", less.place);
            self.errors.add(&more.place, message);
        }
    }
}
