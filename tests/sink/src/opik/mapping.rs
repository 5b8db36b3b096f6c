//! The field of a span that an OTLP attribute is stored in, as in Opik 2.1.24: the first row that matches. Attributes without a
//! row are stored in `input`, which no sender wants.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde_json::{Number, Value};

use crate::store::Document;

#[derive(Clone, Copy)]
enum To {
    Model,
    Provider,
    Cost,
    Usage,
    Metadata,
    Input,
    Output,
    Thread,
    Tags,
}

/// A key, or a prefix of keys if it ends with a star.
const ROWS: [(&str, To); 25] = [
    ("gen_ai.request.model", To::Model),
    ("gen_ai.response.model", To::Model),
    ("gen_ai.system", To::Provider),
    ("gen_ai.usage.cost", To::Cost),
    ("gen_ai.usage.*", To::Usage),
    ("gen_ai.request.temperature", To::Metadata),
    ("gen_ai.response.id", To::Metadata),
    ("gen_ai.response.finish_reasons", To::Metadata),
    ("gen_ai.operation.name", To::Metadata),
    ("gen_ai.tool.*", To::Metadata),
    ("gen_ai.agent.*", To::Metadata),
    ("server.address", To::Metadata),
    ("code.*", To::Metadata),
    ("metadata.*", To::Metadata),
    ("opik.metadata*", To::Metadata),
    ("gen_ai.request.*", To::Input),
    ("gen_ai.input.*", To::Input),
    ("gen_ai.prompt", To::Input),
    ("gen_ai.response*", To::Output),
    ("gen_ai.output.*", To::Output),
    ("gen_ai.completion", To::Output),
    ("output*", To::Output),
    ("thread_id", To::Thread),
    ("gen_ai.conversation.id", To::Thread),
    ("opik.tags", To::Tags),
];

fn place(key: &str) -> To {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(beginning) => key.starts_with(beginning),
        None => key == pattern,
    };
    let row = ROWS.iter().find(|(pattern, _)| fits(pattern));
    row.map_or(To::Input, |(_, to)| *to)
}

/// The fields from the attributes of a span.
#[derive(Default)]
pub(super) struct Mapped {
    fields: Document,
    metadata: Document,
    input: Document,
    output: Document,
    usage: Document,
    genai: bool,
}

impl Mapped {
    pub(super) fn take(&mut self, pair: &KeyValue) -> Result<(), &'static str> {
        self.genai |= pair.key.starts_with("gen_ai.");
        let Some(value) = pair.value.as_ref().and_then(read) else {
            return Ok(());
        };
        let key = pair.key.clone();
        match place(&key) {
            // The last one wins.
            To::Model => drop(self.fields.insert("model".to_owned(), value)),
            To::Provider => drop(self.fields.insert("provider".to_owned(), value)),
            To::Cost => self.cost(&value),
            To::Usage => self.count(key.trim_start_matches("gen_ai.usage."), pair)?,
            To::Metadata => drop(self.metadata.insert(key, value)),
            To::Input => drop(self.input.insert(key, value)),
            To::Output => drop(self.output.insert(key, value)),
            // The first one wins. A span has no such field; a trace row that Opik creates takes it from here.
            To::Thread => drop(self.metadata.entry("thread_id").or_insert(value)),
            To::Tags => self.tags(value),
        }
        Ok(())
    }

    pub(super) fn write(mut self, document: &mut Document) {
        let tokens = |name: &str| self.usage.get(name).and_then(Value::as_i64);
        let sum = tokens("prompt_tokens").zip(tokens("completion_tokens"));
        if let Some((prompt, completion)) = sum {
            let total = self.usage.entry("total_tokens");
            total.or_insert((prompt + completion).into());
        }
        let kind = if self.genai { "llm" } else { "tool" };
        document.insert("type".to_owned(), kind.into());
        for (name, members) in [
            ("metadata", self.metadata),
            ("input", self.input),
            ("output", self.output),
            ("usage", self.usage),
        ] {
            if !members.is_empty() {
                document.insert(name.to_owned(), members.into());
            }
        }
        document.append(&mut self.fields);
    }

    fn cost(&mut self, value: &Value) {
        let number = match value {
            Value::String(text) => text
                .parse()
                .ok()
                .and_then(Number::from_f64)
                .map(Value::Number),
            Value::Number(_) => Some(value.clone()),
            _ => None,
        };
        if let Some(number) = number {
            self.fields
                .insert("total_estimated_cost".to_owned(), number);
        }
    }

    /// A text that is neither a number nor JSON makes the whole request invalid; a double is ignored.
    fn count(&mut self, name: &str, pair: &KeyValue) -> Result<(), &'static str> {
        let count = match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
            Some(Any::IntValue(count)) => *count,
            Some(Any::StringValue(text)) => match serde_json::from_str::<Value>(text) {
                Err(_) => {
                    return Err("gen_ai.usage holds a text that is neither a number nor JSON");
                }
                Ok(Value::Number(number)) if number.is_i64() => number.as_i64().unwrap_or_default(),
                Ok(_) => return Ok(()),
            },
            _ => return Ok(()),
        };
        let count = i32::try_from(count)
            .map_err(|_| "gen_ai.usage holds a number that Opik would cut to 32 bits")?;
        let name = match name {
            "input_tokens" => "prompt_tokens",
            "output_tokens" => "completion_tokens",
            other => other,
        };
        self.usage.insert(name.to_owned(), count.into());
        Ok(())
    }

    /// A list, a text that contains one, or words separated by commas.
    fn tags(&mut self, value: Value) {
        let tags = match value {
            Value::String(text) => text
                .split(',')
                .map(str::trim)
                .filter(|tag| !tag.is_empty())
                .map(Value::from)
                .collect(),
            other => other,
        };
        self.fields.insert("tags".to_owned(), tags);
    }
}

/// A value as Opik reads it: texts that look like JSON are parsed, lists keep only their texts, maps and bytes are dropped.
fn read(value: &AnyValue) -> Option<Value> {
    Some(match value.value.as_ref()? {
        Any::StringValue(text) if text.starts_with(['"', '[', '{']) => {
            serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into())
        }
        Any::StringValue(text) => text.as_str().into(),
        Any::BoolValue(is) => (*is).into(),
        Any::IntValue(number) => (*number).into(),
        Any::DoubleValue(number) => Value::Number(Number::from_f64(*number)?),
        Any::ArrayValue(list) => {
            let texts = list.values.iter().filter_map(|value| match &value.value {
                Some(Any::StringValue(text)) => Some(Value::from(text.as_str())),
                _ => None,
            });
            texts.collect()
        }
        Any::KvlistValue(_) | Any::BytesValue(_) | Any::StringValueStrindex(_) => return None,
    })
}
