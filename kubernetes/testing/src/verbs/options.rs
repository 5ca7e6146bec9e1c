use serde_json::Value;

use crate::call::Call;
use crate::failure::{Cause, Failure, Result};

/// What a creation, an update and a patch have in common.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WriteOptions {
    pub(super) dry_run: bool,
}

impl WriteOptions {
    /// `kind` is what errors call the options, as `CreateOptions`.
    pub(super) fn read(call: &Call, kind: &str) -> Result<Self> {
        let values: Vec<&str> = call.query.all("dryRun").filter(|value| !value.is_empty()).collect();
        if let Some(validation) = call.query.text("fieldValidation")
            && !matches!(validation, "Ignore" | "Warn" | "Strict")
        {
            let cause = Cause::not_supported("fieldValidation", &validation.into(), &["", "Ignore", "Strict", "Warn"]);
            return Err(Failure::invalid_options(kind, cause));
        }
        Ok(Self { dry_run: dry_run(kind, values.into_iter())? })
    }
}

/// Whether nothing is to be stored: `All` is the one value there is.
pub(super) fn dry_run<'a>(kind: &str, values: impl Iterator<Item = &'a str>) -> Result<bool> {
    let values: Vec<Value> = values.map(Value::from).collect();
    if values.iter().all(|value| value == "All") {
        return Ok(!values.is_empty());
    }
    Err(Failure::invalid_options(kind, Cause::not_supported("dryRun", &values.into(), &["All"])))
}
