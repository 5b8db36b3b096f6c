//! A rule in layers: the default, the route's, the named one. Each key is taken from the uppermost layer that has it.

use alloc::string::String;
use alloc::vec::Vec;

use super::Trust;
use super::rule_keys::rule_keys;
use crate::format::FormatSet;
use crate::genai::ApiName;
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

/// The type of a key in a layer, where each may be absent.
macro_rules! in_layer {
    (word($type:ty)) => { Option<$type> };
    (choice($type:ty)) => { Option<$type> };
    (flag) => { Option<bool> };
    (share) => { Option<Sampler> };
    (text($($check:tt)*)) => { Option<String> };
    (texts($($check:tt)*)) => { Option<Vec<String>> };
    (formats($of:ident)) => { Option<FormatSet> };
    (trust) => { Option<Trust> };
}

/// The type of a key in a rule.
macro_rules! in_rule {
    (word($type:ty)) => { $type };
    (choice($type:ty)) => { Option<$type> };
    (flag) => { bool };
    (share) => { Sampler };
    (text($($check:tt)*)) => { Option<&'c str> };
    (texts($($check:tt)*)) => { &'c [String] };
    (formats($of:ident)) => { FormatSet };
    (trust) => { Option<&'c Trust> };
}

/// The value of a key that no layer sets.
macro_rules! default {
    ($formats:ident, formats($of:ident);) => {
        $formats.$of
    };
    ($formats:ident, texts($($check:tt)*);) => {
        &[]
    };
    ($formats:ident, $kind:ident $(($($of:tt)*))?;) => {
        None
    };
    ($formats:ident, $kind:ident $(($($of:tt)*))?; $default:expr) => {
        $default
    };
}

/// A layer's value replaces the one below, if there is one.
macro_rules! lay {
    ($rule:expr, $layer:expr, text($($check:tt)*)) => {
        $rule = $layer.as_deref().or($rule)
    };
    ($rule:expr, $layer:expr, texts($($check:tt)*)) => {
        $rule = $layer.as_deref().unwrap_or($rule)
    };
    ($rule:expr, $layer:expr, choice($type:ty)) => {
        $rule = $layer.or($rule)
    };
    ($rule:expr, $layer:expr, trust) => {
        $rule = $layer.as_ref().or($rule)
    };
    ($rule:expr, $layer:expr, $kind:ident $(($($of:tt)*))?) => {
        $rule = $layer.unwrap_or($rule)
    };
}

macro_rules! define {
    ($($name:ident: $kind:ident $(($($argument:tt)*))? $(= $default:expr)?, $help:literal;)*) => {
        /// The keys that one layer sets.
        #[derive(Debug, Default)]
        pub struct Layer {
            $(#[doc = $help] pub $name: in_layer!($kind $(($($argument)*))?),)*
        }

        /// The rule of one request: every key, from the uppermost layer that sets it or from the defaults.
        #[derive(Clone, Copy, Debug)]
        pub struct Rule<'c> {
            $(#[doc = $help] pub $name: in_rule!($kind $(($($argument)*))?),)*
        }

        impl<'c> Rule<'c> {
            /// The rule before any layer.
            pub(super) const fn bare(formats: &DocumentFormats) -> Self {
                Self { $($name: default!(formats, $kind $(($($argument)*))?; $($default)?),)* }
            }

            /// Puts a layer on top.
            pub(super) fn lay(&mut self, layer: &'c Layer) {
                $(lay!(self.$name, layer.$name, $kind $(($($argument)*))?);)*
            }
        }
    };
}

/// The formats of the document, which are the defaults of two keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct DocumentFormats {
    pub(super) inject: FormatSet,
    pub(super) extract: FormatSet,
}

rule_keys!(define);

impl Layer {
    /// Whether it needs bodies that are read before their requests are decided.
    pub(super) fn reads_ahead(&self) -> bool {
        self.mcp_parent == Some(McpParent::Meta)
    }
}
