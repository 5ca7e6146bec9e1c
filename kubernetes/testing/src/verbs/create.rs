use http::StatusCode;
use kubernetes_core::Quantity;
use serde_json::Value;

use super::binding::bind;
use super::context::{Target, read_object};
use super::options::WriteOptions;
use super::update::Tracking;
use super::write::{Writer, respond};
use super::{Reply, namespaces};
use crate::call::Call;
use crate::custom;
use crate::failure::{Cause, Failure, Result};
use crate::names;
use crate::object::Object;
use crate::registry::Served;
use crate::state::State;

pub(super) fn create(state: &mut State, call: &Call, target: &Target) -> Result<Reply> {
    let options = WriteOptions::read(call, "CreateOptions")?;
    let (object, warnings) = read_object(call, target)?;
    if is_binding(&target.served) {
        return bind_by_name(state, call, target, object);
    }
    if is_review(&target.served) {
        return Err(Failure::not_implemented(&format!("{}: there are no users", target.served.plural)));
    }
    let writer = Writer::of(call, target, options);
    let created = create_object(state, &writer, object, Tracking::Update)?;
    Ok(respond(&target.served, created, StatusCode::CREATED).with_warnings(&warnings))
}

/// The older path to the subresource of pods.
fn is_binding(served: &Served) -> bool {
    served.group.is_empty() && served.plural == "bindings"
}

fn bind_by_name(state: &mut State, call: &Call, target: &Target, binding: Object) -> Result<Reply> {
    let pods = state.registry.get("", &target.served.version, "pods").cloned();
    let pods = pods.ok_or_else(Failure::no_resource)?;
    let target = Target { served: pods, name: Some(binding.text("name").to_owned()), ..target.clone() };
    bind(state, call, &target, &Value::Object(binding.0))
}

/// What is answered by a computation and never stored.
fn is_review(served: &Served) -> bool {
    !served.verbs.contains(&"get")
}

/// Creates an object, as `BeforeCreate` in
/// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/registry/rest/create.go>.
pub(super) fn create_object(
    state: &mut State,
    writer: &Writer<'_>,
    mut object: Object,
    tracking: Tracking,
) -> Result<Object> {
    let served = writer.served;
    writer.check_namespace(&mut object)?;
    if !object.text("resourceVersion").is_empty() {
        return Err(Failure::internal("resourceVersion should not be set on objects to be created"));
    }
    let generated = name(state, served, &mut object)?;
    namespaces::check_open(state, writer, object.text("name"))?;
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
        object.unset(field);
    }
    let uid = state.new_uid();
    object.set("uid", uid);
    object.set("creationTimestamp", state.clock.timestamp());
    match served.behaviour.generation {
        true => object.set("generation", 1),
        false => drop(object.unset("generation")),
    }
    initialize(served, &mut object, &state.clock.timestamp());
    writer.check(state, &object)?;
    let key = writer.key_of(object.text("name"));
    if state.store.get(served.collection, &key).is_some() {
        return Err(Failure::already_exists(served, if generated { object.text("generateName") } else { key.name() }));
    }
    if tracking == Tracking::Update {
        writer.track(state, None, &mut object);
    }
    complete(served, &mut object);
    if writer.options.dry_run {
        return Ok(object);
    }
    writer.put(state, object)
}

/// Makes up a name where only its beginning is given; tells whether it did.
fn name(state: &mut State, served: &Served, object: &mut Object) -> Result<bool> {
    /// As `MaxNameGenerateAttempts` in `apiserver/pkg/registry/generic/registry/store.go`.
    const ATTEMPTS: usize = 8;
    let invalid = |object: &Object, cause| Failure::invalid(&served.group, &served.kind, object.text("name"), &[cause]);
    let generated = object.text("name").is_empty() && !object.text("generateName").is_empty();
    if generated {
        let namespace = Some(object.text("namespace")).filter(|namespace| !namespace.is_empty()).map(str::to_owned);
        for _ in 0..ATTEMPTS {
            let prefix = object.text("generateName").to_owned();
            let name = state.generate_name(&prefix);
            let key = crate::store::Key::new(namespace.as_deref(), &name);
            object.set("name", name);
            if state.store.get(served.collection, &key).is_none() {
                break;
            }
        }
    }
    if object.text("name").is_empty() && served.group.is_empty() && served.plural == "limitranges" {
        // As `PrepareForCreate` in `pkg/registry/core/limitrange/strategy.go`.
        let name = state.new_uid();
        object.set("name", name);
    }
    let name = object.text("name");
    if name.is_empty() {
        return Err(invalid(object, Cause::required("metadata.name", "name or generateName is required")));
    }
    match names::check(&served.group, &served.plural, name) {
        Ok(()) => Ok(generated),
        Err(why) => Err(invalid(object, Cause::invalid("metadata.name", &name.into(), why))),
    }
}

/// What the strategies of the resources put into a new object.
pub(super) fn initialize(served: &Served, object: &mut Object, time: &str) {
    if served.has_status() && !served.behaviour.keeps_status {
        object.0.remove("status");
        if !served.is_custom() {
            let status = initial_status(served, object);
            object.0.insert("status".to_owned(), status);
        }
        if custom::is_definition(served) {
            custom::set_defaults(object);
            let status = custom::initial_status(object, time);
            object.0.insert("status".to_owned(), status);
        }
    }
    if served.group.is_empty() && served.plural == "namespaces" {
        namespaces::initialize(object);
    }
}

/// What they put in after it was noted who owns what.
pub(super) fn complete(served: &Served, object: &mut Object) {
    if served.group.is_empty() && served.plural == "namespaces" {
        namespaces::complete(object);
    }
}

fn initial_status(served: &Served, object: &Object) -> Value {
    match (served.group.as_str(), served.plural.as_str()) {
        ("", "pods") => serde_json::json!({"phase": "Pending", "qosClass": quality_of_service(object)}),
        ("", "persistentvolumes" | "persistentvolumeclaims") => serde_json::json!({"phase": "Pending"}),
        ("", "services") => serde_json::json!({"loadBalancer": {}}),
        _ => serde_json::json!({}),
    }
}

/// As `ComputePodQOS` in `pkg/apis/core/helper/qos/qos.go`, for the resources of containers.
fn quality_of_service(pod: &Object) -> &'static str {
    let list = |path: &str| pod.at(path).and_then(Value::as_array).into_iter().flatten();
    let containers: Vec<&Value> = list("spec.containers").chain(list("spec.initContainers")).collect();
    let amount = |container: &Value, kind: &str, resource: &str| {
        let amount = container.get("resources")?.get(kind)?.get(resource)?.clone();
        amount.as_str().map_or_else(|| amount.to_string(), str::to_owned).parse::<Quantity>().ok()
    };
    let resources = ["cpu", "memory"];
    let is_set = |container: &&Value, kind: &str| resources.iter().any(|name| amount(container, kind, name).is_some());
    if !containers.iter().any(|container| is_set(container, "requests") || is_set(container, "limits")) {
        return "BestEffort";
    }
    let is_guaranteed = |container: &&Value| {
        resources.iter().all(|name| match (amount(container, "limits", name), amount(container, "requests", name)) {
            (Some(limit), Some(request)) => limit == request,
            // A request that is not named is the limit.
            (Some(_), None) => true,
            (None, _) => false,
        })
    };
    if containers.iter().all(is_guaranteed) { "Guaranteed" } else { "Burstable" }
}
