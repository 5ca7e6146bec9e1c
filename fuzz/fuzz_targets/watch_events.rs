//! Any bytes in place of the events of a watch.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| kubernetes_watch::check_watch_events(body));
