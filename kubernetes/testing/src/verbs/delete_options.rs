use serde_json::Value;

use super::context::read_body;
use super::options::dry_run;
use crate::call::Call;
use crate::failure::{Cause, Failure, Result};

const KIND: &str = "DeleteOptions";

/// How dependents are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Propagation {
    Background,
    Foreground,
    Orphan,
}

#[derive(Clone, Debug, Default)]
pub(super) struct DeleteOptions {
    pub(super) dry_run: bool,
    pub(super) grace_period: Option<i64>,
    pub(super) propagation: Option<Propagation>,
    pub(super) uid: Option<String>,
    pub(super) resource_version: Option<String>,
    /// Whether `orphanDependents: false` was asked for, which changes the code of the answer.
    pub(super) cascades: bool,
}

impl DeleteOptions {
    /// From the body, or from the parameters if there is none, as `DeleteResource` in
    /// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/endpoints/handlers/delete.go>.
    pub(super) fn read(call: &Call) -> Result<Self> {
        let value = if call.body.is_empty() { parameters(call)? } else { read_body(call, KIND)? };
        let dry_runs: Vec<&str> = call.query.all("dryRun").filter(|value| !value.is_empty()).collect();
        Self::of(&value, &dry_runs)
    }

    /// From a `DeleteOptions` object, with what the parameters say of a dry run.
    pub(super) fn of(value: &Value, dry_runs: &[&str]) -> Result<Self> {
        let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
        let preconditions = value.get("preconditions").cloned().unwrap_or_default();
        let orphans = value.get("orphanDependents").and_then(Value::as_bool);
        let mut dry_runs = dry_runs.to_vec();
        dry_runs.extend(value.get("dryRun").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str));
        dry_runs.dedup();
        Ok(Self {
            dry_run: dry_run(KIND, dry_runs.into_iter())?,
            grace_period: value.get("gracePeriodSeconds").and_then(Value::as_i64),
            propagation: propagation(text(value, "propagationPolicy").as_deref(), orphans)?,
            uid: text(&preconditions, "uid"),
            resource_version: text(&preconditions, "resourceVersion"),
            cascades: orphans == Some(false),
        })
    }
}

fn parameters(call: &Call) -> Result<Value> {
    let mut options = serde_json::Map::new();
    let query = &call.query;
    let grace_period = query.integer("gracePeriodSeconds")?.map(Value::from);
    let propagation = query.text("propagationPolicy").map(Value::from);
    let orphans = query.flag("orphanDependents").map(Value::from);
    let fields =
        [("gracePeriodSeconds", grace_period), ("propagationPolicy", propagation), ("orphanDependents", orphans)];
    options.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Ok(Value::Object(options))
}

fn propagation(policy: Option<&str>, orphans: Option<bool>) -> Result<Option<Propagation>> {
    const FIELD: &str = "propagationPolicy";
    let policy = policy.filter(|policy| !policy.is_empty());
    match (policy, orphans) {
        (Some(policy), Some(_)) => {
            let why = "orphanDependents and deletionPropagation cannot be both set";
            Err(Failure::invalid_options(KIND, Cause::invalid(FIELD, &policy.into(), why)))
        }
        (Some("Background"), None) => Ok(Some(Propagation::Background)),
        (Some("Foreground"), None) => Ok(Some(Propagation::Foreground)),
        (Some("Orphan"), None) | (None, Some(true)) => Ok(Some(Propagation::Orphan)),
        (None, Some(false)) => Ok(Some(Propagation::Background)),
        (None, None) => Ok(None),
        (Some(policy), None) => {
            let supported = ["Foreground", "Background", "Orphan", "nil"];
            Err(Failure::invalid_options(KIND, Cause::not_supported(FIELD, &policy.into(), &supported)))
        }
    }
}
