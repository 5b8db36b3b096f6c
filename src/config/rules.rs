//! The rules of a document, and the combinations of their keys that would not do what they say.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::read::Reader;
use super::section::Section;
use super::{Formats, texts};
use crate::policy::{
    Cidr, Conflict, Inbound, Invalid, Layer, Match, Missing, Pattern, Route, Rule, Rules,
    SharedSecret, Trust, Untrusted, Upstream,
};
use crate::sampling::Sampler;

pub(super) fn read(reader: &mut Reader<'_>, root: &Section<'_>, formats: &Formats) -> Rules {
    let default = root.section("rule");
    let default_layer = reader.layer(&default, formats);
    let mut routes: Vec<(String, Route)> = Vec::new();
    for section in root.sections("routes") {
        let condition = reader.condition(&section, &routes);
        let layer = reader.layer(&section, formats);
        reader.agrees_with_off(&section, &layer, Some(&default_layer));
        routes.push((section.place, Route { condition, layer }));
    }
    let mut named = BTreeMap::new();
    for (name, section) in root.named_sections("rules") {
        let layer = reader.layer(&section, formats);
        reader.agrees_with_off(&section, &layer, Some(&default_layer));
        named.insert(name.to_string(), layer);
    }
    reader.agrees_with_off(&default, &default_layer, None);
    let (places, routes): (Vec<String>, Vec<Route>) = routes.into_iter().unzip();
    let extract = formats.extract.iter().copied().collect();
    let rules = Rules::new(default_layer, routes, named, formats.inject, extract);
    for (place, route, name) in rules.combinations() {
        // The uppermost layer made the combination; its keys are the ones to look at.
        let blamed = match (name, route.and_then(|index| places.get(index as usize))) {
            (Some(name), _) => format!("rules.{name}"),
            (None, Some(place)) => place.clone(),
            (None, None) => "rule".to_string(),
        };
        reader.enforces_what_it_says(&blamed, &rules.rule(place));
    }
    rules
}

impl Reader<'_> {
    fn layer(&mut self, section: &Section<'_>, formats: &Formats) -> Layer {
        let require = self.format_list(section, "require");
        for format in require
            .iter()
            .flatten()
            .filter(|format| !formats.extract.contains(format))
        {
            let message = format!(
                "{} is not in formats.extract, so it can never be there",
                format.name
            );
            self.complaints.say(&section.at("require"), message);
        }
        if require.as_ref().is_some_and(Vec::is_empty) {
            self.complaints
                .say(&section.at("require"), "is empty: nothing would be enough");
        }
        Layer {
            inbound: section.word("inbound"),
            upstream: section.word("upstream"),
            inject: self
                .format_list(section, "inject")
                .map(|formats| formats.into_iter().collect()),
            baggage_allow: section.strings("baggage_allow"),
            missing: section.word("missing"),
            invalid: section.word("invalid"),
            conflict: section.word("conflict"),
            require: require.map(|formats| formats.into_iter().collect()),
            trust: section.given("trust").map(|trust| self.trust(&trust)),
            untrusted: section.word("untrusted"),
            record: section.flag("record"),
            sample: section.number("sample").map(Sampler::with_probability),
            project: section.string("project"),
            genai: section.word("genai"),
            expose: section.flag("expose"),
            tags: section.strings("tags"),
        }
    }

    fn trust(&mut self, section: &Section<'_>) -> Trust {
        let list = |key| section.texts(key).unwrap_or_default();
        let trust = Trust {
            cidr: list("cidr")
                .into_iter()
                .filter_map(|text| Cidr::parse(text).ok())
                .collect(),
            san: list("san")
                .into_iter()
                .filter_map(|text| Pattern::parse(text).ok())
                .collect(),
            header: section
                .given("header")
                .and_then(|header| self.proof(&header)),
        };
        if list("cidr").is_empty() && list("san").is_empty() && !section.has("header") {
            self.complaints.say(
                &section.place,
                "has no condition, so nobody could be trusted",
            );
        }
        trust
    }

    fn proof(&mut self, section: &Section<'_>) -> Option<SharedSecret> {
        for key in ["name", "equals_env"] {
            if !section.has(key) {
                self.complaints
                    .say(&section.place, format!("lacks {key:?}"));
            }
        }
        let name = section.lower("name")?;
        if texts::is_trace_header(&name) || name == "host" {
            self.complaints.say(
                &section.at("name"),
                "cannot be a proof: it is a header of another kind",
            );
        }
        Some(SharedSecret {
            name,
            value: self.secret(section, "equals_env")?,
        })
    }

    fn condition(&mut self, route: &Section<'_>, before: &[(String, Route)]) -> Match {
        let section = route.section("match");
        let place = section.place.as_str();
        if section
            .any_of(&["path", "path_prefix", "host", "methods", "header", "route"])
            .is_none()
        {
            self.complaints.say(
                place,
                "has no condition; what holds for every request belongs into rule",
            );
        }
        if section.has("path") && section.has("path_prefix") {
            self.complaints
                .say(place, "has path and path_prefix, of which one is enough");
        }
        let header = section.given("header").and_then(|header| {
            for key in ["name", "value"].into_iter().filter(|key| !header.has(key)) {
                self.complaints.say(&header.place, format!("lacks {key:?}"));
            }
            Some((header.lower("name")?, header.string("value")?))
        });
        let condition = Match {
            path: section.string("path"),
            path_prefix: section.string("path_prefix"),
            host: section.lower("host"),
            methods: section.strings("methods").unwrap_or_default(),
            header,
            route: section.string("route"),
        };
        if let Some((other, _)) = before
            .iter()
            .find(|(_, route)| route.condition == condition)
        {
            self.complaints.say(
                place,
                format!("is the same as {other}.match, which comes first"),
            );
        }
        condition
    }

    /// `inbound: off` touches nothing, so a layer must not ask for enforcement beside it, or over a default that is off:
    /// what it asks for would silently not hold. A route that is off under an enforcing default is an exemption, and
    /// meant.
    fn agrees_with_off(&mut self, section: &Section<'_>, layer: &Layer, below: Option<&Layer>) {
        let below = below.and_then(|layer| layer.inbound);
        if layer.inbound.or(below) != Some(Inbound::Off) {
            return;
        }
        let asked = [
            ("upstream", layer.upstream == Some(Upstream::Strip)),
            ("missing", layer.missing == Some(Missing::Reject)),
            ("invalid", layer.invalid == Some(Invalid::Reject)),
            ("conflict", layer.conflict == Some(Conflict::Reject)),
            ("trust", layer.trust.is_some()),
            ("expose", layer.expose == Some(true)),
        ];
        for (key, _) in asked.into_iter().filter(|(_, is_asked)| *is_asked) {
            self.complaints.say(
                &section.at(key),
                "would not hold, because the rule is `inbound: off`",
            );
        }
    }

    /// What a whole rule says must be possible.
    fn enforces_what_it_says(&mut self, place: &str, rule: &Rule<'_>) {
        let at = |key: &str| format!("{place}.{key}");
        if rule.trust.is_none() && rule.untrusted != Untrusted::Link {
            self.complaints
                .say(&at("untrusted"), "has no meaning without trust");
        }
        if rule.missing == Missing::Reject
            && matches!(rule.inbound, Inbound::Link | Inbound::Restart)
        {
            self.complaints.say(
                &at("missing"),
                "would reject every request, because `inbound: link` and `restart` remove what callers send",
            );
        }
    }
}

/// A header that proves trust is a secret, so a span must not record it.
pub(super) fn refuse_recorded_proofs(reader: &mut Reader<'_>, root: &Section<'_>) {
    let rules = core::iter::once(root.section("rule"))
        .chain(root.sections("routes"))
        .chain(
            root.named_sections("rules")
                .into_iter()
                .map(|(_, section)| section),
        );
    let proofs: Vec<String> = rules
        .filter_map(|rule| rule.section("trust").section("header").lower("name"))
        .collect();
    let span = root.section("span");
    let headers = span.texts("headers").unwrap_or_default();
    let recorded = headers
        .iter()
        .enumerate()
        .map(|(index, name)| (format!("{}[{index}]", span.at("headers")), *name));
    for (place, name) in recorded.chain(span.text("thread").map(|name| (span.at("thread"), name))) {
        if proofs.iter().any(|proof| proof.eq_ignore_ascii_case(name)) {
            reader.complaints.say(
                &place,
                "is the secret of a trust.header, which is never recorded",
            );
        }
    }
}
