//! Whatever an exec plugin prints.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kubernetes_client::check_exec_output(bytes));
