//! A rule in layers: the default, the route's, the named one. Each key is taken from the uppermost layer that has it.

use alloc::string::String;
use alloc::vec::Vec;

use crate::format::FormatSet;
use crate::genai::ApiName;
use crate::policy::Trust;
use crate::sampling::Sampler;
use crate::words::words;

words! {
    /// What happens to the ids that a trusted caller sends.
    InboundAction {
        /// Continued.
        Join = "join",
        /// Removed; a new trace links to them.
        Link = "link",
        /// Removed and forgotten.
        Restart = "restart",
        /// Not looked at; nothing is touched or recorded.
        Off = "off",
    }
}
words! {
    /// What trace headers go upstream.
    UpstreamAction {
        /// Those of the gateway's span.
        Send = "send",
        /// None: third parties learn nothing.
        Strip = "strip",
    }
}
words! {
    /// What happens when no usable ids came in.
    MissingAction {
        /// New ones are made.
        Mint = "mint",
        /// The request is refused.
        Reject = "reject",
        /// The request goes on without.
        Pass = "pass",
    }
}
words! {
    /// What happens when a header was refused.
    InvalidAction {
        /// It is removed; new ids are made where no valid ones are left.
        Restart = "restart",
        /// The request is refused.
        Reject = "reject",
    }
}
words! {
    /// What happens when two families of one system disagree.
    ConflictAction {
        /// The first in the order of `formats.extract` is taken.
        Prefer = "prefer",
        /// The request is refused.
        Reject = "reject",
    }
}
words! {
    /// What happens to a caller for whom no condition of trust holds.
    UntrustedAction {
        /// Its ids are removed; a new trace links to them.
        Link = "link",
        /// Its ids are removed and forgotten.
        Restart = "restart",
        /// Its request is refused.
        Reject = "reject",
    }
}
words! {
    /// What is read from the bodies of an LLM call.
    Genai {
        /// Nothing.
        Off = "off",
        /// Model, usage and finish reasons; never content.
        Metadata = "metadata",
    }
}

words! {
    /// Where a call of the Model Context Protocol names its parent.
    McpParent {
        /// In the headers, as any request does.
        Headers = "headers",
        /// In the message itself, if it does: the headers tell of the way there.
        Meta = "meta",
    }
}

words! {
    /// How the answer of an LLM call may be encoded.
    ResponseEncoding {
        /// As the client offers, as far as we can read it.
        Readable = "readable",
        /// Not at all: the upstream is asked for it as it is.
        Identity = "identity",
        /// As the client offers.
        Any = "any",
    }
}

/// The keys that one layer sets.
#[derive(Debug, Default)]
#[allow(
    missing_docs,
    reason = "the keys of `Rule`, each of which says what it is"
)]
pub struct Layer {
    pub inbound: Option<InboundAction>,
    pub upstream: Option<UpstreamAction>,
    pub inject: Option<FormatSet>,
    pub baggage_allow: Option<Vec<String>>,
    pub keep_headers: Option<Vec<String>>,
    pub missing: Option<MissingAction>,
    pub invalid: Option<InvalidAction>,
    pub conflict: Option<ConflictAction>,
    pub require: Option<FormatSet>,
    pub trust: Option<Trust>,
    pub untrusted: Option<UntrustedAction>,
    pub record: Option<bool>,
    pub record_preflight: Option<bool>,
    pub sample: Option<Sampler>,
    pub project: Option<String>,
    pub genai: Option<Genai>,
    pub genai_api: Option<ApiName>,
    pub genai_encoding: Option<ResponseEncoding>,
    pub mcp_parent: Option<McpParent>,
    pub expose: Option<bool>,
    pub tags: Option<Vec<String>>,
}

impl Layer {
    /// Whether it wants messages to be read before their requests are decided.
    pub(super) fn reads_ahead(&self) -> bool {
        self.mcp_parent == Some(McpParent::Meta)
    }
}

/// The rule of one request: every key, from the uppermost layer that sets it or from the defaults.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'c> {
    /// What happens to a trusted caller's ids.
    pub inbound: InboundAction,
    /// What trace headers go upstream.
    pub upstream: UpstreamAction,
    /// The formats written upstream.
    pub inject: FormatSet,
    /// The baggage keys that pass where the client's trace is not continued, and upstream of `upstream: strip`.
    pub baggage_allow: &'c [String],
    /// Other vendors' trace headers that pass there.
    pub keep_headers: &'c [String],
    /// What happens when no usable ids came in.
    pub missing: MissingAction,
    /// What happens when a header was refused.
    pub invalid: InvalidAction,
    /// What happens when two families disagree.
    pub conflict: ConflictAction,
    /// With `missing: reject`, the formats any one of which will do.
    pub require: FormatSet,
    /// How a caller proves that its ids can be trusted.
    pub trust: Option<&'c Trust>,
    /// What happens to a caller that cannot.
    pub untrusted: UntrustedAction,
    /// Whether a span is recorded.
    pub record: bool,
    /// Whether one is recorded of a browser's preflight.
    pub record_preflight: bool,
    /// Which of the traces that begin here are kept.
    pub sample: Sampler,
    /// The backend's project for the span, if it is not the backend's own.
    pub project: Option<&'c str>,
    /// What is read from the bodies of an LLM call.
    pub genai: Genai,
    /// Which API the calls speak, where the path does not say it.
    pub genai_api: Option<ApiName>,
    /// How the upstream may encode an answer that is read.
    pub genai_encoding: ResponseEncoding,
    /// Whether responses carry the trace id.
    pub expose: bool,
    /// Tags put on the span.
    pub tags: &'c [String],
}

impl<'c> Rule<'c> {
    /// The rule before any layer, over the document's formats.
    pub(super) const fn bare(inject: FormatSet, extract: FormatSet) -> Self {
        Self {
            inbound: InboundAction::Join,
            upstream: UpstreamAction::Send,
            inject,
            baggage_allow: &[],
            keep_headers: &[],
            missing: MissingAction::Mint,
            invalid: InvalidAction::Restart,
            conflict: ConflictAction::Prefer,
            require: extract,
            trust: None,
            untrusted: UntrustedAction::Link,
            record: true,
            record_preflight: false,
            sample: Sampler::Always,
            project: None,
            genai: Genai::Off,
            genai_api: None,
            genai_encoding: ResponseEncoding::Readable,
            expose: false,
            tags: &[],
        }
    }

    /// Puts a layer on top: what it says counts from now on.
    pub(super) fn lay(&mut self, layer: &'c Layer) {
        macro_rules! lay {
            ($($key:ident)*) => {$(if let Some(value) = layer.$key {
                self.$key = value;
            })*};
        }
        lay! { inbound upstream inject missing invalid conflict require untrusted record record_preflight sample genai genai_encoding expose }
        if let Some(keys) = &layer.baggage_allow {
            self.baggage_allow = keys;
        }
        if let Some(names) = &layer.keep_headers {
            self.keep_headers = names;
        }
        if let Some(tags) = &layer.tags {
            self.tags = tags;
        }
        self.genai_api = layer.genai_api.or(self.genai_api);
        self.trust = layer.trust.as_ref().or(self.trust);
        self.project = layer.project.as_deref().or(self.project);
    }
}
