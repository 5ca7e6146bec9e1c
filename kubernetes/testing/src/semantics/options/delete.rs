use serde_json::Value;

use super::dry_run;
use crate::request::ApiRequest;
use crate::semantics::decoding::read_body;
use crate::status::{Cause, Result, Status};

const KIND: &str = "DeleteOptions";

/// The treatment of dependents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::semantics) enum Propagation {
    Background,
    Foreground,
    Orphan,
}

#[derive(Clone, Debug, Default)]
pub(in crate::semantics) struct DeleteOptions {
    pub(in crate::semantics) dry_run: bool,
    pub(in crate::semantics) grace_period: Option<i64>,
    pub(in crate::semantics) propagation: Option<Propagation>,
    pub(in crate::semantics) uid: Option<String>,
    pub(in crate::semantics) resource_version: Option<String>,
    /// Whether `orphanDependents: false` was sent, which changes the code of the response.
    pub(in crate::semantics) cascades: bool,
}

impl DeleteOptions {
    /// Taken from the body, or else from the parameters, as in `DeleteResource` of
    /// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/endpoints/handlers/delete.go>.
    pub(in crate::semantics) fn read(request: &ApiRequest) -> Result<Self> {
        let value = if request.body.is_empty() { parameters(request)? } else { read_body(request, KIND)? };
        let dry_runs: Vec<&str> = request.query.all("dryRun").filter(|value| !value.is_empty()).collect();
        Self::of(&value, &dry_runs)
    }

    /// Taken from a `DeleteOptions` object and the `dryRun` parameters.
    pub(in crate::semantics) fn of(value: &Value, dry_runs: &[&str]) -> Result<Self> {
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

fn parameters(request: &ApiRequest) -> Result<Value> {
    let mut options = serde_json::Map::new();
    let query = &request.query;
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
            Err(Status::invalid_options(KIND, Cause::invalid(FIELD, &policy.into(), why)))
        }
        (Some("Background"), None) => Ok(Some(Propagation::Background)),
        (Some("Foreground"), None) => Ok(Some(Propagation::Foreground)),
        (Some("Orphan"), None) | (None, Some(true)) => Ok(Some(Propagation::Orphan)),
        (None, Some(false)) => Ok(Some(Propagation::Background)),
        (None, None) => Ok(None),
        (Some(policy), None) => {
            let supported = ["Foreground", "Background", "Orphan", "nil"];
            Err(Status::invalid_options(KIND, Cause::not_supported(FIELD, &policy.into(), &supported)))
        }
    }
}
