#![no_main]

#[path = "../../kubernetes/dynamic/tests/it/fuzz/discovery.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::check(data));
