//! Random bytes from Envoy, for `getrandom`, which has no source of its own on this target.

/// The source that `getrandom` asks for.
#[cfg(target_family = "wasm")]
#[allow(unsafe_code, reason = "getrandom asks for this very function")]
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    buffer: *mut u8,
    length: usize,
) -> Result<(), getrandom::Error> {
    // `getrandom` hands over a buffer of this length.
    unsafe { crate::host::fill_random(buffer, length) }.map_err(|_| getrandom::Error::UNEXPECTED)
}
