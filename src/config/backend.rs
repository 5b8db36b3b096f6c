//! Where spans are sent, and how.

use alloc::string::String;
use alloc::vec::Vec;

use crate::policy::Secret;
use crate::words::words;

/// A place to which spans are sent.
#[derive(Debug)]
pub struct Backend {
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

impl Backend {
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

/// How spans are batched and sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExportPlan {
    /// Spans in a batch at most.
    pub batch_spans: u32,
    /// Bytes in a batch at most.
    pub batch_bytes: u32,
    /// How old the oldest span of a batch may grow.
    pub interval_ms: u32,
    /// Bytes in all batches together at most.
    pub queue_bytes: u32,
    /// How long a call may take.
    pub timeout_ms: u32,
    /// How often a batch is tried.
    pub attempts: u32,
    /// The first pause between tries.
    pub backoff_ms: u32,
    /// The longest.
    pub backoff_max_ms: u32,
}
