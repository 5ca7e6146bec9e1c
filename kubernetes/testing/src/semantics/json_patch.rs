//! JSON Patch (RFC 6902), with the limits of the API server.

use json_patch::{Patch, PatchOperation, patch_unsafe};
use serde_json::Value;

use crate::object::{MAX_DEPTH, depth};
use crate::status::{Result, Status};

/// The limit `maxJSONPatchOperations` in
/// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/endpoints/handlers/patch.go>.
const MAX_OPERATIONS: usize = 10_000;

/// The limit on the total size of all copies of a patch: the default of `JSONPatchMaxCopyBytes` in
/// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/server/config.go>.
const MAX_COPIED_BYTES: usize = 3 * 1024 * 1024;

/// Applies a patch.
///
/// # Errors
/// Returns an error if an operation fails, or exceeds a limit.
pub(super) fn apply(object: &mut Value, patch: &[u8]) -> Result<()> {
    let Patch(operations) =
        serde_json::from_slice(patch).map_err(|error| Status::bad_request(format!("error decoding patch: {error}")))?;
    if operations.len() > MAX_OPERATIONS {
        let count = operations.len();
        return Err(Status::too_large(&format!(
            "The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {count}"
        )));
    }
    let mut copied = 0;
    for operation in &operations {
        let added = match operation {
            PatchOperation::Add(add) => Some(&add.value),
            PatchOperation::Replace(replace) => Some(&replace.value),
            PatchOperation::Move(from) => object.pointer(from.from.as_str()),
            PatchOperation::Copy(copy) => object.pointer(copy.from.as_str()),
            PatchOperation::Remove(_) | PatchOperation::Test(_) => None,
        };
        if let Some(value) = added {
            if matches!(operation, PatchOperation::Copy(_)) {
                copied += value.to_string().len();
            }
            // Deeper objects could not be read, and would overflow the stack.
            let is_too_deep = operation.path().count() + depth(value) > MAX_DEPTH;
            if is_too_deep || copied > MAX_COPIED_BYTES {
                return Err(Status::rejected());
            }
        }
        patch_unsafe(object, std::slice::from_ref(operation)).map_err(|_| Status::rejected())?;
    }
    Ok(())
}
