#![no_main]

#[path = "../../kubernetes/utils/tests/it/fuzz/manifests.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::check(data));
