//! What crosses between a host and the core: a request goes in, changes to its headers come out.

mod continuation;
mod headers;
mod rpc;
pub(crate) mod target;

pub use continuation::{Continuation, Decision};
pub(crate) use continuation::{Judgement, Proof};
pub use headers::{Edit, Edits, HeaderValue, Headers, Pair};
pub(crate) use headers::{has_control, is_name, trim};
pub use rpc::Rpc;

use core::net::IpAddr;

use target::{split_host, split_path};

/// A request as a host sees it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a [u8],
    /// The scheme of the URL that the caller has asked for.
    pub scheme: &'a [u8],
    /// The path with its query.
    pub path: &'a [u8],
    /// The host, with or without a port.
    pub host: &'a [u8],
    /// The headers: all of them, or at least those that [`Config::headers`](crate::Config::headers) names.
    pub headers: Headers<'a>,
    /// The caller's connection.
    pub peer: Peer<'a>,
    /// The name of the host's own route.
    pub route: Option<&'a [u8]>,
    /// The named rule that the host's own route asks for.
    pub rule: Option<&'a [u8]>,
    /// What an earlier pass of this request has left, if the host sends it through the gateway again.
    pub continues: Option<&'a Continuation>,
    /// Whether a body follows, as far as the host knows yet.
    pub has_body: bool,
}

/// What the host knows about the client's connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peer<'a> {
    /// The address.
    pub address: Option<IpAddr>,
    /// The URI and DNS names in the client's certificate, as far as the host shows them.
    pub names: &'a [&'a [u8]],
    /// Whether the host has verified that certificate.
    pub is_verified: bool,
}

impl<'a> Request<'a> {
    /// A request without a body. The other fields are empty; a host sets those that it knows.
    ///
    /// ```
    /// use gatespan::{Headers, Request};
    ///
    /// let pairs: [gatespan::Pair; 1] = [(b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")];
    /// let request = Request {
    ///     host: b"api.example.com",
    ///     ..Request::new(b"GET", b"/chat", Headers::new(&pairs))
    /// };
    /// assert!(!request.has_body);
    /// ```
    #[must_use]
    pub const fn new(method: &'a [u8], path: &'a [u8], headers: Headers<'a>) -> Self {
        Self {
            method,
            scheme: b"",
            path,
            host: b"",
            headers,
            peer: Peer {
                address: None,
                names: &[],
                is_verified: false,
            },
            route: None,
            rule: None,
            continues: None,
            has_body: false,
        }
    }

    /// The path without its query.
    #[must_use]
    pub fn path_alone(&self) -> &'a [u8] {
        split_path(self.path).0
    }

    /// What a gRPC client speaks, which wants its responses in another form. None for all other clients.
    #[must_use]
    pub fn rpc(&self) -> Option<Rpc> {
        Rpc::of(self.headers.first(CONTENT_TYPE.as_bytes())?)
    }

    /// Whether it is a browser's preflight: with it a browser asks whether it may send a request of another origin.
    #[must_use]
    #[inline]
    pub fn is_preflight(&self) -> bool {
        self.method == b"OPTIONS" && self.has_all(&PREFLIGHT)
    }

    #[inline(never)]
    fn has_all(&self, names: &[&str]) -> bool {
        let mut names = names.iter();
        names.all(|name| self.headers.first(name.as_bytes()).is_some())
    }

    /// The host without its port.
    #[must_use]
    #[inline]
    pub fn host_alone(&self) -> &'a [u8] {
        split_host(self.host).0
    }
}

/// The header that tells a gRPC call, and how a body is written.
pub(crate) const CONTENT_TYPE: &str = "content-type";
/// The headers that every preflight of a browser has (Fetch, "CORS-preflight request").
pub(crate) const PREFLIGHT: [&str; 2] = ["origin", "access-control-request-method"];
/// The header with the encodings that a client offers for the response.
pub(crate) const ACCEPT_ENCODING: &str = "accept-encoding";
/// The header that tells how a body is packed.
pub(crate) const CONTENT_ENCODING: &str = "content-encoding";
/// The header of a caller who waits to be told to go on before it sends a body.
pub(crate) const EXPECT: &str = "expect";
