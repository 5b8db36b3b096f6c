//! The rules of a document.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::layers;
use super::node::Node;
use super::path::DocumentPath;
use super::reader::{Reader, spelt_out};
use crate::format;
use crate::format::{Format, FormatSet};
use crate::policy::{Cidr, Layer, Match, McpParent, Pattern, Route, Rules, SharedSecret, Trust};

pub(super) fn read(
    reader: &mut Reader<'_>,
    root: &Node<'_, '_>,
    formats: &format::Settings,
) -> Rules {
    let (rule, routes, rules) = (root.key("rule"), root.key("routes"), root.key("rules"));
    let is_faulty = root.key("formats").key("extract").is_faulty();
    // With a faulty list there is nothing to compare `require` with.
    let believed: &[&Format] = if is_faulty { &[] } else { &formats.extract };
    let default = reader.layer(&rule, believed);
    let mut entries: Vec<Route> = Vec::new();
    let mut ordered = Vec::new();
    for node in routes.children() {
        let conditions = node.key("match");
        let condition = read_match(&conditions);
        let layer = reader.layer(&node, believed);
        reader.possible(&conditions);
        if let Some(first) = earlier(&condition, &entries, &mut ordered) {
            let first = routes.place.item(first);
            let message = format!(
                "is the same as {}, which comes first",
                first.key("match", DocumentPath::NOWHERE)
            );
            reader.errors.add(&conditions.place, message);
        }
        entries.push(Route { condition, layer });
    }
    let named = rules.children().map(|node| {
        let name = node.place.name().to_string();
        (name, reader.layer(&node, believed))
    });
    let named = named.collect();
    layers::agree(&mut reader.errors, &rule, &routes, &rules);
    let extract = formats.extract.iter().copied().collect();
    Rules::new(default, entries, named, formats.inject, extract)
}

/// The number of an earlier route with the same conditions, which would always be taken. `ordered` are the numbers of
/// those that have conditions of their own, in the order of these.
fn earlier(condition: &Match, routes: &[Route], ordered: &mut Vec<usize>) -> Option<usize> {
    // What has no condition, or a faulty one, has an error already.
    if *condition == Match::default() {
        return None;
    }
    let place = ordered.binary_search_by(|number| {
        let known = routes.get(*number).map(|route| &route.condition);
        known.cmp(&Some(condition))
    });
    match place {
        Ok(place) => ordered.get(place).copied(),
        Err(place) => {
            ordered.insert(place, routes.len());
            None
        }
    }
}

/// The headers, in lower case, that prove trust in any rule: what they hold is a secret.
pub(super) fn proofs(root: &Node<'_, '_>) -> Vec<String> {
    let proof = |rule: &Node<'_, '_>| rule.key("trust").key("header").key("name").lower();
    let (routes, rules) = (root.key("routes"), root.key("rules"));
    let layers = routes.children().chain(rules.children());
    let mut proofs = Vec::new();
    for name in layers
        .filter_map(|rule| proof(&rule))
        .chain(proof(&root.key("rule")))
    {
        if !proofs.contains(&name) {
            proofs.push(name);
        }
    }
    proofs
}

impl Reader<'_> {
    fn layer(&mut self, node: &Node<'_, '_>, believed: &[&Format]) -> Layer {
        self.satisfiable(&node.key("require"), believed);
        self.believable(&node.key("mcp_parent"), believed);
        self.distinct(&node.key("tags"));
        self.keys_of_layer(node)
    }

    /// A message names its parent as W3C does.
    fn believable(&mut self, node: &Node<'_, '_>, believed: &[&Format]) {
        let is_believed = believed.is_empty() || believed.iter().any(|format| format.name == "w3c");
        if node.word() == Some(McpParent::Meta) && !is_believed {
            let message = "meta would not be believed, because w3c is not in formats.extract";
            self.errors.add(&node.place, message);
        }
    }

    /// A backend refuses a span that has a tag twice, and with it the batch.
    fn distinct(&mut self, node: &Node<'_, '_>) {
        let mut tags: Vec<&str> = Vec::new();
        for item in node.children() {
            let Some(tag) = item.text() else { continue };
            if tags.contains(&tag) {
                self.errors.add(&item.place, "is given twice");
            }
            tags.push(tag);
        }
    }

    /// A list of formats, in any order.
    pub(super) fn format_set(&mut self, node: &Node<'_, '_>) -> Option<FormatSet> {
        Some(self.format_list(node)?.into_iter().collect())
    }

    fn satisfiable(&mut self, require: &Node<'_, '_>, believed: &[&Format]) {
        if require.texts().is_some_and(|words| words.is_empty()) && !require.is_faulty() {
            self.errors
                .add(&require.place, "is empty: nothing would be enough");
        }
        if believed.is_empty() {
            return;
        }
        for item in require.children() {
            let mut words = item.text().into_iter().flat_map(spelt_out);
            if let Some(format) = words.find(|format| !believed.contains(format)) {
                let name = format.name;
                let message = format!("{name} is not in formats.extract, so it can never be there");
                self.errors.add(&item.place, message);
            }
        }
    }

    pub(super) fn trust(&mut self, node: &Node<'_, '_>) -> Option<Trust> {
        if !node.is_given() {
            return None;
        }
        let (cidr, san, header) = (node.key("cidr"), node.key("san"), node.key("header"));
        if cidr.is_empty() && san.is_empty() && !header.is_given() && node.is_object() {
            self.errors
                .add(&node.place, "has no condition, so nobody could be trusted");
        }
        let unverified = node.key("san_unverified");
        if unverified.flag() == Some(true) && san.is_empty() && !san.is_faulty() {
            self.errors
                .add(&unverified.place, "has no effect without san");
        }
        let (networks, names) = (cidr.texts(), san.texts());
        let parsed = networks.iter().flatten().map(|text| Cidr::parse(text));
        let patterns = names.iter().flatten().map(|text| Pattern::parse(text));
        Some(Trust {
            cidr: parsed.filter_map(Result::ok).collect(),
            san: patterns.filter_map(Result::ok).collect(),
            san_unverified: unverified.flag() == Some(true),
            header: self.proof(&header),
        })
    }

    fn proof(&mut self, node: &Node<'_, '_>) -> Option<SharedSecret> {
        let value = self.secret(&node.key("equals_env"));
        Some(SharedSecret {
            name: node.key("name").lower()?,
            value: value?,
        })
    }

    /// Whether a request can meet these conditions, and not every one does.
    fn possible(&mut self, node: &Node<'_, '_>) {
        if node.is_object() && node.is_empty() {
            self.errors.add(
                &node.place,
                "has no condition; what holds for every request belongs into rule",
            );
        }
        if node.key("path").is_given() && node.key("path_prefix").is_given() {
            self.errors.add(
                &node.place,
                "has path and path_prefix, of which one is enough",
            );
        }
        let methods = node.key("methods");
        if methods.texts().is_some_and(|methods| methods.is_empty()) && !methods.is_faulty() {
            self.errors
                .add(&methods.place, "is empty; leave it out for every method");
        }
    }
}

/// The conditions of a route; none if any of them is faulty, for without it the others would hold too often.
fn read_match(node: &Node<'_, '_>) -> Match {
    if node.is_faulty() {
        return Match::default();
    }
    let mut methods = Vec::new();
    for method in node.key("methods").strings().unwrap_or_default() {
        if let Err(at) = methods.binary_search(&method) {
            methods.insert(at, method);
        }
    }
    let header = node.key("header");
    Match {
        path: node.key("path").string(),
        path_prefix: node.key("path_prefix").string(),
        host: node.key("host").lower().map(|mut host| {
            // A full name ends in a dot, and is the same name without it.
            host.truncate(host.strip_suffix('.').map_or(host.len(), str::len));
            host
        }),
        methods,
        header: header.key("name").lower().zip(header.key("value").string()),
        route: node.key("route").string(),
    }
}
