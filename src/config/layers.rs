//! Keys that do not go together, in every combination of layers that a request can meet.
//!
//! A request's rule is the default, under the route that it takes, under the rule that the host's own route names. A
//! fault is told once, at the uppermost layer that has part in it: the layer that made the combination.
//!
//! A lower layer is overruled on purpose: so `inbound: off` may stand over a rule that enforces something (a path is
//! exempted), and `missing: reject` over a rule that says what becomes of strangers (here they are refused). The other
//! way round the upper layer would ask for something that silently does not hold.

use alloc::vec::Vec;

use super::error::ConfigErrors;
use super::node::Node;
use crate::genai::ApiName;
use crate::policy::{
    ConflictAction, Genai, InboundAction, InvalidAction, McpParent, MissingAction, UntrustedAction,
    UpstreamAction,
};
use crate::words::Word;

/// Complains about every combination of these layers that would not do what it says.
pub(super) fn agree(
    errors: &mut ConfigErrors,
    rule: &Node<'_, '_>,
    routes: &Node<'_, '_>,
    rules: &Node<'_, '_>,
) {
    let default = Stand::of(*rule);
    let mut judge = Judge {
        errors,
        told: Vec::new(),
    };
    judge.judge(&[&default]);
    let mut distinct: Vec<Stand<'_, '_>> = Vec::new();
    for node in routes.children() {
        let route = Stand::of(node);
        judge.told.clear();
        judge.judge(&[&route, &default]);
        // Routes that say the same need not be judged twice under each named rule.
        if !distinct.iter().any(|other| other.says == route.says) {
            distinct.push(route);
        }
    }
    for node in rules.children() {
        let named = Stand::of(node);
        judge.told.clear();
        judge.judge(&[&named, &default]);
        for route in &distinct {
            judge.judge(&[&named, route, &default]);
        }
    }
}

/// What a layer says to a key: nothing, something faulty from which nothing follows, or this.
type Said<T> = Option<Option<T>>;

/// The keys of a layer that have to agree.
#[derive(Clone, Copy, PartialEq)]
struct Says {
    inbound: Said<InboundAction>,
    upstream: Said<UpstreamAction>,
    missing: Said<MissingAction>,
    invalid: Said<InvalidAction>,
    conflict: Said<ConflictAction>,
    trust: Said<()>,
    untrusted: Said<UntrustedAction>,
    reads: Said<bool>,
    is_mcp: Said<bool>,
    reads_ahead: Said<bool>,
    expose: Said<bool>,
}

/// A layer and what it says.
struct Stand<'n, 't> {
    node: Node<'n, 't>,
    says: Says,
}

impl<'n, 't: 'n> Stand<'n, 't> {
    fn of(node: Node<'n, 't>) -> Self {
        fn word<W: Word>(node: &Node<'_, '_>) -> Said<W> {
            node.is_given().then(|| node.word())
        }
        fn is(node: &Node<'_, '_>, word: &str) -> Said<bool> {
            let is = || (!node.is_faulty()).then(|| node.text() == Some(word));
            node.is_given().then(is)
        }
        let says = Says {
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
        Self { node, says }
    }
}

/// Layers of one request, the uppermost first.
type Layers<'l, 'n, 't> = [&'l Stand<'n, 't>];

/// The uppermost layer that says something to a key, and what.
fn top<T>(
    layers: &Layers<'_, '_, '_>,
    said: impl Fn(&Says) -> Said<T>,
) -> Option<(usize, Option<T>)> {
    let mut heights = layers.iter().enumerate();
    heights.find_map(|(height, layer)| said(&layer.says).map(|said| (height, said)))
}

struct Judge<'c> {
    errors: &'c mut ConfigErrors,
    /// The keys of the present uppermost layer that were complained about.
    told: Vec<&'static str>,
}

impl Judge<'_> {
    fn judge(&mut self, layers: &Layers<'_, '_, '_>) {
        self.off(layers);
        self.closed(layers);
        self.strangers(layers);
        self.untrusted(layers);
        self.mcp_parent(layers);
    }

    /// Complains about a key of the uppermost layer.
    fn say(&mut self, layers: &Layers<'_, '_, '_>, key: &'static str, message: &str) {
        if self.told.contains(&key) {
            return;
        }
        if let Some(layer) = layers.first() {
            self.errors.say(&layer.node.key(key).place, message);
            self.told.push(key);
        }
    }

    /// `inbound: off` touches nothing: what is enforced beside it, or over a default that is off, would not hold. A
    /// route that is off exempts its requests from named rules as well.
    fn off(&mut self, layers: &Layers<'_, '_, '_>) {
        let Some((height, Some(InboundAction::Off))) = top(layers, |says| says.inbound) else {
            return;
        };
        let Some(upper) = layers.first() else { return };
        let is_exempt = height > 0 && height + 1 < layers.len();
        let says = &upper.says;
        let enforced = [
            (
                "upstream",
                says.upstream == Some(Some(UpstreamAction::Strip)),
            ),
            ("missing", says.missing == Some(Some(MissingAction::Reject))),
            ("invalid", says.invalid == Some(Some(InvalidAction::Reject))),
            (
                "conflict",
                says.conflict == Some(Some(ConflictAction::Reject)),
            ),
            ("trust", says.trust.is_some()),
            (
                "untrusted",
                says.untrusted == Some(Some(UntrustedAction::Reject)),
            ),
            ("mcp_parent", says.reads_ahead == Some(Some(true))),
            ("expose", says.expose == Some(Some(true))),
        ];
        for (key, is_enforced) in enforced {
            if is_enforced && !is_exempt {
                let message = "would not hold, because the rule is `inbound: off`";
                self.say(layers, key, message);
            }
        }
    }

    /// Where everybody's ids are removed, nobody can satisfy `missing: reject`, and nothing is left that could be invalid
    /// or in conflict.
    fn closed(&mut self, layers: &Layers<'_, '_, '_>) {
        let inbound = top(layers, |says| says.inbound);
        let Some((inbound, Some(InboundAction::Link | InboundAction::Restart))) = inbound else {
            return;
        };
        let missing = top(layers, |says| says.missing);
        if let Some((missing, Some(MissingAction::Reject))) = missing {
            if missing == 0 {
                let message = "would reject every request, because `inbound: link` and `restart` remove what callers send";
                self.say(layers, "missing", message);
            } else if inbound == 0 {
                let message = "would have every request rejected, because it removes what callers send and the rule \
                               is `missing: reject`";
                self.say(layers, "inbound", message);
            }
        }
        let says = layers.first().map(|layer| layer.says);
        let invalid = says.is_some_and(|says| says.invalid == Some(Some(InvalidAction::Reject)));
        let conflict = says.is_some_and(|says| says.conflict == Some(Some(ConflictAction::Reject)));
        for (key, _) in [("invalid", invalid), ("conflict", conflict)]
            .into_iter()
            .filter(|(_, asked)| *asked)
        {
            let message = "would not hold, because `inbound: link` and `restart` look at nothing that callers send";
            self.say(layers, key, message);
        }
    }

    /// A stranger's ids are removed, so under `missing: reject` it would be told that it sent none.
    fn strangers(&mut self, layers: &Layers<'_, '_, '_>) {
        let inbound = top(layers, |says| says.inbound).map(|(_, word)| word);
        let Some((trust, _)) = top(layers, |says| says.trust) else {
            return;
        };
        let Some((missing, Some(MissingAction::Reject))) = top(layers, |says| says.missing) else {
            return;
        };
        let untrusted = top(layers, |says| says.untrusted);
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
        let message = "would reject strangers for want of the ids that were removed; write `untrusted: reject`";
        self.say(layers, key, message);
    }

    /// Without trust there are no strangers.
    fn untrusted(&mut self, layers: &Layers<'_, '_, '_>) {
        let is_first = top(layers, |says| says.untrusted).is_some_and(|(height, _)| height == 0);
        if is_first && top(layers, |says| says.trust).is_none() {
            self.say(layers, "untrusted", "has no meaning without trust");
        }
    }

    /// The parent that a message names is found where messages are read, and counts where that of a caller does.
    fn mcp_parent(&mut self, layers: &Layers<'_, '_, '_>) {
        if top(layers, |says| says.reads_ahead) != Some((0, Some(true))) {
            return;
        }
        let holds =
            |said: Option<(usize, Option<bool>)>| said.is_some_and(|(_, is)| is != Some(false));
        let inbound = top(layers, |says| says.inbound);
        if !holds(top(layers, |says| says.reads)) || !holds(top(layers, |says| says.is_mcp)) {
            let message = "meta needs `genai: metadata` and `genai_api: mcp`";
            self.say(layers, "mcp_parent", message);
        } else if matches!(inbound, Some((_, Some(InboundAction::Restart)))) {
            let message = "would not hold, because `inbound: restart` forgets what callers send";
            self.say(layers, "mcp_parent", message);
        }
    }
}
