use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::status::{Result, Status};

/// The position at which a list continues: `EncodeContinue` in
/// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/storage/continue.go>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Continue {
    /// The version of all pages; `None` for the most recent, which may be inconsistent.
    pub(super) revision: Option<u64>,
    /// The key of the last listed object.
    pub(super) after: String,
}

impl Continue {
    pub(super) fn encode(&self) -> String {
        let revision = self.revision.map_or(Value::from(-1), Value::from);
        let token = json!({"v": "meta.k8s.io/v1", "rv": revision, "start": format!("/{}\0", self.after)});
        URL_SAFE_NO_PAD.encode(token.to_string())
    }

    pub(super) fn decode(token: &str) -> Result<Self> {
        let wrong =
            |why: &str| Status::bad_request(format!("invalid continue token: continue key is not valid: {why}"));
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|error| wrong(&error.to_string()))?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| wrong(&error.to_string()))?;
        if value.get("v").and_then(Value::as_str) != Some("meta.k8s.io/v1") {
            return Err(wrong("server does not recognize this encoded version"));
        }
        let start = value.get("start").and_then(Value::as_str).unwrap_or_default();
        let revision = value.get("rv").and_then(Value::as_i64).unwrap_or_default();
        let after = start.trim_start_matches('/').trim_end_matches('\0');
        if revision == 0 || after.is_empty() {
            return Err(wrong("incorrect encoded start resourceVersion (version meta.k8s.io/v1)"));
        }
        Ok(Self { revision: u64::try_from(revision).ok(), after: after.to_owned() })
    }
}
