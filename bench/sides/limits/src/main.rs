//! How fast others read the same bytes into less than a model: what could be reached at all.

use std::process::ExitCode;

use bench_measure::Arguments;
use k8s_openapi::List;
use k8s_openapi::api::core::v1::Pod;
use serde::de::IgnoredAny;
use serde_json::Value;

fn main() -> ExitCode {
    bench_measure::main(run)
}

fn run(arguments: &Arguments) -> Option<Value> {
    const READABLE: &str = "the list can be read";
    match arguments.subject.as_str() {
        "utf8" => arguments.run(|bytes| std::str::from_utf8(bytes).expect(READABLE).len(), none),
        "serde_json-ignored" => {
            arguments.run(|bytes| drop(serde_json::from_slice::<IgnoredAny>(bytes).expect(READABLE)), none)
        }
        "serde_json-value" => arguments.run(|bytes| serde_json::from_slice::<Value>(bytes).expect(READABLE), none),
        "sonic-value" => arguments.run(|bytes| sonic_rs::from_slice::<sonic_rs::Value>(bytes).expect(READABLE), none),
        "sonic-k8s-openapi" => arguments.run(|bytes| sonic_rs::from_slice::<List<Pod>>(bytes).expect(READABLE), none),
        "simd-json-value" => {
            // It works in place, so each run needs a copy; that costs a few milliseconds.
            arguments.run(|bytes| simd_json::to_owned_value(&mut bytes.to_vec()).expect(READABLE), none)
        }
        _ => None,
    }
}

fn none<T>(_: &T) -> Vec<u8> {
    Vec::new()
}
