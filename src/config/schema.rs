//! The JSON Schema of the configuration, from the table of keys.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::keys::{DOCUMENT, Key, Kind};

/// The schema as text, for editors and pipelines.
#[must_use]
pub fn schema() -> String {
    let mut out = String::from("{\n");
    out.push_str("  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n");
    out.push_str("  \"title\": \"Gatespan configuration\",\n");
    write_kind(&DOCUMENT, "  ", &mut out);
    out.push_str("\n}\n");
    out
}

/// The lines of one kind, without the braces around them.
fn write_kind(kind: &Kind, indent: &str, out: &mut String) {
    let deeper = format!("{indent}  ");
    match kind {
        Kind::Flag => line(indent, "\"type\": \"boolean\"", out),
        Kind::Text(_) | Kind::Secret(_) => line(indent, "\"type\": \"string\"", out),
        Kind::Word(words) => {
            let words: Vec<String> = words().iter().map(|word| format!("{word:?}")).collect();
            line(indent, &format!("\"enum\": [{}]", words.join(", ")), out);
        }
        Kind::Number(least, most) => bounds(
            indent,
            "number",
            &[least.to_string(), most.to_string()],
            out,
        ),
        Kind::Whole(least, most) => bounds(
            indent,
            "integer",
            &[least.to_string(), most.to_string()],
            out,
        ),
        Kind::List(kind, most) => {
            line(
                indent,
                &format!("\"type\": \"array\",\n{indent}\"maxItems\": {most},\n"),
                out,
            );
            line(indent, "\"items\": {\n", out);
            write_kind(kind, &deeper, out);
            line("\n", &format!("{indent}}}"), out);
        }
        Kind::Map(_, kind) => {
            line(indent, "\"type\": \"object\",\n", out);
            line(indent, "\"additionalProperties\": {\n", out);
            write_kind(kind, &deeper, out);
            line("\n", &format!("{indent}}}"), out);
        }
        Kind::Object(groups) => {
            line(indent, "\"type\": \"object\",\n", out);
            line(indent, "\"additionalProperties\": false,\n", out);
            line(indent, "\"properties\": {", out);
            for (index, key) in groups.iter().copied().flatten().enumerate() {
                out.push_str(if index > 0 { ",\n" } else { "\n" });
                write_key(key, &deeper, out);
            }
            line("\n", &format!("{indent}}}"), out);
        }
    }
}

fn write_key(key: &Key, indent: &str, out: &mut String) {
    let deeper = format!("{indent}  ");
    line(indent, &format!("{:?}: {{\n", key.name), out);
    line(
        &deeper,
        &format!("\"description\": {:?},\n", key.about),
        out,
    );
    write_kind(&key.kind, &deeper, out);
    line("\n", &format!("{indent}}}"), out);
}

fn bounds(indent: &str, name: &str, [least, most]: &[String; 2], out: &mut String) {
    let text = format!(
        "\"type\": \"{name}\",\n{indent}\"minimum\": {least},\n{indent}\"maximum\": {most}"
    );
    line(indent, &text, out);
}

fn line(indent: &str, text: &str, out: &mut String) {
    out.push_str(indent);
    out.push_str(text);
}
