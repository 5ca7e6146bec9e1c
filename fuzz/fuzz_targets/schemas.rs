#![no_main]

#[path = "../../kubernetes/core/tests/it/fuzz/schemas.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::check(data));
