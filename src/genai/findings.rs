//! What is known of an exchange when it is over.

use super::api::ModelApi;
use super::json::{Count, Mark, Notes, Text};
use crate::time::Time;
use crate::words::words;

words! {
    /// How far what was counted can be relied on.
    Status {
        /// The answer ended properly, and counted.
        Reported = "reported",
        /// It ended properly, and did not count.
        Absent = "absent",
        /// It broke off; what it had counted by then is there.
        Partial = "partial",
        /// Its encoding is none that is read.
        Encoded = "encoded",
        /// More came than is read.
        Capped = "capped",
        /// It was an error, or nothing could be made of it.
        Error = "error",
    }
}

/// What an exchange said about itself.
#[derive(Clone, Debug)]
pub struct Findings {
    pub(super) dialect: ModelApi,
    pub(super) notes: Notes,
    status: Status,
    streamed: bool,
}

impl Findings {
    pub(super) const fn new(
        dialect: ModelApi,
        notes: Notes,
        status: Status,
        streamed: bool,
    ) -> Self {
        Self {
            dialect,
            notes,
            status,
            streamed,
        }
    }

    /// What the exchange spoke, and with whom.
    #[must_use]
    pub const fn dialect(&self) -> ModelApi {
        self.dialect
    }

    /// A text of the exchange.
    pub(crate) fn text(&self, text: Text) -> Option<&[u8]> {
        self.notes.text(text)
    }

    /// How far the counts can be relied on.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Whether the answer came as a stream.
    #[must_use]
    pub const fn streamed(&self) -> bool {
        self.streamed
    }

    /// Whether a stream was asked for.
    #[must_use]
    pub fn stream_requested(&self) -> bool {
        let by_default = self.dialect.api.streams_by_default;
        self.notes.has(Mark::Streaming)
            || self.dialect.path_streams()
            || by_default && !self.notes.has(Mark::Unstreamed)
    }

    /// The model that was asked for; of Azure, its deployment.
    #[must_use]
    pub fn request_model(&self) -> Option<&[u8]> {
        self.notes.text(Text::RequestModel)
    }

    /// The model that answered.
    #[must_use]
    pub fn response_model(&self) -> Option<&[u8]> {
        self.notes.text(Text::Model)
    }

    /// The id of the answer.
    #[must_use]
    pub fn response_id(&self) -> Option<&[u8]> {
        self.notes.text(Text::Id)
    }

    /// Why each choice ended, in their order.
    pub fn finish_reasons(&self) -> impl Iterator<Item = &[u8]> {
        self.notes.finish_reasons()
    }

    /// The limit that was asked for.
    #[must_use]
    pub fn max_tokens(&self) -> Option<u64> {
        self.notes.count(Count::MaxTokens)
    }

    /// The temperature that was asked for: a number of JSON.
    #[must_use]
    pub fn temperature(&self) -> Option<&[u8]> {
        self.notes.text(Text::Temperature)
    }

    /// The nucleus that was asked for: a number of JSON.
    #[must_use]
    pub fn top_p(&self) -> Option<&[u8]> {
        self.notes.text(Text::TopP)
    }

    /// What the provider says that it cost, in its own currency: a number of JSON.
    #[must_use]
    pub fn cost(&self) -> Option<&[u8]> {
        self.notes.text(Text::Cost)
    }

    /// When the first piece of a streamed answer came.
    #[must_use]
    pub fn first_token(&self) -> Option<Time> {
        self.notes.first().filter(|_| self.streamed)
    }

    /// The name of the error, whatever the status of HTTP was.
    #[must_use]
    pub fn error(&self) -> Option<&[u8]> {
        let names = [Text::ErrorCode, Text::ErrorType, Text::ErrorName];
        let tool = self.is_tool_error().then_some(&b"tool_error"[..]);
        let mut names = names.into_iter().filter_map(|name| self.notes.text(name));
        names.next().or(tool)
    }

    /// Whether this was a call of the Model Context Protocol, and not one of a model.
    #[must_use]
    pub const fn is_protocol(&self) -> bool {
        self.dialect.api.calls_tools
    }

    /// `gen_ai.operation.name`, if it was such an operation.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        let is_one = !self.is_protocol() || self.is_tool_call();
        is_one.then_some(self.dialect.operation())
    }

    /// Whether a tool ran, and says that it failed.
    #[must_use]
    pub const fn is_tool_error(&self) -> bool {
        self.notes.has(Mark::ToolFailed)
    }

    /// Whether it called a tool.
    #[must_use]
    pub fn is_tool_call(&self) -> bool {
        self.method() == Some(b"tools/call")
    }

    /// The method that was called, of the Model Context Protocol.
    #[must_use]
    pub fn method(&self) -> Option<&[u8]> {
        self.notes.text(Text::Method)
    }

    /// The tool that was called.
    #[must_use]
    pub fn tool(&self) -> Option<&[u8]> {
        self.notes.text(Text::Tool).filter(|_| self.is_tool_call())
    }
}

/// The finish reasons of all choices.
#[derive(Clone, Copy, Debug)]
pub struct FinishReasons<'f>(&'f Findings);

impl<'f> FinishReasons<'f> {
    /// None if there is no finish reason.
    pub(crate) fn of(findings: &'f Findings) -> Option<Self> {
        findings.finish_reasons().next()?;
        Some(Self(findings))
    }

    /// The finish reasons, in the order of their choices.
    pub fn iter(self) -> impl Iterator<Item = &'f [u8]> {
        self.0.finish_reasons()
    }
}
