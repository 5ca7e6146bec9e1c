//! A list that is made to take as much memory as it can: `amplification SHAPE default|unlimited` decodes it, and prints
//! the size of its text, the memory that the result keeps, and the most that it took.

use std::alloc::System;
use std::error::Error;

use bench_measure::status_field;
use http::HeaderValue;
use kubernetes_core::json::Budget;
use kubernetes_core::{Encoded, List, Object, cbor};
use kubernetes_models::apiextensions::v1::CustomResourceDefinition;
use kubernetes_models::apps::v1::Deployment;
use kubernetes_models::core::v1::{Event, Pod};
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// About as large as a list of a thousand pods.
const TEXT_BYTES: usize = 4_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let shape = arguments.next().ok_or("the shape is missing")?;
    let budget = match arguments.next().as_deref() {
        Some("unlimited") => Budget::UNLIMITED,
        _ => Budget::default(),
    };
    let report = match shape.as_str() {
        "pods" => decode::<Pod>(items("{}"), budget),
        "deployments" => decode::<Deployment>(items("{}"), budget),
        "crds" => decode::<CustomResourceDefinition>(items("{}"), budget),
        "events" => decode::<Event>(items("{}"), budget),
        "allof" => decode::<CustomResourceDefinition>(nested(&repeated("{}")), budget),
        "annotations" => decode::<Pod>(annotations(), budget),
        "cbor" => {
            let bytes = cbor::from_json(&items("{}"))?;
            measure::<Pod>(Encoded::new(HeaderValue::from_static("application/cbor"), bytes), budget)
        }
        _ => return Err(format!("there is no shape {shape:?}").into()),
    };
    println!("{report}");
    Ok(())
}

fn repeated(element: &str) -> String {
    vec![element; TEXT_BYTES / (element.len() + 1)].join(",")
}

fn items(element: &str) -> String {
    format!(r#"{{"items":[{}]}}"#, repeated(element))
}

fn nested(schemas: &str) -> String {
    format!(r#"{{"items":[{{"spec":{{"versions":[{{"schema":{{"openAPIV3Schema":{{"allOf":[{schemas}]}}}}}}]}}}}]}}"#)
}

fn annotations() -> String {
    let entries: Vec<String> = (0..TEXT_BYTES / 11).map(|number| format!(r#""{number:x}":"""#)).collect();
    format!(r#"{{"items":[{{"metadata":{{"annotations":{{{}}}}}}}]}}"#, entries.join(","))
}

fn decode<K: Object>(text: String, budget: Budget) -> Value {
    measure::<K>(Encoded::new(None, text), budget)
}

fn measure<K: Object>(encoded: Encoded, budget: Budget) -> Value {
    let encoded = encoded.with_budget(budget);
    let resident = status_field("VmRSS:");
    let region = Region::new(&INSTRUMENTED_SYSTEM);
    let list = encoded.decode::<List<K>>();
    let change = region.change();
    let kept = list.is_ok().then(|| change.bytes_allocated.saturating_sub(change.bytes_deallocated));
    json!({
        "bytes": encoded.bytes().len(),
        "kept": kept.unwrap_or_default(),
        "peak": status_field("VmHWM:").saturating_sub(resident),
    })
}
