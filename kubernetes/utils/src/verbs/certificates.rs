use kubernetes_client::Client;
use kubernetes_core::json::Tree;
use kubernetes_core::{GroupVersionKind, ReadRequest, Str};
use kubernetes_dynamic::{ApiResource, DynamicObject};

use super::VerbError;
use crate::clock;

/// Approves a CertificateSigningRequest, like `kubectl certificate approve`.
///
/// If it is already approved, nothing changes. If it was denied, the function fails.
///
/// # Errors
/// Returns an error if it was denied, or a request fails.
///
/// # Cancel safety
/// If the future is dropped, it is unknown whether it was approved.
pub async fn approve_certificate(client: &Client, name: &str, message: &str) -> Result<DynamicObject, VerbError> {
    decide(client, name, ("Approved", "Denied"), message).await
}

/// Denies a CertificateSigningRequest, like `kubectl certificate deny`.
///
/// If it is already denied, nothing changes. If it was approved, the function fails.
///
/// # Errors
/// Returns an error if it was approved, or a request fails.
///
/// # Cancel safety
/// If the future is dropped, it is unknown whether it was denied.
pub async fn deny_certificate(client: &Client, name: &str, message: &str) -> Result<DynamicObject, VerbError> {
    decide(client, name, ("Denied", "Approved"), message).await
}

async fn decide(
    client: &Client,
    name: &str,
    (decision, contrary): (&str, &str),
    message: &str,
) -> Result<DynamicObject, VerbError> {
    let of_type = GroupVersionKind::new("certificates.k8s.io", "v1", "CertificateSigningRequest");
    let requests = ApiResource::new(&of_type, "certificatesigningrequests", false).cluster();
    let current = requests.read(name).send(client).await?;
    if conditions(&current)?.iter().any(|condition| has_type(condition, contrary)) {
        let contrary = contrary.to_lowercase();
        return Err(VerbError::refused(format!("the certificate signing request {name} is already {contrary}")));
    }
    let approval = ReadRequest::<DynamicObject>::at(requests.path(name).subresource("approval"));
    let now = clock::wall().to_string();
    let mut failure = None;
    let changed = crate::modify(client, approval, |request: &mut DynamicObject| {
        let change = || -> Result<(), VerbError> {
            let mut conditions = conditions(request)?;
            if conditions.iter().any(|condition| has_type(condition, decision)) {
                return Ok(());
            }
            let text = |key: &str, value: &str| (Str::from(key), Tree::String(value.into()));
            conditions.push(Tree::Object(vec![
                text("type", decision),
                text("status", "True"),
                text("reason", if decision == "Approved" { "KubectlApprove" } else { "KubectlDeny" }),
                text("message", message),
                text("lastUpdateTime", &now),
            ]));
            request.set("/status/conditions", &conditions)?;
            Ok(())
        };
        let mut change = change;
        failure = change().err();
    });
    let changed = changed.await?;
    failure.map_or(Ok(changed), Err)
}

fn conditions(request: &DynamicObject) -> Result<Vec<Tree>, VerbError> {
    Ok(request.get("/status/conditions")?.unwrap_or_default())
}

fn has_type(condition: &Tree, type_: &str) -> bool {
    condition.get("type").and_then(Tree::as_str) == Some(type_)
}
