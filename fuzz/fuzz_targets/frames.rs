#![no_main]

#[path = "../../kubernetes/testing/tests/it/fuzz/frames.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::check(data));
