//! A request as Envoy shows it.

use std::net::IpAddr;

use gatespan::{Continuation, Pair};
use gatespan_envoy::client_address;

use crate::host;
use crate::redirect;
use crate::shared::Shared;

/// The pseudo-headers, and the header of internal redirects.
pub(crate) const NAMES: [&str; 5] = [
    ":method",
    ":scheme",
    ":path",
    ":authority",
    redirect::ORIGINAL_URL,
];

/// The pseudo-headers of a request.
#[derive(Default)]
pub(crate) struct PseudoHeaders<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) scheme: &'a [u8],
    pub(crate) path: &'a [u8],
    pub(crate) host: &'a [u8],
    /// Whether the request has the header of Envoy's internal redirects. A client can send it too.
    pub(crate) is_redirected: bool,
}

impl<'a> PseudoHeaders<'a> {
    pub(crate) fn of(pairs: &[Pair<'a>]) -> Self {
        let mut target = Self::default();
        for (name, value) in pairs {
            match *name {
                b":method" => target.method = value,
                b":scheme" => target.scheme = value,
                b":path" => target.path = value,
                b":authority" => target.host = value,
                name => target.is_redirected |= name == redirect::ORIGINAL_URL.as_bytes(),
            }
        }
        target
    }
}

/// What the rules need besides the headers. Each property costs a host call, so only what is needed is read.
#[derive(Default)]
pub(crate) struct Properties {
    pub(crate) address: Option<IpAddr>,
    /// The names in the client's certificate: the first URI and the first DNS name.
    pub(crate) names: [Option<Vec<u8>>; 2],
    pub(crate) is_verified: bool,
    pub(crate) route: Option<Vec<u8>>,
    pub(crate) rule: Option<Vec<u8>>,
    pub(crate) continues: Option<Box<Continuation>>,
}

impl Properties {
    pub(crate) fn read(shared: &Shared, is_again: bool) -> Self {
        let needs = shared.needs;
        let read = |needed: bool, path: &str| if needed { host::property(path) } else { None };
        // Envoy shows the first name of each kind.
        let names = [
            read(needs.names, "connection\0uri_san_peer_certificate"),
            read(needs.names, "connection\0dns_san_peer_certificate"),
        ];
        let is_named = names.iter().any(Option::is_some);
        Self {
            address: read(needs.address, "source\0address").and_then(|text| client_address(&text)),
            is_verified: needs.verified && is_named && is_verified(shared),
            names,
            route: read(needs.route, "xds\0route_name"),
            // Always read: a route may name a rule that the configuration does not have.
            rule: host::property("xds\0route_metadata\0filter_metadata\0gatespan\0rule"),
            continues: if is_again {
                redirect::find(shared).map(Box::new)
            } else {
                None
            },
        }
    }
}

/// Whether Envoy has verified the client's certificate. It is also false in a resumed session.
fn is_verified(shared: &Shared) -> bool {
    let told = host::property("connection\0peer_certificate_valid");
    if told.is_none() {
        shared.log_unverified();
    }
    told.is_some_and(|flag| flag == [1])
}
