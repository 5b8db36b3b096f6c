//! Keys that do not go together, in every combination of layers that a request can meet.
//!
//! A request's rule is the default, under the route that it takes, under the rule that the host's own route names. A
//! mistake is reported once, at the uppermost layer that takes part in it.
//!
//! An upper layer may override a lower one on purpose. `inbound: off` over a rule that enforces something exempts a path.
//! `missing: reject` over a rule with `untrusted` rejects untrusted clients. The opposite order is a mistake: the upper
//! layer would ask for something that has no effect.

use alloc::vec::Vec;

use super::error::ConfigErrors;
use super::node::Node;
use crate::genai::ApiName;
use crate::policy::{
    ConflictAction, Genai, InboundAction, InvalidAction, McpParent, MissingAction, UntrustedAction,
    UpstreamAction,
};
use crate::words::Word;

/// Reports every combination of keys in these layers that has no effect.
pub(super) fn agree(
    errors: &mut ConfigErrors,
    rule: &Node<'_, '_>,
    routes: &Node<'_, '_>,
    rules: &Node<'_, '_>,
) {
    let default = CheckedLayer::of(*rule);
    let mut check = LayerCheck {
        errors,
        reported: Vec::new(),
    };
    check.run(&[&default]);
    let mut distinct: Vec<CheckedLayer<'_, '_>> = Vec::new();
    for node in routes.children() {
        let route = CheckedLayer::of(node);
        check.reported.clear();
        check.run(&[&route, &default]);
        // Equal routes need only one check under each named rule.
        if !distinct.iter().any(|other| other.keys == route.keys) {
            distinct.push(route);
        }
    }
    for node in rules.children() {
        let named = CheckedLayer::of(node);
        check.reported.clear();
        check.run(&[&named, &default]);
        for route in &distinct {
            check.run(&[&named, route, &default]);
        }
    }
}

/// The value of a key in one layer: absent, faulty (`Some(None)`) or valid.
type Given<T> = Option<Option<T>>;

/// The keys of a layer that have to agree.
#[derive(Clone, Copy, PartialEq)]
struct LayerKeys {
    inbound: Given<InboundAction>,
    upstream: Given<UpstreamAction>,
    missing: Given<MissingAction>,
    invalid: Given<InvalidAction>,
    conflict: Given<ConflictAction>,
    trust: Given<()>,
    untrusted: Given<UntrustedAction>,
    reads: Given<bool>,
    is_mcp: Given<bool>,
    reads_ahead: Given<bool>,
    expose: Given<bool>,
}

/// A layer and its keys.
struct CheckedLayer<'n, 't> {
    node: Node<'n, 't>,
    keys: LayerKeys,
}

impl<'n, 't: 'n> CheckedLayer<'n, 't> {
    fn of(node: Node<'n, 't>) -> Self {
        fn word<W: Word>(node: &Node<'_, '_>) -> Given<W> {
            node.is_given().then(|| node.word())
        }
        fn is(node: &Node<'_, '_>, word: &str) -> Given<bool> {
            let is = || (!node.is_faulty()).then(|| node.text() == Some(word));
            node.is_given().then(is)
        }
        let keys = LayerKeys {
            inbound: word(&node.key("inbound")),
            upstream: word(&node.key("upstream")),
            missing: word(&node.key("missing")),
            invalid: word(&node.key("invalid")),
            conflict: word(&node.key("conflict")),
            trust: node.key("trust").is_given().then_some(Some(())),
            untrusted: word(&node.key("untrusted")),
            reads: is(&node.key("genai"), Genai::Metadata.word()),
            is_mcp: is(&node.key("genai_api"), ApiName::Mcp.word()),
            reads_ahead: is(&node.key("mcp_parent"), McpParent::Meta.word()),
            expose: node
                .key("expose")
                .is_given()
                .then(|| node.key("expose").flag()),
        };
        Self { node, keys }
    }
}

/// Layers of one request, the uppermost first.
type Layers<'l, 'n, 't> = [&'l CheckedLayer<'n, 't>];

/// The number of the uppermost layer that has a key, and the value there.
fn top<T>(
    layers: &Layers<'_, '_, '_>,
    given: impl Fn(&LayerKeys) -> Given<T>,
) -> Option<(usize, Option<T>)> {
    let mut heights = layers.iter().enumerate();
    heights.find_map(|(height, layer)| given(&layer.keys).map(|value| (height, value)))
}

struct LayerCheck<'c> {
    errors: &'c mut ConfigErrors,
    /// The keys of the present uppermost layer that have an error already.
    reported: Vec<&'static str>,
}

impl LayerCheck<'_> {
    fn run(&mut self, layers: &Layers<'_, '_, '_>) {
        self.off(layers);
        self.closed(layers);
        self.removed_ids(layers);
        self.untrusted(layers);
        self.mcp_parent(layers);
    }

    /// Reports a key of the uppermost layer, once.
    fn add(&mut self, layers: &Layers<'_, '_, '_>, key: &'static str, message: &str) {
        if self.reported.contains(&key) {
            return;
        }
        if let Some(layer) = layers.first() {
            self.errors.add(&layer.node.key(key).place, message);
            self.reported.push(key);
        }
    }

    /// `inbound: off` changes nothing, so a key that enforces something has no effect with it. A route with
    /// `inbound: off` exempts its requests from named rules too.
    fn off(&mut self, layers: &Layers<'_, '_, '_>) {
        let Some((height, Some(InboundAction::Off))) = top(layers, |keys| keys.inbound) else {
            return;
        };
        let Some(upper) = layers.first() else { return };
        let is_exempt = height > 0 && height + 1 < layers.len();
        let keys = &upper.keys;
        let enforced = [
            (
                "upstream",
                keys.upstream == Some(Some(UpstreamAction::Strip)),
            ),
            ("missing", keys.missing == Some(Some(MissingAction::Reject))),
            ("invalid", keys.invalid == Some(Some(InvalidAction::Reject))),
            (
                "conflict",
                keys.conflict == Some(Some(ConflictAction::Reject)),
            ),
            ("trust", keys.trust.is_some()),
            (
                "untrusted",
                keys.untrusted == Some(Some(UntrustedAction::Reject)),
            ),
            ("mcp_parent", keys.reads_ahead == Some(Some(true))),
            ("expose", keys.expose == Some(Some(true))),
        ];
        for (key, is_enforced) in enforced {
            if is_enforced && !is_exempt {
                let message = "has no effect with `inbound: off`. Remove one of them";
                self.add(layers, key, message);
            }
        }
    }

    /// `inbound: link` and `restart` remove all ids. No request can then satisfy `missing: reject`, and no header can be
    /// invalid or in conflict.
    fn closed(&mut self, layers: &Layers<'_, '_, '_>) {
        let inbound = top(layers, |keys| keys.inbound);
        let Some((inbound, Some(InboundAction::Link | InboundAction::Restart))) = inbound else {
            return;
        };
        let missing = top(layers, |keys| keys.missing);
        if let Some((missing, Some(MissingAction::Reject))) = missing {
            if missing == 0 {
                let message = "would reject every request: `inbound: link` and `restart` remove the ids of every client. Use `inbound: join`";
                self.add(layers, "missing", message);
            } else if inbound == 0 {
                let message = "would reject every request: it removes the ids of every client, and the rule has `missing: reject`";
                self.add(layers, "inbound", message);
            }
        }
        let keys = layers.first().map(|layer| layer.keys);
        let invalid = keys.is_some_and(|keys| keys.invalid == Some(Some(InvalidAction::Reject)));
        let conflict = keys.is_some_and(|keys| keys.conflict == Some(Some(ConflictAction::Reject)));
        for (key, _) in [("invalid", invalid), ("conflict", conflict)]
            .into_iter()
            .filter(|(_, asked)| *asked)
        {
            let message = "has no effect: `inbound: link` and `restart` ignore the trace headers of clients. Use `inbound: join`";
            self.add(layers, key, message);
        }
    }

    /// The ids of an untrusted client are removed, so `missing: reject` would report them as missing.
    fn removed_ids(&mut self, layers: &Layers<'_, '_, '_>) {
        let inbound = top(layers, |keys| keys.inbound).map(|(_, word)| word);
        let Some((trust, _)) = top(layers, |keys| keys.trust) else {
            return;
        };
        let Some((missing, Some(MissingAction::Reject))) = top(layers, |keys| keys.missing) else {
            return;
        };
        let untrusted = top(layers, |keys| keys.untrusted);
        let is_meant = match untrusted {
            None => false,
            Some((untrusted, Some(UntrustedAction::Link | UntrustedAction::Restart))) => {
                missing < untrusted
            }
            Some(_) => true,
        };
        if is_meant || inbound.is_some_and(|word| word != Some(InboundAction::Join)) {
            return;
        }
        let key = match untrusted {
            Some((0, _)) => "untrusted",
            _ if missing == 0 => "missing",
            _ if trust == 0 => "trust",
            _ => return,
        };
        let message = "would reject untrusted clients because their ids were removed. Write `untrusted: reject`";
        self.add(layers, key, message);
    }

    /// Without `trust` no client is untrusted.
    fn untrusted(&mut self, layers: &Layers<'_, '_, '_>) {
        let is_first = top(layers, |keys| keys.untrusted).is_some_and(|(height, _)| height == 0);
        if is_first && top(layers, |keys| keys.trust).is_none() {
            self.add(layers, "untrusted", "has no effect without trust");
        }
    }

    /// `mcp_parent: meta` needs bodies that are read, and an `inbound` that uses the ids of clients.
    fn mcp_parent(&mut self, layers: &Layers<'_, '_, '_>) {
        if top(layers, |keys| keys.reads_ahead) != Some((0, Some(true))) {
            return;
        }
        let holds =
            |value: Option<(usize, Option<bool>)>| value.is_some_and(|(_, is)| is != Some(false));
        let inbound = top(layers, |keys| keys.inbound);
        if !holds(top(layers, |keys| keys.reads)) || !holds(top(layers, |keys| keys.is_mcp)) {
            let message = "meta needs `genai: metadata` and `genai_api: mcp`";
            self.add(layers, "mcp_parent", message);
        } else if matches!(inbound, Some((_, Some(InboundAction::Restart)))) {
            let message = "has no effect: `inbound: restart` ignores the ids of clients";
            self.add(layers, "mcp_parent", message);
        }
    }
}
