#![no_main]

#[path = "../../kubernetes/webhooks/tests/it/fuzz/reviews.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::check(data));
