//! What the configuration says of one backend.

use alloc::string::String;
use alloc::vec::Vec;

use crate::secret::Secret;
use crate::words::words;

/// One backend, as the configuration describes it.
#[derive(Debug)]
pub struct Settings {
    /// Its name in counters; its kind unless the document names it.
    pub name: String,
    /// Whose API it speaks.
    pub kind: BackendKind,
    /// Authority and base path.
    pub url: String,
    /// How the Worker hands spans over.
    pub via: Via,
    /// The Envoy cluster that carries the call.
    pub cluster: Option<String>,
    /// The API key.
    pub api_key: Option<Secret>,
    /// Opik's workspace.
    pub workspace: Option<String>,
    /// The project of spans whose rule names none.
    pub project: Option<String>,
    /// How OTLP is encoded.
    pub encoding: Encoding,
    /// Whose names its attributes have.
    pub dialect: Dialect,
    /// Further headers of the call.
    pub headers: Vec<(String, Secret)>,
    /// Attributes of the OTLP resource.
    pub resource: Vec<(String, String)>,
    /// Lilypad's project.
    pub project_id: Option<String>,
}

impl Settings {
    /// The authority of its URL, and the path that its calls begin with.
    #[must_use]
    pub fn target(&self) -> (&str, &str) {
        // Behind the two slashes of its scheme.
        let rest = self.url.splitn(3, '/').nth(2).unwrap_or_default();
        rest.find('/')
            .and_then(|at| rest.split_at_checked(at))
            .unwrap_or((rest, ""))
    }
}

words! {
    /// Whose API a backend speaks.
    BackendKind {
        /// Opik's REST API.
        Opik = "opik",
        /// OTLP over HTTP.
        Otlp = "otlp",
        /// Lilypad's own API.
        Lilypad = "lilypad",
        /// Nobody's: spans are not sent.
        None = "none",
    }
}

words! {
    /// How the Worker hands spans over.
    Via {
        /// By a call of its own.
        Http = "http",
        /// Through a Queue.
        Queue = "queue",
    }
}

words! {
    /// How OTLP is encoded.
    Encoding {
        /// Protocol buffers.
        Protobuf = "protobuf",
        /// JSON, with hex ids.
        Json = "json",
    }
}

words! {
    /// Whose names the attributes of OTLP have.
    Dialect {
        /// Those of the conventions.
        Latest = "latest",
        /// Those by which Opik files them, with its own ids.
        Opik = "opik",
    }
}
