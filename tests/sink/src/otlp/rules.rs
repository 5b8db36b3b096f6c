//! The rules for a request in either encoding.

use std::collections::HashSet;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span, Status};

use super::place::{Fault, Place};
use super::state;

/// A time before 2001 is in another unit than nanoseconds.
const EARLIEST: u64 = 1_000_000_000_000_000_000;
/// W3C's sampled and random, and OTLP's two bits about whether the parent is remote.
const FLAGS: u32 = 0x0303;
const HAS_REMOTE: u32 = 0x0100;
const IS_REMOTE: u32 = 0x0200;

/// Every fault.
pub(super) fn check(request: &ExportTraceServiceRequest) -> Vec<Fault> {
    let mut found = Found::default();
    let top = Place::Top;
    for (number, group) in request.resource_spans.iter().enumerate() {
        let place = top.item("resourceSpans", number);
        let attributes = group
            .resource
            .as_ref()
            .map(|resource| &resource.attributes[..]);
        let here = place.field("resource");
        match attributes {
            Some(attributes) => {
                found.attributes(attributes, &here);
                found.expect(names_service(attributes), &here, "has no service.name");
            }
            None => found.say(&here, "is required"),
        }
        found.expect(
            !group.scope_spans.is_empty(),
            &place.field("scopeSpans"),
            "is empty",
        );
        for (number, scope) in group.scope_spans.iter().enumerate() {
            found.scope(scope, &place.item("scopeSpans", number));
        }
    }
    found.expect(
        !request.resource_spans.is_empty(),
        &top.field("resourceSpans"),
        "is empty",
    );
    found.faults
}

fn names_service(attributes: &[KeyValue]) -> bool {
    let named = |pair: &&KeyValue| pair.key == "service.name";
    attributes.iter().find(named).is_some_and(|pair| {
        let value = pair.value.as_ref().and_then(|value| value.value.as_ref());
        matches!(value, Some(Value::StringValue(name)) if !name.is_empty())
    })
}

#[derive(Default)]
struct Found {
    faults: Vec<Fault>,
    /// Trace and span id of each span so far.
    ids: HashSet<(Vec<u8>, Vec<u8>)>,
}

impl Found {
    fn say(&mut self, place: &Place<'_>, reason: &str) {
        self.faults.push(place.fault(reason));
    }

    fn expect(&mut self, holds: bool, place: &Place<'_>, reason: &str) {
        if !holds {
            self.say(place, reason);
        }
    }

    fn scope(&mut self, group: &ScopeSpans, place: &Place<'_>) {
        let here = place.field("scope");
        match &group.scope {
            Some(scope) => {
                self.expect(!scope.name.is_empty(), &here.field("name"), "is empty");
                self.attributes(&scope.attributes, &here);
            }
            None => self.say(&here, "is required"),
        }
        self.expect(!group.spans.is_empty(), &place.field("spans"), "is empty");
        for (number, span) in group.spans.iter().enumerate() {
            self.span(span, &place.item("spans", number));
        }
    }

    fn span(&mut self, span: &Span, place: &Place<'_>) {
        self.id(&span.trace_id, 16, &place.field("traceId"));
        self.id(&span.span_id, 8, &place.field("spanId"));
        let new = self
            .ids
            .insert((span.trace_id.clone(), span.span_id.clone()));
        self.expect(new, &place.field("spanId"), "is in this request twice");
        let parent = place.field("parentSpanId");
        if !span.parent_span_id.is_empty() {
            self.id(&span.parent_span_id, 8, &parent);
            self.expect(
                span.parent_span_id != span.span_id,
                &parent,
                "is the span itself",
            );
        }
        self.state(&span.trace_state, place);
        self.flags(span.flags, place);
        self.expect(!span.name.is_empty(), &place.field("name"), "is empty");
        self.expect(
            (1..=5).contains(&span.kind),
            &place.field("kind"),
            "must be 1 to 5: internal, server, client, producer or consumer",
        );
        let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
        self.time(start, &place.field("startTimeUnixNano"));
        self.time(end, &place.field("endTimeUnixNano"));
        self.expect(
            end >= start,
            &place.field("endTimeUnixNano"),
            "is before the start",
        );
        self.attributes(&span.attributes, place);
        for (number, event) in span.events.iter().enumerate() {
            self.event(event, &place.item("events", number));
        }
        for (number, link) in span.links.iter().enumerate() {
            self.link(link, &place.item("links", number));
        }
        let status = span.status.as_ref();
        status
            .into_iter()
            .for_each(|status| self.status(status, &place.field("status")));
    }

    fn event(&mut self, event: &Event, place: &Place<'_>) {
        self.time(event.time_unix_nano, &place.field("timeUnixNano"));
        self.expect(!event.name.is_empty(), &place.field("name"), "is empty");
        self.attributes(&event.attributes, place);
    }

    fn link(&mut self, link: &Link, place: &Place<'_>) {
        self.id(&link.trace_id, 16, &place.field("traceId"));
        self.id(&link.span_id, 8, &place.field("spanId"));
        self.state(&link.trace_state, place);
        self.flags(link.flags, place);
        self.attributes(&link.attributes, place);
    }

    fn status(&mut self, status: &Status, place: &Place<'_>) {
        self.expect(
            (0..=2).contains(&status.code),
            &place.field("code"),
            "must be 0 to 2",
        );
        let heard = status.code == 2 || status.message.is_empty();
        self.expect(
            heard,
            &place.field("message"),
            "is ignored where the code is not that of an error",
        );
    }

    fn id(&mut self, id: &[u8], length: usize, place: &Place<'_>) {
        if id.is_empty() {
            self.say(place, "is required");
        } else if id.len() != length {
            self.faults
                .push(place.fault(format!("must be {length} bytes")));
        } else if id.iter().all(|byte| *byte == 0) {
            self.say(place, "is all zero");
        }
    }

    fn time(&mut self, time: u64, place: &Place<'_>) {
        match time {
            0 => self.say(place, "is zero"),
            1..EARLIEST => self.say(place, "is before 2001, so that it is not in nanoseconds"),
            _ => {}
        }
    }

    fn state(&mut self, text: &str, place: &Place<'_>) {
        let fault = state::fault(text);
        fault
            .into_iter()
            .for_each(|reason| self.say(&place.field("traceState"), reason));
    }

    fn flags(&mut self, flags: u32, place: &Place<'_>) {
        let here = place.field("flags");
        self.expect(flags & !FLAGS == 0, &here, "has undefined bits");
        let said = flags & IS_REMOTE == 0 || flags & HAS_REMOTE != 0;
        self.expect(
            said,
            &here,
            "says that the parent is remote, but not that this is known",
        );
    }

    fn attributes(&mut self, pairs: &[KeyValue], place: &Place<'_>) {
        self.pairs(pairs, "attributes", place);
    }

    fn pairs(&mut self, pairs: &[KeyValue], name: &str, place: &Place<'_>) {
        let mut keys = HashSet::new();
        for (number, pair) in pairs.iter().enumerate() {
            let here = place.item(name, number);
            self.expect(!pair.key.is_empty(), &here.field("key"), "is empty");
            let new = keys.insert(pair.key.as_str());
            self.expect(new, &here.field("key"), "is in this list twice");
            self.value(pair.value.as_ref(), &here.field("value"));
        }
    }

    fn value(&mut self, value: Option<&AnyValue>, place: &Place<'_>) {
        match value.and_then(|value| value.value.as_ref()) {
            None => self.say(place, "is required"),
            Some(Value::ArrayValue(list)) => {
                let here = place.field("arrayValue");
                for (number, value) in list.values.iter().enumerate() {
                    self.value(Some(value), &here.item("values", number));
                }
            }
            Some(Value::KvlistValue(list)) => {
                self.pairs(&list.values, "values", &place.field("kvlistValue"));
            }
            Some(_) => {}
        }
    }
}
