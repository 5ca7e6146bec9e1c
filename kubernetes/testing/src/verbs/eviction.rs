//! Evicting a pod, unless a disruption budget forbids it.
//!
//! From <https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/registry/core/pod/storage/eviction.go>. There is no
//! controller that counts pods for a budget: its status is what a test wrote into it.

use kubernetes_core::meta;
use kubernetes_core::selector::LabelSelector;
use serde_json::{Value, json};

use super::Reply;
use super::binding::set_condition;
use super::context::Target;
use super::delete::{check_preconditions, delete_object};
use super::delete_options::DeleteOptions;
use super::options::WriteOptions;
use super::subresources::created;
use super::write::Writer;
use crate::call::Call;
use crate::failure::{Failure, Named, Result};
use crate::object::Object;
use crate::registry::Served;
use crate::state::State;
use crate::store::Stored;

pub(super) fn evict(state: &mut State, call: &Call, target: &Target, eviction: &Value) -> Result<Reply> {
    let create = WriteOptions::read(call, "CreateOptions")?;
    if eviction.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default() != target.name() {
        return Err(Failure::bad_request("name in URL does not match name in Eviction object"));
    }
    let mut options = DeleteOptions::of(eviction.get("deleteOptions").unwrap_or(&Value::Null), &[])?;
    options.dry_run |= create.dry_run;
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
        set_condition(&mut pod, condition);
        Writer::of(call, target, create).put(state, pod)?;
        target.get(state)?
    };
    delete_object(state, &target.served, &evicted, &options)?;
    Ok(created())
}

/// A pod that does not run, or no longer for long, is no disruption.
fn ignores_budgets(pod: &Object) -> bool {
    let phase = pod.at("status.phase").and_then(Value::as_str).unwrap_or_default();
    pod.is_deleting() || matches!(phase, "Succeeded" | "Failed" | "Pending")
}

fn ask_budgets(state: &mut State, pod: &Object, stored: &Stored, dry_run: bool) -> Result<()> {
    let Some(served) = state.registry.get("policy", "v1", "poddisruptionbudgets").cloned() else { return Ok(()) };
    let prefix = format!("{}/", pod.text("namespace"));
    let budgets = state.store.collection(served.collection).objects(&prefix).map(|budget| Object::of(budget));
    let mut budgets: Vec<Object> = budgets.filter(|budget| covers(budget, stored)).collect();
    match (budgets.pop(), budgets.is_empty()) {
        (None, _) => Ok(()),
        (Some(budget), true) => spend(state, &served, budget, pod, dry_run),
        (Some(_), false) => Err(Failure::internal(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
        )),
    }
}

/// Whether the selector of a budget matches: an empty one does, a missing or wrong one does not.
fn covers(budget: &Object, pod: &Stored) -> bool {
    let Some(selector) = budget.at("spec.selector") else { return false };
    let Ok(selector) = serde_json::from_value::<meta::v1::LabelSelector>(selector.clone()) else { return false };
    LabelSelector::try_from(&selector).is_ok_and(|selector| selector.matches(&pod.labels))
}

fn spend(state: &mut State, served: &Served, mut budget: Object, pod: &Object, dry_run: bool) -> Result<()> {
    let number =
        |budget: &Object, field: &str| budget.at(&format!("status.{field}")).and_then(Value::as_i64).unwrap_or(0);
    let (healthy, desired) = (number(&budget, "currentHealthy"), number(&budget, "desiredHealthy"));
    let always = budget.at("spec.unhealthyPodEvictionPolicy").and_then(Value::as_str) == Some("AlwaysAllow");
    if !is_ready(pod) && (always || (healthy >= desired && desired > 0)) {
        return Ok(());
    }
    let name = budget.text("name").to_owned();
    if number(&budget, "observedGeneration") < budget.integer("generation").unwrap_or_default() {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(Failure::disruption(&why, Some(10)));
    }
    let allowed = number(&budget, "disruptionsAllowed");
    if allowed < 0 {
        return Err(Failure::forbidden(&Budgets, &name, "pdb disruptions allowed is negative"));
    }
    if allowed == 0 {
        let why = if healthy <= desired {
            format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently")
        } else {
            format!("The disruption budget {name} does not allow evicting pods currently")
        };
        return Err(Failure::disruption(&why, None));
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
        let key = crate::store::Key::new(Some(budget.text("namespace")), &name);
        Writer::controller(served, &key).put(state, budget)?;
    }
    Ok(())
}

fn is_ready(pod: &Object) -> bool {
    let conditions = pod.at("status.conditions").and_then(Value::as_array).into_iter().flatten();
    conditions.into_iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

/// What the real server calls budgets here.
struct Budgets;

impl Named for Budgets {
    fn group(&self) -> &str {
        "policy"
    }

    fn plural(&self) -> &str {
        "poddisruptionbudget"
    }

    fn kind(&self) -> &str {
        "PodDisruptionBudget"
    }
}
