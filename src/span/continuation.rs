//! What a span knows for the next pass of its request.

use super::OpenSpan;
use super::texts::Piece;
use crate::ids::{OpikIds, OtelIds};
use crate::request::Continuation;

impl OpenSpan {
    /// What the next pass continues, if the host sends the request through the gateway again: this span is its parent, where
    /// it arrives (law 17).
    #[must_use]
    pub fn continuation(&self) -> Continuation {
        // The ids of a client that are only remembered are not those that went upstream.
        let client = Some(self.client).filter(|client| !client.linked);
        let opik = self.own.opik.map(|place| OpikIds {
            trace: place.trace,
            parent: Some(self.own.id),
        });
        let otel = self.own.otel.map(|place| OtelIds {
            trace: place.trace,
            span: self.own.id.as_span(),
        });
        let state = self.texts.piece(Piece::State).unwrap_or_default();
        Continuation {
            opik: opik.or(client.and_then(|client| client.opik)),
            otel: otel.or(client.and_then(|client| client.otel)),
            state: state.to_vec(),
            judgement: self.judgement,
        }
    }
}
