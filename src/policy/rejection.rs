//! A request that is not let through: why, and what its caller is told. The caller's own values are never repeated.

use alloc::format;
use alloc::string::{String, ToString};

use crate::fault::Fault;
use crate::format::FormatSet;
use crate::inbound::Conflict;
use crate::request::Rpc;
use crate::words::{Word, words};

words! {
    /// The word for a rejection in answers and counters.
    Reason {
        /// No usable ids where the rule demands them.
        Missing = "missing",
        /// A header broke the rules of its format.
        Invalid = "invalid",
        /// Two families disagree.
        Conflict = "conflict",
        /// The caller could not prove that it is trusted.
        Untrusted = "untrusted",
        /// The route names a rule that the configuration does not have.
        Config = "config",
    }
}

/// Why a request is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rejection {
    /// None of these formats brought usable ids.
    Missing(FormatSet),
    /// This header was refused.
    Invalid(Fault),
    /// These two headers disagree.
    Conflict(Conflict),
    /// No condition of trust holds.
    Untrusted,
    /// The rule that the route asks for does not exist. Enforcement must not fall away by a typing error.
    Config,
}

impl Rejection {
    /// The media type of [`Rejection::body`] (RFC 9457).
    pub const CONTENT_TYPE: &'static str = "application/problem+json";

    /// The word for it.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::Missing(_) => Reason::Missing,
            Self::Invalid(_) => Reason::Invalid,
            Self::Conflict(_) => Reason::Conflict,
            Self::Untrusted => Reason::Untrusted,
            Self::Config => Reason::Config,
        }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        if matches!(self, Self::Config) {
            500
        } else {
            400
        }
    }

    /// The gRPC status of the answer: invalid argument, or internal.
    #[must_use]
    pub const fn grpc_status(self) -> u8 {
        if matches!(self, Self::Config) { 13 } else { 3 }
    }

    /// The headers of the response to a gRPC client, besides its media type. Its status in HTTP is 200, and it has no body.
    #[must_use]
    pub fn grpc_headers(self) -> [(&'static str, String); 2] {
        // No percent-encoding: every word is ours, and of printable ASCII.
        [
            (Rpc::STATUS, self.grpc_status().to_string()),
            (Rpc::MESSAGE, self.detail()),
        ]
    }

    /// What an access log shows.
    #[must_use]
    pub const fn code_details(self) -> &'static str {
        match self {
            Self::Missing(_) => "gatespan_missing",
            Self::Invalid(_) => "gatespan_invalid",
            Self::Conflict(_) => "gatespan_conflict",
            Self::Untrusted => "gatespan_untrusted",
            Self::Config => "gatespan_config",
        }
    }

    /// What the caller is told, in one line.
    #[must_use]
    pub fn detail(self) -> String {
        match self {
            Self::Missing(formats) => {
                let mut text = "missing: send ".to_string();
                for (rank, format) in formats.iter().enumerate() {
                    text.push_str(if rank > 0 { ", or " } else { "" });
                    text.push_str(format.ask);
                }
                text
            }
            Self::Invalid(fault) => format!("invalid: {fault}"),
            Self::Conflict(conflict) => format!("conflict: {conflict}"),
            Self::Untrusted => "untrusted: the caller meets no condition of trust".to_string(),
            Self::Config => "config: the route names an unknown rule".to_string(),
        }
    }

    /// The body of the answer, of type [`Rejection::CONTENT_TYPE`].
    #[must_use]
    pub fn body(self) -> String {
        let title = match self {
            Self::Missing(_) => "trace context required",
            Self::Invalid(_) => "trace context invalid",
            Self::Conflict(_) => "trace context in conflict",
            Self::Untrusted => "caller not trusted",
            Self::Config => "gateway misconfigured",
        };
        // Nothing in here needs escaping: every word is ours.
        format!(
            r#"{{"type":"about:blank","title":"{title}","status":{},"detail":"{}","fault":"{}"}}"#,
            self.status(),
            self.detail(),
            self.reason().word()
        )
    }
}

impl core::fmt::Display for Rejection {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.detail())
    }
}

impl core::error::Error for Rejection {}
