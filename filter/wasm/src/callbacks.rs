//! The only file that Envoy calls. Just the callbacks in use are exported: each one more costs every request an entry
//! into the VM.
//!
//! The ABI knows 32-bit numbers only. A `bool` here would be undefined behaviour for every number but 0 and 1.
//!
//! Nothing here can fail. A context that is not known, because its root was never configured or because it is gone, is
//! let pass.
#![allow(unsafe_code, reason = "an export needs a name that the host knows")]

use std::cell::RefCell;

use crate::contexts::Contexts;
use crate::filter_action::FilterAction;
use crate::host;
use crate::http_stream::HttpStream;

thread_local! {
    // The one static: the ABI knows contexts by number alone. What they are made of is in them.
    static CONTEXTS: RefCell<Contexts> = const { RefCell::new(Contexts::new()) };
}

/// The host does not call back while one of its own calls is under way; if one did, its callback would do nothing.
fn with<T: Default>(act: impl FnOnce(&mut Contexts) -> T) -> T {
    CONTEXTS.with(|contexts| {
        contexts
            .try_borrow_mut()
            .map_or_else(|_| T::default(), |mut c| act(&mut c))
    })
}

macro_rules! callbacks {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? $body:block)*) => {$(
        $(#[$doc])*
        // Natively these names are nobody's business.
        #[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
        pub extern "C" fn $name($($argument: $type),*) $(-> $result)? $body
    )*};
}

callbacks! {
    /// The version of the ABI; its presence says it.
    fn proxy_abi_version_0_2_1() {}

    /// Memory for what a host call returns.
    fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
        host::give(size)
    }

    /// A context begins: a root, or a stream under its root.
    fn proxy_on_context_create(id: u32, parent: u32) {
        with(|contexts| contexts.create(id, parent));
    }

    /// A root gets its configuration.
    fn proxy_on_configure(root: u32, size: usize) -> u32 {
        with(|contexts| contexts.root(root).is_some_and(|root| root.configure(size))).into()
    }

    /// Time has passed.
    fn proxy_on_tick(root: u32) {
        with(|contexts| contexts.tick(root));
    }

    /// A call of ours was answered, or failed.
    fn proxy_on_http_call_response(root: u32, token: u32, headers: usize, body: usize, _trailers: usize) {
        with(|contexts| contexts.root(root).map(|root| root.answered(token, headers, body)));
    }

    /// A request's headers are there.
    fn proxy_on_request_headers(stream: u32, _headers: usize, ends: u32) -> u32 {
        with(|contexts| contexts.stream(stream).map_or(FilterAction::Continue, |stream| stream.begin(ends != 0))) as u32
    }

    /// A piece of a request's body passes.
    fn proxy_on_request_body(stream: u32, size: usize, ends: u32) -> u32 {
        with(|contexts| contexts.stream(stream).map_or(FilterAction::Continue, |stream| stream.request_body(size, ends != 0))) as u32
    }

    /// A request ends with trailers, and no piece of its body was the last.
    fn proxy_on_request_trailers(stream: u32, _trailers: usize) -> u32 {
        proxy_on_request_body(stream, 0, 1)
    }

    /// A response's headers are there.
    fn proxy_on_response_headers(stream: u32, _headers: usize, ends: u32) -> u32 {
        with(|contexts| contexts.stream(stream).map(|stream| stream.answer(ends != 0)));
        FilterAction::Continue as u32
    }

    /// A piece of a response's body passes.
    fn proxy_on_response_body(stream: u32, size: usize, ends: u32) -> u32 {
        with(|contexts| contexts.stream(stream).map(|stream| stream.response_body(size, ends != 0)));
        FilterAction::Continue as u32
    }

    /// A response ends with trailers, and no piece of its body was the last.
    fn proxy_on_response_trailers(stream: u32, _trailers: usize) -> u32 {
        with(|contexts| contexts.stream(stream).map(HttpStream::trailers));
        FilterAction::Continue as u32
    }

    /// A stream has ended; everything about it can still be asked.
    fn proxy_on_log(stream: u32) {
        with(|contexts| contexts.stream(stream).map(HttpStream::log));
    }

    /// A context is done. Whether it needs no more time.
    fn proxy_on_done(id: u32) -> u32 {
        with(|contexts| contexts.finish(id)).into()
    }

    /// A context is gone.
    fn proxy_on_delete(id: u32) {
        with(|contexts| contexts.delete(id));
    }
}
