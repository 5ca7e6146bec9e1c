//! Fields that must not show in `Debug` output, and so not in logs.

use crate::error::{Error, Result};
use crate::ir::{Api, Secret};

/// Reviewed by hand: the properties whose value is a credential as it is. (Bytes never show in `Debug`.)
const SECRETS: &[(&str, &str, Secret)] = &[
    ("io.k8s.api.core.v1.Secret", "stringData", Secret::Whole),
    ("io.k8s.api.authentication.v1.TokenRequestStatus", "token", Secret::Whole),
    ("io.k8s.api.authentication.v1.TokenReviewSpec", "token", Secret::Whole),
    // kubectl keeps there what was applied, a Secret as a whole.
    ("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "annotations", Secret::LastApplied),
];

/// Marks the properties that are secret. A whole description may lack a definition, but not the property of one it has.
pub(super) fn mark(api: &mut Api) -> Result<()> {
    // As in fixups: what a fixture or a part of a description lacks says nothing.
    let is_whole = api.operations.iter().any(|operation| operation.path == "/api/v1/");
    for (name, property, secret) in SECRETS {
        let Some(definition) = api.definitions.get_mut(*name) else { continue };
        let pointer = definition.pointer.clone();
        let mut fields = definition.structs_mut().iter_mut().flat_map(|object| &mut object.fields);
        match fields.find(|field| field.wire == *property) {
            Some(field) => field.secret = Some(*secret),
            None if is_whole => return Err(missing(&pointer, property)),
            None => {}
        }
    }
    Ok(())
}

fn missing(pointer: &str, property: &str) -> Error {
    let hint = "fix SECRETS in passes/secrets.rs";
    Error::at(pointer, format!("there is no property {property} to keep out of Debug output; {hint}"))
}
