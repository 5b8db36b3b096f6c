//! The messages of OTLP traces as a table: number, JSON name and form of every field that a sender of spans may use. Other fields are
//! refused, although a receiver must ignore them, because this tests a sender. The protocol's fields for profiles and entities are not in
//! the table on purpose.

/// The form of a value in protobuf and in JSON.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Text,
    /// Bytes; in JSON this number of hex digits, or none.
    Id(usize),
    /// Bytes; base64 in JSON.
    Bytes,
    Bool,
    /// A varint; a number in JSON.
    Small,
    /// A signed varint of 64 bits; a text in JSON.
    Large,
    /// Four bytes; a number in JSON.
    Fixed32,
    /// Eight bytes; a text in JSON.
    Fixed64,
    Double,
    Nested(&'static Message),
}

pub(super) struct Field {
    pub(super) number: u32,
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) many: bool,
}

pub(super) struct Message {
    pub(super) fields: &'static [Field],
    /// At most one of these fields may occur.
    pub(super) one_of: bool,
}

const fn one(number: u32, name: &'static str, form: Form) -> Field {
    Field {
        number,
        name,
        form,
        many: false,
    }
}

const fn many(number: u32, name: &'static str, message: &'static Message) -> Field {
    Field {
        number,
        name,
        form: Form::Nested(message),
        many: true,
    }
}

const fn message(fields: &'static [Field]) -> Message {
    Message {
        fields,
        one_of: false,
    }
}

const TRACE_ID: Form = Form::Id(32);
const SPAN_ID: Form = Form::Id(16);

pub(super) static REQUEST: Message = message(&[many(1, "resourceSpans", &RESOURCE_SPANS)]);

static RESOURCE_SPANS: Message = message(&[
    one(1, "resource", Form::Nested(&RESOURCE)),
    many(2, "scopeSpans", &SCOPE_SPANS),
    one(3, "schemaUrl", Form::Text),
]);

static RESOURCE: Message = message(&[
    many(1, "attributes", &KEY_VALUE),
    one(2, "droppedAttributesCount", Form::Small),
]);

static SCOPE_SPANS: Message = message(&[
    one(1, "scope", Form::Nested(&SCOPE)),
    many(2, "spans", &SPAN),
    one(3, "schemaUrl", Form::Text),
]);

static SCOPE: Message = message(&[
    one(1, "name", Form::Text),
    one(2, "version", Form::Text),
    many(3, "attributes", &KEY_VALUE),
    one(4, "droppedAttributesCount", Form::Small),
]);

static SPAN: Message = message(&[
    one(1, "traceId", TRACE_ID),
    one(2, "spanId", SPAN_ID),
    one(3, "traceState", Form::Text),
    one(4, "parentSpanId", SPAN_ID),
    one(16, "flags", Form::Fixed32),
    one(5, "name", Form::Text),
    one(6, "kind", Form::Small),
    one(7, "startTimeUnixNano", Form::Fixed64),
    one(8, "endTimeUnixNano", Form::Fixed64),
    many(9, "attributes", &KEY_VALUE),
    one(10, "droppedAttributesCount", Form::Small),
    many(11, "events", &EVENT),
    one(12, "droppedEventsCount", Form::Small),
    many(13, "links", &LINK),
    one(14, "droppedLinksCount", Form::Small),
    one(15, "status", Form::Nested(&STATUS)),
]);

static EVENT: Message = message(&[
    one(1, "timeUnixNano", Form::Fixed64),
    one(2, "name", Form::Text),
    many(3, "attributes", &KEY_VALUE),
    one(4, "droppedAttributesCount", Form::Small),
]);

static LINK: Message = message(&[
    one(1, "traceId", TRACE_ID),
    one(2, "spanId", SPAN_ID),
    one(3, "traceState", Form::Text),
    many(4, "attributes", &KEY_VALUE),
    one(5, "droppedAttributesCount", Form::Small),
    one(6, "flags", Form::Fixed32),
]);

static STATUS: Message = message(&[one(2, "message", Form::Text), one(3, "code", Form::Small)]);

static KEY_VALUE: Message = message(&[
    one(1, "key", Form::Text),
    one(2, "value", Form::Nested(&ANY_VALUE)),
]);

static ANY_VALUE: Message = Message {
    one_of: true,
    ..message(&[
        one(1, "stringValue", Form::Text),
        one(2, "boolValue", Form::Bool),
        one(3, "intValue", Form::Large),
        one(4, "doubleValue", Form::Double),
        one(5, "arrayValue", Form::Nested(&LIST)),
        one(6, "kvlistValue", Form::Nested(&PAIRS)),
        one(7, "bytesValue", Form::Bytes),
    ])
};

static LIST: Message = message(&[many(1, "values", &ANY_VALUE)]);

static PAIRS: Message = message(&[many(1, "values", &KEY_VALUE)]);
