#![no_main]

#[path = "../../kubernetes/core/tests/it/fuzz/field_set.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::check(data));
