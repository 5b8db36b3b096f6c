#![no_main]
#[path = "../../laws/mod.rs"]
#[allow(dead_code)] // the other targets' laws
mod laws;

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::bodies(data));
