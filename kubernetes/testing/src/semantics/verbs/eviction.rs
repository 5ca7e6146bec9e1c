//! Evicts a pod, unless a disruption budget forbids it.
//!
//! From <https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/registry/core/pod/storage/eviction.go>. No
//! controller counts pods for a budget, so its status is as the test has written it.

use kubernetes_core::selector::LabelSelector;
use kubernetes_core::{GroupVersion, GroupVersionKind, meta};
use serde_json::{Value, json};

use crate::object::Object;
use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::resources::ServedResource;
use crate::semantics::options::{DeleteOptions, WriteOptions};
use crate::semantics::target::Target;
use crate::semantics::writes::{Writer, admission, check_preconditions, delete_object};
use crate::state::State;
use crate::status::{Result, Status};
use crate::store::Stored;

pub(super) fn evict(state: &mut State, request: &ApiRequest, target: &Target, eviction: &Value) -> Result<Reply> {
    let create = WriteOptions::read(request, "CreateOptions")?;
    let mut options = DeleteOptions::of(eviction.get("deleteOptions").unwrap_or(&Value::Null), &[])?;
    options.dry_run |= create.dry_run;
    let writer = Writer::of(request, target, create);
    // Webhooks are asked first, also about a pod that does not exist.
    let kind = GroupVersionKind::new("policy", "v1", "Eviction");
    admission::review(state, &writer, "CREATE", &kind, eviction, None, || check_name(eviction, target))?;
    let stored = target.get(state)?;
    check_preconditions(&target.served, &stored, &options)?;
    let mut pod = Object::of(&stored);
    if !ignores_budgets(&pod) {
        ask_budgets(state, &pod, &stored, options.dry_run)?;
    }
    let evicted = if options.dry_run {
        stored
    } else {
        let condition = json!({
            "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting", "lastProbeTime": null, "lastTransitionTime": state.clock.timestamp(),
        });
        pod.set_condition(condition);
        writer.put(state, pod);
        target.get(state)?
    };
    delete_object(state, &target.served, &evicted, &options);
    Ok(Reply::from(&Status::created()))
}

fn check_name(eviction: &Value, target: &Target) -> Result<()> {
    match eviction.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default() {
        name if name == target.name() => Ok(()),
        _ => Err(Status::bad_request("name in URL does not match name in Eviction object")),
    }
}

/// Whether the eviction of a pod causes no disruption, because it does not run, or not yet for long.
fn ignores_budgets(pod: &Object) -> bool {
    pod.is_deleting() || matches!(pod.text_at("status.phase"), "Succeeded" | "Failed" | "Pending")
}

fn ask_budgets(state: &mut State, pod: &Object, stored: &Stored, dry_run: bool) -> Result<()> {
    let Some(served) = state.registry.get(&GroupVersion::new("policy", "v1"), "poddisruptionbudgets").cloned() else {
        return Ok(());
    };
    let budgets =
        state.store.collection(served.collection).objects(Some(pod.text("namespace"))).map(|budget| Object::of(budget));
    let mut budgets: Vec<Object> = budgets.filter(|budget| covers(budget, stored)).collect();
    match (budgets.pop(), budgets.is_empty()) {
        (None, _) => Ok(()),
        (Some(budget), true) => spend(state, &served, budget, pod, dry_run),
        (Some(_), false) => Err(Status::internal(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
        )),
    }
}

/// Whether the selector of a budget matches: an empty one does, a missing or invalid one does not.
fn covers(budget: &Object, pod: &Stored) -> bool {
    let Some(selector) = budget.at("spec.selector") else { return false };
    let Ok(selector) = serde_json::from_value::<meta::v1::LabelSelector>(selector.clone()) else { return false };
    LabelSelector::try_from(&selector).is_ok_and(|selector| selector.matches(&pod.labels))
}

fn spend(state: &mut State, served: &ServedResource, mut budget: Object, pod: &Object, dry_run: bool) -> Result<()> {
    let number =
        |budget: &Object, field: &str| budget.at(&format!("status.{field}")).and_then(Value::as_i64).unwrap_or(0);
    let (healthy, desired) = (number(&budget, "currentHealthy"), number(&budget, "desiredHealthy"));
    let always = budget.text_at("spec.unhealthyPodEvictionPolicy") == "AlwaysAllow";
    if !pod.has_condition("Ready") && (always || (healthy >= desired && desired > 0)) {
        return Ok(());
    }
    let name = budget.text("name").to_owned();
    if number(&budget, "observedGeneration") < budget.integer("generation").unwrap_or_default() {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(Status::disruption(&why, Some(10)));
    }
    let allowed = number(&budget, "disruptionsAllowed");
    if allowed < 0 {
        // The real server names the singular here.
        let why = "pdb disruptions allowed is negative";
        return Err(Status::forbidden("policy", "poddisruptionbudget", &name, why));
    }
    if allowed == 0 {
        let why = if healthy <= desired {
            format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently")
        } else {
            format!("The disruption budget {name} does not allow evicting pods currently")
        };
        return Err(Status::disruption(&why, None));
    }
    let time = state.clock.timestamp();
    if let Some(status) = budget.0.get_mut("status").and_then(Value::as_object_mut) {
        status.insert("disruptionsAllowed".to_owned(), (allowed - 1).into());
        let pods = status.entry("disruptedPods").or_insert_with(|| json!({}));
        if let Some(pods) = pods.as_object_mut() {
            pods.insert(pod.text("name").to_owned(), time.into());
        }
    }
    if !dry_run {
        let key = budget.key();
        Writer::controller(served, &key).put(state, budget);
    }
    Ok(())
}
