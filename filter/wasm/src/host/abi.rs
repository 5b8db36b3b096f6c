//! The calls of proxy-wasm 0.2.1, as the host exports them. Natively there is no host, and every call fails.
#![allow(clippy::too_many_arguments, reason = "the host wants that many")]

macro_rules! calls {
    ($($module:literal { $(fn $name:ident($($argument:ident: $type:ty),*);)* })*) => {$(
        #[cfg(target_family = "wasm")]
        #[link(wasm_import_module = $module)]
        unsafe extern "C" {
            $(pub(super) fn $name($($argument: $type),*) -> u32;)*
        }
        $(
            #[cfg(not(target_family = "wasm"))]
            pub(super) const unsafe fn $name($(_: $type),*) -> u32 {
                1
            }
        )*
    )*};
}

calls! {
    "env" {
        fn proxy_get_current_time_nanoseconds(nanos: *mut u64);
        fn proxy_get_buffer_bytes(
            kind: u32, start: usize, length: usize, data: *mut *mut u8, size: *mut usize
        );
        fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize);
        fn proxy_get_header_map_value(
            map: u32, name: *const u8, name_size: usize, data: *mut *mut u8, size: *mut usize
        );
        fn proxy_replace_header_map_value(
            map: u32, name: *const u8, name_size: usize, value: *const u8, value_size: usize
        );
        fn proxy_remove_header_map_value(map: u32, name: *const u8, name_size: usize);
        fn proxy_get_property(
            path: *const u8, path_size: usize, data: *mut *mut u8, size: *mut usize
        );
        fn proxy_set_property(
            path: *const u8, path_size: usize, data: *const u8, size: usize
        );
        fn proxy_call_foreign_function(
            name: *const u8, name_size: usize, argument: *const u8, argument_size: usize,
            data: *mut *mut u8, size: *mut usize
        );
        fn proxy_send_local_response(
            status: u32, details: *const u8, details_size: usize, body: *const u8,
            body_size: usize, headers: *const u8, headers_size: usize, grpc_status: i32
        );
        fn proxy_set_effective_context(id: u32);
        fn proxy_continue_stream(kind: u32);
        fn proxy_http_call(
            upstream: *const u8, upstream_size: usize, headers: *const u8, headers_size: usize,
            body: *const u8, body_size: usize, trailers: *const u8, trailers_size: usize,
            timeout_ms: u32, token: *mut u32
        );
        fn proxy_set_tick_period_milliseconds(millis: u32);
        fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, id: *mut u32);
        fn proxy_increment_metric(id: u32, offset: i64);
        fn proxy_get_shared_data(
            name: *const u8, name_size: usize, data: *mut *mut u8, size: *mut usize,
            version: *mut u32
        );
        fn proxy_set_shared_data(
            name: *const u8, name_size: usize, data: *const u8, size: usize, version: u32
        );
        fn proxy_log(level: u32, line: *const u8, size: usize);
        fn proxy_done();
    }
    "wasi_snapshot_preview1" {
        fn random_get(buffer: *mut u8, length: usize);
        fn environ_sizes_get(count: *mut usize, size: *mut usize);
        fn environ_get(entries: *mut *mut u8, texts: *mut u8);
    }
}
