mod rewrite;
mod server;

use kubernetes_client::Client;
use kubernetes_core::{ReadRequest, Resource};
use kubernetes_models::apiextensions::v1::CustomResourceDefinition;

use super::error::{Cause, DefinitionError};
use crate::Modify;

/// The result of a [migration](migrate_storage).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// The versions in which no object is stored any longer; empty if there was nothing to do.
    pub versions: Vec<String>,
    /// The number of objects that this program has rewritten; `None` if the server did so.
    pub rewritten: Option<usize>,
}

/// Makes the server store all objects of a resource in the storage version, and removes the other stored versions.
///
/// ```no_run
/// # use kubernetes_core::Resource;
/// # async fn example<Lantern: Resource>(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let migration = kubernetes_utils::migrate_storage::<Lantern>(client).await?;
/// println!("{:?} can be removed from the definition", migration.versions);
/// # Ok(())
/// # }
/// ```
///
/// A version can be removed from a definition only if it is not in `status.storedVersions`. If that has only the
/// storage version, there is nothing to do.
///
/// If the server has `StorageVersionMigration` (`storagemigration.k8s.io/v1`, since Kubernetes 1.37), one is created,
/// awaited and deleted. If it is missing, forbidden, or not started within a minute, each object is patched without a
/// change, so that the server stores it again. Then `storedVersions` is reduced to the storage version, unless the
/// server has already done so or the definition has changed.
///
/// It needs permission to `get` the definition and `patch` its status, and either to `create`, `list`, `watch` and
/// `delete` migrations or to `list` and `patch` the objects.
///
/// # Errors
/// Returns an error if a request fails, if the server's migration fails or takes longer than an hour, or if the
/// definition changes in the meantime. Objects that were migrated stay so; the next call starts over.
///
/// # Cancel safety
/// If the future is dropped, some objects stay in the old version, `storedVersions` is unchanged, and the server may
/// still carry out a `StorageVersionMigration`.
pub async fn migrate_storage<K: Resource>(client: &Client) -> Result<Migration, DefinitionError> {
    let name = format!("{}.{}", K::PLURAL, K::GROUP);
    let definition = read(&name).send(client).await.map_err(DefinitionError::request(&name, "read"))?;
    let versions = stale(&definition);
    if versions.is_empty() {
        return Ok(Migration::default());
    }
    let rewritten = match server::migrate::<K>(client).await.map_err(|cause| DefinitionError::new(&name, cause))? {
        true => None,
        false => {
            let rewritten = rewrite::all::<K>(client).await;
            Some(rewritten.map_err(DefinitionError::request(&name, "migrate the objects of"))?)
        }
    };
    clean(client, &name, &definition).await?;
    Ok(Migration { versions, rewritten })
}

fn read(name: &str) -> ReadRequest<CustomResourceDefinition> {
    ReadRequest::cluster(name)
}

fn storage(definition: &CustomResourceDefinition) -> Option<&str> {
    definition.spec.versions.iter().find(|version| version.storage).map(|version| version.name.as_str())
}

/// The versions other than the storage version in which objects may still be stored.
fn stale(definition: &CustomResourceDefinition) -> Vec<String> {
    let stored = definition.status.iter().flat_map(|status| &status.stored_versions);
    stored.filter(|version| Some(version.as_str()) != storage(definition)).map(ToString::to_string).collect()
}

/// Reduces `storedVersions` to the storage version, unless the definition has changed, since objects may then have been
/// stored in another version.
async fn clean(client: &Client, name: &str, before: &CustomResourceDefinition) -> Result<(), DefinitionError> {
    let change = |definition: &mut CustomResourceDefinition| {
        if definition.metadata.generation != before.metadata.generation {
            return;
        }
        let storage = storage(definition).map(Into::into);
        if let Some(status) = &mut definition.status {
            status.stored_versions = storage.into_iter().collect();
        }
    };
    let cleaned = Modify::new(read(name).subresource("status")).send(client, change).await;
    let cleaned = cleaned.map_err(DefinitionError::request(name, "clean up the stored versions of"))?;
    match stale(&cleaned).is_empty() {
        true => Ok(()),
        false => Err(DefinitionError::new(name, Cause::Changed)),
    }
}
