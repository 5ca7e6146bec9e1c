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
    /// The versions that no object is stored in any more; none if there was nothing to do.
    pub versions: Vec<String>,
    /// How many objects this program has written again; `None` if the server did.
    pub rewritten: Option<usize>,
}

/// Has the server store all objects of a resource in its storage version, and forget the other ones.
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
/// A version can be removed from a definition only when `status.storedVersions` does not name it. If that names the
/// storage version alone, nothing is done.
///
/// Where the server has `StorageVersionMigration` (`storagemigration.k8s.io/v1`, since Kubernetes 1.37), one is created,
/// awaited and deleted. Where it is missing, forbidden, or not taken up within a minute, each object is patched without a
/// change, so that the server stores it anew. Then `storedVersions` is cut down to the storage version, unless the server
/// has done so, or the definition was changed meanwhile.
///
/// It needs the rights to `get` the definition and to `patch` its status, and either to `create`, `list`, `watch` and
/// `delete` migrations or to `list` and `patch` the objects.
///
/// # Errors
/// If a request fails, the server's migration fails or takes longer than an hour, or the definition is changed meanwhile.
/// The objects that were migrated stay so, and the next call begins anew.
///
/// # Cancel safety
/// Dropping the future leaves some objects in the old version, `storedVersions` as it was, and a `StorageVersionMigration`
/// that the server may still carry out.
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

/// The versions that objects may still be stored in, beside the storage version.
fn stale(definition: &CustomResourceDefinition) -> Vec<String> {
    let stored = definition.status.iter().flat_map(|status| &status.stored_versions);
    stored.filter(|version| Some(version.as_str()) != storage(definition)).map(ToString::to_string).collect()
}

/// Cuts `storedVersions` down to the storage version, if the definition is still the one of before: objects may have been
/// stored in another version otherwise.
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
    let cleaned = cleaned.map_err(DefinitionError::request(name, "clean the stored versions of"))?;
    match stale(&cleaned).is_empty() {
        true => Ok(()),
        false => Err(DefinitionError::new(name, Cause::Changed)),
    }
}
