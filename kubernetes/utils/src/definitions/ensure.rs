use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::schema::Definition;
use kubernetes_core::{ApplyRequest, ListRequest};
use kubernetes_models::apiextensions::v1::CustomResourceDefinition;
use kubernetes_watch::until;

use super::error::{Cause, DefinitionError};
use crate::conditions::definition_established;

/// How long the server may take to establish a definition.
const LIMIT: Duration = Duration::from_secs(60);

/// Applies the definition of a custom resource, and waits until the server serves it.
///
/// ```no_run
/// # use kubernetes_core::schema::CustomResource;
/// # async fn example<Lantern: CustomResource>(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use kubernetes_utils::ensure_definition;
///
/// ensure_definition(client, &Lantern::definition()?, "lantern-operator").await?;
/// # Ok(())
/// # }
/// ```
///
/// The field manager takes over fields that others own: a program and the definition that it was built with belong
/// together. It needs the rights to `patch`, `list` and `watch` definitions.
///
/// # Errors
/// If the server refuses the definition, if its names are those of another resource, or if it is not established within
/// 60 seconds.
///
/// # Cancel safety
/// Dropping the future leaves open whether the definition has been applied.
pub async fn ensure_definition(
    client: &Client,
    definition: &Definition,
    field_manager: &str,
) -> Result<CustomResourceDefinition, DefinitionError> {
    let name = definition.name();
    let apply = ApplyRequest::cluster(definition, field_manager).force(true);
    apply.send(client).await.map_err(DefinitionError::request(name, "apply"))?;
    let established = until(client, ListRequest::<CustomResourceDefinition>::cluster()).named(name).within(LIMIT);
    let found = established.is(definition_established()).await;
    // Only a definition that exists is established.
    found.map(Option::unwrap_or_default).map_err(|error| DefinitionError::new(name, Cause::Wait(error)))
}
