//! Values of YAML in a Struct. Envoy turns a decimal into text and an unquoted `off` into false; this file turns both back,
//! where the table of keys wants a number or the word. Every other changed type is refused, because its spelling is lost.

use alloc::format;

use super::kind::Kind;
use crate::tree::Tree;
use crate::tree::double;

impl Tree {
    /// Turns a value back into this kind, if Envoy has changed it.
    pub(super) fn mend(&mut self, kind: &Kind) {
        match (kind, &mut *self) {
            (Kind::Number(..) | Kind::Whole(..) | Kind::Millis(..), Self::Text(text)) => {
                if let Some(number) = decimal(text) {
                    *self = Self::Number(number);
                }
            }
            (Kind::Word(words), Self::Flag(false)) if words.contains(&OFF) => {
                *self = Self::Text(OFF.into());
            }
            (Kind::List(kind, _), Self::List(items)) => {
                items.iter_mut().for_each(|item| item.mend(kind));
            }
            (Kind::Map(_, kind), Self::Object(entries)) => {
                entries.iter_mut().for_each(|(_, value)| value.mend(kind));
            }
            (Kind::Object(_), Self::Object(entries)) => {
                for (name, value) in entries {
                    if let Some(key) = kind.key(name) {
                        value.mend(&key.kind);
                    }
                }
            }
            _ => {}
        }
    }
}

const OFF: &str = "off";

/// The number that a text of YAML is. Other than JSON, YAML allows `.5` and `+5`.
fn decimal(text: &str) -> Option<f64> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if text.starts_with('.') {
        double(format!("0{text}").as_bytes())
    } else {
        double(text.as_bytes())
    }
}
