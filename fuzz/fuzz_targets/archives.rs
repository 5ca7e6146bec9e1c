#![no_main]

#[path = "../../kubernetes/streams/tests/it/fuzz/archives.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::check(data));
