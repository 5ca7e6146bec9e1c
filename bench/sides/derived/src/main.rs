//! Events as a derived type, beside the model that is generated of the same fields.

use std::process::ExitCode;

use bench_measure::Arguments;
use kubernetes_core::{MicroTime, ObjectMeta, Str, Time, json};
use kubernetes_derive::Schema;
use serde_json::Value;

fn main() -> ExitCode {
    bench_measure::main(run)
}

fn run(arguments: &Arguments) -> Option<Value> {
    if arguments.subject != "events" {
        return None;
    }
    arguments.run(
        |bytes| json::from_slice::<EventList>(bytes).expect("the list can be decoded"),
        |list| json::to_string(list).expect("the list can be encoded").into_bytes(),
    )
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct EventList {
    items: Vec<Event>,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Event {
    action: Option<Str>,
    count: Option<i32>,
    event_time: Option<MicroTime>,
    first_timestamp: Option<Time>,
    involved_object: ObjectReference,
    last_timestamp: Option<Time>,
    message: Option<Str>,
    metadata: ObjectMeta,
    reason: Option<Str>,
    related: Option<Box<ObjectReference>>,
    reporting_component: Option<Str>,
    reporting_instance: Option<Str>,
    series: Option<Box<EventSeries>>,
    source: Option<Box<EventSource>>,
    #[kubernetes(rename = "type")]
    type_: Option<Str>,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct ObjectReference {
    api_version: Option<Str>,
    field_path: Option<Str>,
    kind: Option<Str>,
    name: Option<Str>,
    namespace: Option<Str>,
    resource_version: Option<Str>,
    uid: Option<Str>,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct EventSeries {
    count: Option<i32>,
    last_observed_time: Option<MicroTime>,
}

#[derive(Schema)]
#[kubernetes(crate = kubernetes_core)]
struct EventSource {
    component: Option<Str>,
    host: Option<Str>,
}
