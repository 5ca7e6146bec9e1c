use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::schema::Definition;
use kubernetes_core::{ApplyRequest, ListRequest};
use kubernetes_models::apiextensions::v1::CustomResourceDefinition;
use kubernetes_watch::until;

use super::error::{Cause, DefinitionError};
use crate::conditions::definition_established;

/// The time limit for a definition to be established.
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
/// The apply is forced: the field manager takes over fields of other managers, since a program needs the definition
/// that it was built with. It needs permission to `create`, `patch`, `list` and `watch` definitions.
///
/// # Errors
/// Returns an error if the server refuses the definition, if another resource has its names, or if it is not
/// established within 60 seconds.
///
/// # Cancel safety
/// If the future is dropped, it is unknown whether the definition has been applied.
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
    // Only an existing definition can be established.
    found.map(Option::unwrap_or_default).map_err(|error| DefinitionError::new(name, Cause::Wait(error)))
}
