//! Which bodies are read, and which requests wait for their body.

use alloc::boxed::Box;

use super::{Gate, offer};
use crate::genai::{Exchange, ModelApi};
use crate::policy::{Genai, IdAction, McpParent, ResponseEncoding, Rule};
use crate::request::Continuation;
use crate::request::Edits;
use crate::request::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, EXPECT, Request};
use crate::span::OpenSpan;
use crate::time::Time;

impl Gate {
    /// The reader of a body that has to be read before the request is decided; none for nearly every request.
    #[must_use]
    pub fn reader_ahead(&self, request: &Request<'_>, now: Time) -> Option<Box<Exchange>> {
        if self.config().rules.reads_ahead() {
            self.ahead(request, now)
        } else {
            None
        }
    }

    #[inline(never)]
    fn ahead(&self, request: &Request<'_>, now: Time) -> Option<Box<Exchange>> {
        let rules = &self.config().rules;
        if request.continues.is_some_and(Continuation::has_ids) {
            return None;
        }
        let place = rules.find(request)?;
        let rule = rules.rule(place);
        let is_meta = rules.key(place, |layer| layer.mcp_parent) == Some(McpParent::Meta);
        // What is refused or let alone by its headers is not held, and what is forgotten need not be known.
        let proof = rules.proof(&rule, request, &[]);
        let id_action = rule.id_action(proof);
        let is_heard = matches!(id_action, Ok(Some(IdAction::Join | IdAction::Link)));
        let is_coming = request.headers.first(EXPECT.as_bytes()).is_none();
        if !(is_meta && is_heard && is_coming && rule.genai == Genai::Metadata) {
            return None;
        }
        let mut exchange = exchange(request, &rule)?;
        exchange.begin_at(now);
        exchange.awaits_parent().then_some(exchange)
    }
}

/// Has the bodies of a request read, if its API is known. Apart, because most requests have none to read.
#[inline(never)]
pub(super) fn read(
    request: &Request<'_>,
    ahead: &mut Option<Box<Exchange>>,
    rule: &Rule<'_>,
    span: &mut OpenSpan,
    edits: &mut Edits<'_>,
) {
    let Some(exchange) = ahead.take().or_else(|| exchange(request, rule)) else {
        return;
    };
    span.read(exchange);
    match rule.genai_encoding {
        ResponseEncoding::Readable => {
            if let Some(offer) = offer::readable(request.headers) {
                edits.set(ACCEPT_ENCODING, &offer);
            }
        }
        ResponseEncoding::Identity => edits.set(ACCEPT_ENCODING, b"identity"),
        ResponseEncoding::Any => {}
    }
}

/// What reads the bodies of a request.
fn exchange(request: &Request<'_>, rule: &Rule<'_>) -> Option<Box<Exchange>> {
    let dialect = ModelApi::find(rule.genai_api, request.method, request.path, request.host)?;
    let mut exchange = Box::new(Exchange::new(dialect, request.path));
    let said = |name: &str| request.headers.first(name.as_bytes()).unwrap_or_default();
    exchange.request_headers(said(CONTENT_TYPE), said(CONTENT_ENCODING));
    Some(exchange)
}
