//! What all rules of a document need, whatever the request: so a host asks for nothing that no rule looks at.

use super::{Genai, InboundAction, Layer, Rules, Trust, UpstreamAction};

/// What rules want to know besides headers, so that a host asks its own questions only if somebody wants the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Needs {
    /// The caller's address.
    pub address: bool,
    /// The names in the client's certificate.
    pub names: bool,
    /// Whether the host has verified that certificate.
    pub verified: bool,
    /// The name of the host's own route.
    pub route: bool,
}

impl Rules {
    /// What these rules want to know.
    pub(crate) fn needs(&self) -> Needs {
        let mut needs = Needs {
            route: self
                .routes
                .iter()
                .any(|route| route.condition.route.is_some()),
            ..Needs::default()
        };
        for trust in self.trusts() {
            needs.address |= !trust.cidr.is_empty();
            needs.names |= !trust.san.is_empty();
            needs.verified |= !trust.san.is_empty() && !trust.san_unverified;
        }
        needs
    }

    /// Whether the ids of any caller are continued.
    pub(crate) fn joins(&self) -> bool {
        let mut layers = self.layers();
        self.default.inbound.is_none()
            || layers.any(|layer| layer.inbound == Some(InboundAction::Join))
    }

    /// Whether any rule removes the trace headers that formats do not own: from a client that is not joined, or with
    /// `upstream: strip`.
    pub(crate) fn removes_foreign(&self) -> bool {
        self.layers().any(|layer| {
            let is_apart = matches!(
                layer.inbound,
                Some(InboundAction::Link | InboundAction::Restart)
            );
            is_apart || layer.upstream == Some(UpstreamAction::Strip) || layer.trust.is_some()
        })
    }

    /// The headers that conditions of routes look at.
    pub(crate) fn headers(&self) -> impl Iterator<Item = &str> {
        let conditions = self.routes.iter().map(|route| &route.condition);
        conditions.filter_map(|condition| Some(condition.header.as_ref()?.0.as_str()))
    }

    /// Whether the bodies of any request are read.
    pub(crate) fn reads(&self) -> bool {
        self.layers()
            .any(|layer| layer.genai == Some(Genai::Metadata))
    }

    /// Every condition of trust, always in the same order.
    pub(super) fn trusts(&self) -> impl Iterator<Item = &Trust> {
        self.layers().filter_map(|layer| layer.trust.as_ref())
    }

    /// Every layer, the default one last.
    fn layers(&self) -> impl Iterator<Item = &Layer> {
        let routes = self.routes.iter().map(|route| &route.layer);
        let named = self.named.iter().map(|(_, layer)| layer);
        routes.chain(named).chain([&self.default])
    }
}
