//! What OTLP makes of a story, in both encodings.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message as _;

use super::stage::{Call, Stage, Story};

impl Call {
    /// The request that it carries.
    pub fn read(&self) -> ExportTraceServiceRequest {
        match self.content_type {
            "application/x-protobuf" => ExportTraceServiceRequest::decode(&*self.body).unwrap(),
            "application/json" => serde_json::from_slice(&self.body)
                .unwrap_or_else(|error| panic!("{error}: {}", self.body.escape_ascii())),
            other => panic!("{other}"),
        }
    }

    /// The one resource of it.
    pub fn group(&self) -> ResourceSpans {
        let request = self.read();
        let [group] = <[_; 1]>::try_from(request.resource_spans).unwrap();
        assert_eq!(group.scope_spans.len(), 1);
        group
    }

    /// The spans under it.
    pub fn spans(&self) -> Vec<Span> {
        let [scope] = <[_; 1]>::try_from(self.group().scope_spans).unwrap();
        scope.spans
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().filter(|(other, _)| other == name);
        let found = headers.next().map(|(_, value)| value.as_str());
        assert_eq!(headers.next(), None, "{name} twice");
        found
    }
}

/// A document with a backend for OTLP, which is told `of_backend`; `more` is the rest of the document. Both begin with a
/// comma, if with anything.
pub fn document(of_backend: &str, more: &str) -> String {
    let backend = format!(r#"{{"kind": "otlp", "url": "http://otlp.test"{of_backend}}}"#);
    format!(r#"{{"backend": {backend}{more}}}"#)
}

/// The one call of each encoding that these stories make: the same message in both.
pub fn told(of_backend: &str, more: &str, stories: &[Story<'_>]) -> [Call; 2] {
    let calls = ["protobuf", "json"].map(|encoding| {
        let of_backend = format!(r#", "encoding": "{encoding}"{of_backend}"#);
        let mut stage = Stage::new(&document(&of_backend, more));
        for story in stories {
            stage.tell(story);
        }
        let [call] = <[_; 1]>::try_from(stage.drain()).unwrap();
        call
    });
    assert_eq!(calls[0].read(), calls[1].read());
    calls
}

/// The span of a story, which is the same in both encodings.
pub fn span(more: &str, story: &Story<'_>) -> Span {
    let [call, _] = told("", more, &[*story]);
    let [span] = <[_; 1]>::try_from(call.spans()).unwrap();
    span
}
