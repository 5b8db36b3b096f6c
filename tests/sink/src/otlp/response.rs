//! The response of a receiver: in the encoding of the request, or in JSON if that is unknown.

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;

use super::Encoding;
use crate::http::Response;

/// `google.rpc.Status`, the body of a rejection.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// `google.rpc.Code.INVALID_ARGUMENT`.
const INVALID: i32 = 3;

pub(super) fn rejection(status: u16, encoding: Option<Encoding>, message: &str) -> Response {
    let body = Status {
        code: INVALID,
        message: message.to_owned(),
    };
    match encoding {
        Some(Encoding::Protobuf) => Response::of(
            status,
            Encoding::Protobuf.media_type(),
            body.encode_to_vec(),
        ),
        _ => Response::json(
            status,
            &json!({ "code": body.code, "message": body.message }),
        ),
    }
}

/// Accepted, except the last `rejected` spans. A message with `rejected` 0 is a warning.
pub(super) fn taken(encoding: Encoding, rejected: usize, message: &str) -> Response {
    let partial = (rejected > 0 || !message.is_empty()).then(|| ExportTracePartialSuccess {
        rejected_spans: i64::try_from(rejected).unwrap_or(i64::MAX),
        error_message: message.to_owned(),
    });
    match (encoding, partial) {
        (Encoding::Protobuf, partial_success) => {
            let body = ExportTraceServiceResponse { partial_success };
            Response::of(200, encoding.media_type(), body.encode_to_vec())
        }
        (Encoding::Json, None) => Response::json(200, &json!({})),
        (Encoding::Json, Some(partial)) => {
            let told = json!({
                "rejectedSpans": partial.rejected_spans.to_string(),
                "errorMessage": partial.error_message,
            });
            Response::json(200, &json!({ "partialSuccess": told }))
        }
    }
}
