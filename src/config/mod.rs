//! The configuration: one document for both hosts.

mod backends;
mod error;
mod keys;
mod kind;
mod layers;
mod node;
mod path;
mod read;
mod reader;
mod rules;
#[cfg(feature = "schema")]
mod schema;
mod shown;
mod structs;
mod texts;
mod walk;
mod yaml;

pub use crate::tree::Tree;
pub use error::ConfigError;
#[cfg(feature = "schema")]
pub use schema::schema;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::backend::BackendApi;
use crate::format::FORMATS;
use crate::format::foreign::FOREIGN;
use crate::genai::SESSION_HEADERS;
use crate::identity::Systems;
use crate::policy::{Needs, Rules};
use crate::request::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, EXPECT, PREFLIGHT};
use crate::{backend, format, outbox, span};

/// A configuration that was found to be without fault.
#[derive(Debug)]
pub struct Config {
    /// This gateway's name in spans.
    pub service: String,
    /// The wire formats.
    pub formats: format::Settings,
    /// The rules.
    pub rules: Rules,
    /// The headers, in lower case, that prove trust in any rule: none of them goes upstream.
    pub proofs: Vec<String>,
    /// What a span records.
    pub span: span::Settings,
    /// The response header of an exposed trace id.
    pub response_header: String,
    /// Where spans are sent.
    pub backends: Vec<Arc<backend::Settings>>,
    /// How they are sent.
    pub export: outbox::Settings,
}

/// Where the gateway runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Host {
    /// In Envoy, as a filter.
    Envoy,
    /// At the edge, as a Cloudflare Worker.
    Worker,
}

/// Checks a URL to which requests or spans are sent, where a host reads one outside of the document.
///
/// # Errors
/// What is wrong with it. The message does not repeat the URL, which may contain a password.
pub fn check_url(url: &str) -> Result<(), &'static str> {
    texts::url(url)
}

/// Checks a path that requests are compared with.
///
/// # Errors
/// What is wrong with it.
pub fn check_path(path: &str) -> Result<(), &'static str> {
    texts::path(path)
}

/// Checks a host that requests are compared with.
///
/// # Errors
/// What is wrong with it.
pub fn check_host(host: &str) -> Result<(), &'static str> {
    texts::host(host)
}

impl Config {
    /// What a host has to find out about a request besides its headers.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let needs = self.rules.needs();
        Needs {
            route: needs.route || self.span.name.has_route(),
            ..needs
        }
    }

    /// What the outbox is made for.
    #[must_use]
    pub fn delivery(&self) -> outbox::Delivery<'_> {
        outbox::Delivery {
            service: &self.service,
            backends: &self.backends,
            settings: self.export,
        }
    }

    /// What is legal in this configuration and may still not be meant, one line each. A host logs it when it starts.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let doubt = |backend: &backend::Settings| (BackendApi::of(backend)?.doubt)(&self.rules);
        let doubts = self
            .backends
            .iter()
            .filter_map(move |backend| Some((backend, doubt(backend)?)));
        doubts.map(|(backend, doubt)| alloc::format!("backend {}: {doubt}", backend.name))
    }

    /// Whether a message may have to be read before its request is decided.
    #[must_use]
    pub const fn reads_ahead(&self) -> bool {
        self.rules.reads_ahead()
    }

    /// The request headers that anything looks at, in lower case; one that ends in `*` stands for all names with that
    /// beginning. A host to which every header is a call hands over these and no others.
    #[must_use]
    pub fn headers(&self) -> Vec<&str> {
        let mut headers = Vec::new();
        let mut look_at = |name| {
            if !headers.contains(&name) {
                headers.push(name);
            }
        };
        let of_formats = FORMATS.iter().flat_map(|format| format.headers);
        of_formats.for_each(|header| look_at(header.name));
        look_at(CONTENT_TYPE);
        PREFLIGHT.into_iter().for_each(&mut look_at);
        if self.rules.removes_foreign() {
            FOREIGN.iter().for_each(|name| look_at(name));
        }
        self.rules.headers().for_each(&mut look_at);
        let lists = [&self.proofs, &self.span.headers];
        lists.into_iter().flatten().for_each(|name| look_at(name));
        if let Some(thread) = &self.span.thread {
            look_at(thread);
        }
        if self.rules.reads() {
            look_at(CONTENT_ENCODING);
            look_at(ACCEPT_ENCODING);
            SESSION_HEADERS.iter().for_each(|name| look_at(name));
            if self.rules.reads_ahead() {
                look_at(EXPECT);
            }
        }
        headers
    }

    /// The configuration for messages between services of one owner: every sender is trusted, and nothing is recorded.
    #[must_use]
    pub fn for_messages(self) -> Self {
        Self {
            rules: self.rules.for_messages(),
            backends: Vec::new(),
            ..self
        }
    }

    /// The systems in which a span arrives when every backend takes it.
    #[must_use]
    pub fn receives(&self) -> Systems {
        let apis = self
            .backends
            .iter()
            .filter_map(|backend| BackendApi::of(backend));
        apis.fold(Systems::default(), |sum, api| Systems {
            opik: sum.opik || api.receives.opik,
            otel: sum.otel || api.receives.otel,
        })
    }
}
