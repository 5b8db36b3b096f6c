//! A document that fits the table of keys becomes a [`Config`]; what is impossible or dangerous is found on the way.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::keys::DOCUMENT;
use super::section::Section;
use super::tree::Tree;
use super::walk::{Complaint, Complaints};
use super::{Config, ExportPlan, Formats, Host, SpanPlan, Spelling, backends, rules};
use crate::format::{ALIASES, Format};
use crate::policy::Secret;
use crate::redact::QUERY_KEPT;
use crate::span::NameTemplate;

/// What reading needs besides the document.
pub(super) struct Reader<'e> {
    pub(super) host: Host,
    pub(super) env: &'e dyn Fn(&str) -> Option<String>,
    pub(super) complaints: Complaints,
}

impl Config {
    /// Reads a JSON document. An empty one is `{}`. `env` gives the value of a variable of the host's environment.
    ///
    /// # Errors
    /// Every fault of the document, each with its place.
    pub fn parse(
        text: &str,
        host: Host,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Complaint>> {
        if text.trim().is_empty() {
            return Self::read(&Tree::Object(Vec::new()), host, env);
        }
        match serde_json::from_str(text) {
            Ok(tree) => Self::read(&tree, host, env),
            Err(error) => {
                let message = format!(
                    "is not JSON: line {}, column {}",
                    error.line(),
                    error.column()
                );
                Err([Complaint {
                    place: String::new(),
                    message,
                }]
                .into())
            }
        }
    }

    /// Reads a document that was parsed elsewhere.
    ///
    /// # Errors
    /// Every fault of the document, each with its place.
    pub fn read(
        document: &Tree,
        host: Host,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Complaint>> {
        let mut reader = Reader {
            host,
            env,
            complaints: Complaints::default(),
        };
        reader.complaints.walk(document, &DOCUMENT, "");
        let root = Section::root(document);
        let formats = reader.formats(&root.section("formats"));
        let rules = rules::read(&mut reader, &root, &formats);
        let config = Self {
            service: root
                .string("service")
                .unwrap_or_else(|| "gatespan".to_string()),
            rules,
            span: span(&root.section("span")),
            response_header: response_header(&root),
            backends: backends::read(&mut reader, &root),
            export: reader.export(&root.section("export")),
            formats,
        };
        rules::refuse_recorded_proofs(&mut reader, &root);
        if reader.complaints.0.is_empty() {
            Ok(config)
        } else {
            Err(reader.complaints.0)
        }
    }
}

impl Reader<'_> {
    fn formats(&mut self, section: &Section<'_>) -> Formats {
        let or = |formats: Option<Vec<&'static Format>>, names: &[&str]| {
            formats.unwrap_or_else(|| {
                names
                    .iter()
                    .filter_map(|name| Format::named(name))
                    .collect()
            })
        };
        let extract = or(
            self.format_list(section, "extract"),
            &["opik", "opik_baggage", "w3c"],
        );
        let inject = or(self.format_list(section, "inject"), &["opik", "w3c"]);
        if extract.is_empty() {
            self.complaints.say(
                &section.at("extract"),
                "is empty: no caller would be believed",
            );
        }
        Formats {
            extract,
            inject: inject.into_iter().collect(),
            spelling: section.word("opik_spelling").unwrap_or(Spelling::Both),
        }
    }

    /// A list of formats with its aliases spelt out. One that an alias repeats keeps its first place.
    pub(super) fn format_list(
        &mut self,
        section: &Section<'_>,
        key: &str,
    ) -> Option<Vec<&'static Format>> {
        let words = section.texts(key)?;
        let mut formats: Vec<&'static Format> = Vec::new();
        for (index, word) in words.iter().enumerate() {
            if words.iter().take(index).any(|other| other == word) {
                self.complaints.say(
                    &format!("{}[{index}]", section.at(key)),
                    format!("{word:?} is given twice"),
                );
            }
            let alias = ALIASES
                .iter()
                .find(|(alias, _)| alias == word)
                .map(|(_, names)| *names);
            for format in alias
                .unwrap_or(&[word])
                .iter()
                .filter_map(|name| Format::named(name))
            {
                if !formats.contains(&format) {
                    formats.push(format);
                }
            }
        }
        Some(formats)
    }

    /// The value of an environment variable that a key names.
    pub(super) fn secret(&mut self, section: &Section<'_>, key: &str) -> Option<Secret> {
        let variable = section.text(key)?;
        let value = (self.env)(variable).filter(|value| !value.is_empty());
        match value {
            None => self.complaints.say(
                &section.at(key),
                format!("the variable {variable} is not set or is empty"),
            ),
            Some(value) if super::texts::header_value(&value).is_err() => {
                let message =
                    format!("the variable {variable} holds a character that no header can carry");
                self.complaints.say(&section.at(key), message);
            }
            Some(value) => return Some(Secret::new(value)),
        }
        None
    }

    fn export(&mut self, section: &Section<'_>) -> ExportPlan {
        let or = |key: &str, default: u32| section.whole(key).unwrap_or(default);
        let plan = ExportPlan {
            batch_spans: or("batch_spans", 200),
            batch_bytes: or("batch_bytes", 1_000_000),
            interval_ms: or("interval_ms", 1_000),
            queue_bytes: or("queue_bytes", 4_194_304),
            timeout_ms: or("timeout_ms", 5_000),
            attempts: or("attempts", 6),
            backoff_ms: or("backoff_ms", 500),
            backoff_max_ms: or("backoff_max_ms", 30_000),
            gzip: section.flag("gzip").unwrap_or(false),
        };
        if plan.batch_bytes > plan.queue_bytes {
            self.complaints.say(
                &section.at("batch_bytes"),
                "is more than queue_bytes: no batch would ever be full",
            );
        }
        if plan.backoff_ms > plan.backoff_max_ms {
            self.complaints
                .say(&section.at("backoff_ms"), "is more than backoff_max_ms");
        }
        plan
    }
}

fn span(section: &Section<'_>) -> SpanPlan {
    let kept = || QUERY_KEPT.iter().map(ToString::to_string).collect();
    let headers = section.texts("headers").unwrap_or_default();
    SpanPlan {
        name: section
            .text("name")
            .and_then(|text| NameTemplate::parse(text).ok())
            .unwrap_or_default(),
        headers: headers.into_iter().map(str::to_ascii_lowercase).collect(),
        query: section.strings("query").unwrap_or_else(kept),
        thread: section.lower("thread"),
    }
}

fn response_header(root: &Section<'_>) -> String {
    root.section("response")
        .lower("header")
        .unwrap_or_else(|| "x-gatespan-trace-id".to_string())
}
