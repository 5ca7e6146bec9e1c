//! The options of requests, from parameters and bodies.

mod delete;
mod list;

use serde_json::Value;

use crate::request::ApiRequest;
use crate::status::{Cause, Result, Status};
pub(super) use delete::{DeleteOptions, Propagation};
pub(super) use list::ListOptions;

/// The options common to creations, updates and patches.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WriteOptions {
    pub(super) dry_run: bool,
}

impl WriteOptions {
    /// `kind` is the kind of the options, such as `CreateOptions`, for errors.
    pub(super) fn read(request: &ApiRequest, kind: &str) -> Result<Self> {
        let values: Vec<&str> = request.query.all("dryRun").filter(|value| !value.is_empty()).collect();
        if let Some(validation) = request.query.text("fieldValidation")
            && !matches!(validation, "Ignore" | "Warn" | "Strict")
        {
            let cause = Cause::not_supported("fieldValidation", &validation.into(), &["", "Ignore", "Strict", "Warn"]);
            return Err(Status::invalid_options(kind, cause));
        }
        check_field_manager(request.query.text("fieldManager").unwrap_or_default(), kind)?;
        Ok(Self { dry_run: dry_run(kind, values.into_iter())? })
    }
}

/// From `ValidateFieldManager` in
/// <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/apis/meta/v1/validation/validation.go>.
fn check_field_manager(manager: &str, kind: &str) -> Result<()> {
    const MAX_LENGTH: usize = 128;
    if manager.len() > MAX_LENGTH {
        return Err(Status::invalid_options(kind, Cause::too_long("fieldManager", MAX_LENGTH)));
    }
    Ok(())
}

/// Whether nothing is stored: `All` is the only value.
fn dry_run<'a>(kind: &str, values: impl Iterator<Item = &'a str>) -> Result<bool> {
    let values: Vec<Value> = values.map(Value::from).collect();
    if values.iter().all(|value| value == "All") {
        return Ok(!values.is_empty());
    }
    Err(Status::invalid_options(kind, Cause::not_supported("dryRun", &values.into(), &["All"])))
}
