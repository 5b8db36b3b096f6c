//! The status of a gRPC call, read where it really is. Envoy's own `response.grpc_status` is derived from the status of HTTP
//! once the filter `grpc_web` has moved the trailers into the body.

use gatespan::Rpc;

use crate::host::{self, Body, Map};

/// A gRPC call, and its status as far as it went by.
#[derive(Clone, Copy)]
pub(crate) struct GrpcStatus {
    pub(crate) rpc: Rpc,
    status: Option<u32>,
}

impl GrpcStatus {
    pub(crate) const fn new(rpc: Rpc) -> Self {
        Self { rpc, status: None }
    }

    /// The response begins. Only one without a body has its status here, and for gRPC-Web an empty body may follow.
    pub(crate) fn headers(&mut self, ends: bool) {
        if ends || self.rpc.is_web() {
            self.read(Map::Response);
        }
    }

    /// A chunk of the response passes.
    pub(crate) fn chunk(&mut self, size: usize) {
        if self.rpc.is_web() && size > 0 {
            let tail = host::tail(Body::Response, size, Rpc::TAIL).unwrap_or_default();
            self.status = self.rpc.status_in(&tail).or(self.status);
        }
    }

    /// The response ends with trailers. Those of gRPC-Web are in its body.
    pub(crate) fn trailers(&mut self) {
        if !self.rpc.is_web() {
            self.read(Map::ResponseTrailers);
        }
    }

    /// The status, once the call is over. A filter may have put it into the headers behind us.
    pub(crate) fn end(mut self) -> Option<u32> {
        self.read(Map::Response);
        self.status
    }

    fn read(&mut self, map: Map) {
        if self.status.is_none() {
            self.status = host::header(map, Rpc::STATUS).and_then(|text| Rpc::status(&text));
        }
    }
}
