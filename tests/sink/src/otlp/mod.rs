//! OTLP over HTTP, `POST {any base}/v1/traces`. It is stricter than a real receiver may be, because it tests a sender.
//!
//! The protocol's own crate decodes the bytes. `json` and `proto` compare them with one table (`schema`) and find what a decoder ignores;
//! `rules` finds wrong values. One fault refuses the whole request with 400.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use serde_json::{Value, json};

pub(crate) use self::place::Fault;
use self::place::Place;
use crate::http::Response;
use crate::server::{Delivery, Received, Receiver, Shared};
use crate::store::System;

mod json;
mod place;
mod proto;
mod response;
mod rows;
mod rules;
mod schema;
mod state;

const PATH: &str = "/v1/traces";
/// Faults in the response to one request.
const TOLD: usize = 100;

pub(crate) const RECEIVER: Receiver = Receiver {
    system: System::Otlp,
    claims: |path| path.ends_with(PATH),
    ingests: |request| request.method == "POST",
    receive,
};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    /// The encoding of a media type. JSON may have a charset.
    pub(crate) fn of(content_type: Option<&str>) -> Option<Self> {
        let kind = content_type?.split(';').next()?.trim();
        [Self::Protobuf, Self::Json]
            .into_iter()
            .find(|encoding| kind.eq_ignore_ascii_case(encoding.media_type()))
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Protobuf => "protobuf",
            Self::Json => "json",
        }
    }
}

/// Reads a request that follows every rule, or returns the broken rules.
pub(crate) fn read(
    body: &[u8],
    encoding: Encoding,
) -> Result<ExportTraceServiceRequest, Vec<Fault>> {
    let whole = |reason: String| vec![Place::Top.fault(reason)];
    let request = match encoding {
        Encoding::Protobuf => {
            proto::walk(body, &schema::REQUEST).map_err(|fault| vec![fault])?;
            ExportTraceServiceRequest::decode(body).map_err(|error| whole(error.to_string()))?
        }
        Encoding::Json => {
            let document: Value =
                serde_json::from_slice(body).map_err(|error| whole(error.to_string()))?;
            json::walk(&document, &schema::REQUEST).map_err(|fault| vec![fault])?;
            // From the bytes: in a parsed document a key that was written twice exists once.
            serde_json::from_slice(body).map_err(|error| whole(error.to_string()))?
        }
    };
    let mut faults = rules::check(&request);
    faults.truncate(TOLD);
    if faults.is_empty() {
        Ok(request)
    } else {
        Err(faults)
    }
}

fn receive(delivery: &Delivery<'_>, shared: &Shared) -> Received {
    let request = delivery.request;
    if request.method != "POST" {
        return refuse(
            response::rejection(405, None, "only POST is allowed here"),
            &[],
        );
    }
    let Some(encoding) = Encoding::of(request.header("content-type")) else {
        let reason = "content-type must be application/x-protobuf or application/json";
        return refuse(
            response::rejection(415, None, reason),
            &[Place::Top.fault(reason)],
        );
    };
    let read = match read(delivery.body, encoding) {
        Ok(read) => read,
        Err(faults) => {
            let first = faults.first().map(ToString::to_string).unwrap_or_default();
            return refuse(response::rejection(400, Some(encoding), &first), &faults);
        }
    };
    let way = rows::Way {
        encoding: encoding.word(),
        path: &request.path,
    };
    let mut rows = rows::rows(&read, &way);
    let kept = delivery.partial.map_or(rows.len(), |partial| {
        rows.len().saturating_sub(partial.rejected)
    });
    let rejected = rows.split_off(kept).len();
    shared.store.change(|state| {
        let table = &mut state.otlp;
        rows.into_iter().for_each(|row| rows::put(table, row));
    });
    let warning = delivery.partial.map_or("", |partial| &partial.message);
    Received {
        response: response::taken(encoding, rejected, warning),
        items: Some(kept),
        reasons: Vec::new(),
    }
}

fn refuse(response: Response, faults: &[Fault]) -> Received {
    let describe = |fault: &Fault| json!({ "field": fault.field, "reason": fault.reason });
    Received {
        response,
        items: None,
        reasons: faults.iter().map(describe).collect(),
    }
}
