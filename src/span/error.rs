//! Why a request counts as failed.

use super::EndKind;
use crate::words::Word;

/// A failure, in one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorType<'s> {
    /// The name in the response.
    Said(&'s str),
    /// The way it ended.
    End(EndKind),
    /// The HTTP status.
    Status(u16),
    /// The gRPC status.
    Grpc(u32),
}

impl ErrorType<'_> {
    /// The failure as a sentence, for backends that need one.
    #[must_use]
    pub fn sentence(&self) -> impl core::fmt::Display {
        Sentence(*self)
    }
}

struct Sentence<'s>(ErrorType<'s>);

impl core::fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            ErrorType::End(EndKind::UpstreamReset) => f.write_str("upstream broke off"),
            ErrorType::End(EndKind::UpstreamUnavailable) => f.write_str("upstream unavailable"),
            ErrorType::End(EndKind::Timeout) => f.write_str("upstream took too long"),
            ErrorType::End(kind) => f.write_str(kind.word()),
            ErrorType::Said(name) => write!(f, "answered with the error {name}"),
            ErrorType::Status(status) => write!(f, "answered {status}"),
            ErrorType::Grpc(status) => write!(f, "answered gRPC status {status}"),
        }
    }
}
