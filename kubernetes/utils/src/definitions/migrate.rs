use kubernetes_client::Client;
use kubernetes_core::json::Tree;
use kubernetes_core::schema::CustomResource;
use kubernetes_core::{ListRequest, Object, PartialObjectMetadata, Patch, PatchRequest, Path, ReadRequest, Resource};
use kubernetes_models::apiextensions::v1::CustomResourceDefinition;

use super::error::DefinitionError;
use crate::Modify;

/// The result of a [migration](migrate_storage).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// How many objects were written again.
    pub objects: usize,
    /// The versions that no object is stored in any more.
    pub versions: Vec<String>,
}

/// How many names a list brings at once.
const PAGE: i64 = 500;

/// Has the server store all objects of a resource in its storage version, and forget the other ones.
///
/// ```no_run
/// # use kubernetes_core::schema::CustomResource;
/// # async fn example<Lantern: CustomResource>(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let migration = kubernetes_utils::migrate_storage::<Lantern>(client).await?;
/// println!("{} objects are stored anew; {:?} can be removed", migration.objects, migration.versions);
/// # Ok(())
/// # }
/// ```
///
/// A version can be removed from a definition only when `status.storedVersions` does not name it. Each object is patched
/// without a change, so that the server stores it in the version that is now marked for storage, and then
/// `storedVersions` is cut down to that version. If only that version is named already, nothing is done.
///
/// It needs the rights to `list` and `patch` the objects, to `get` the definition and to `patch` its status. No program
/// may have the storage version changed meanwhile.
///
/// # Errors
/// If a request fails; what was done is kept, and the next call begins anew.
///
/// # Cancel safety
/// Dropping the future leaves some objects in the old version, and `storedVersions` as it was.
pub async fn migrate_storage<K: CustomResource>(client: &Client) -> Result<Migration, DefinitionError> {
    let name = format!("{}.{}", K::PLURAL, K::GROUP);
    let read = || ReadRequest::<CustomResourceDefinition>::cluster(&name);
    let definition = read().send(client).await.map_err(DefinitionError::request(&name, "read"))?;
    let storage = definition.spec.versions.iter().find(|version| version.storage).map(|version| version.name.clone());
    let stored = definition.status.as_ref().map(|status| status.stored_versions.clone()).unwrap_or_default();
    let versions: Vec<String> =
        stored.iter().filter(|version| Some(*version) != storage.as_ref()).map(ToString::to_string).collect();
    if versions.is_empty() {
        return Ok(Migration::default());
    }
    let objects = rewrite::<K>(client).await.map_err(DefinitionError::request(&name, "migrate the objects of"))?;
    let change = |definition: &mut CustomResourceDefinition| {
        if let Some(status) = &mut definition.status {
            status.stored_versions = storage.iter().cloned().collect();
        }
    };
    let cleaned = Modify::new(read().subresource("status")).send(client, change).await;
    cleaned.map_err(DefinitionError::request(&name, "clean the stored versions of"))?;
    Ok(Migration { objects, versions })
}

/// Patches every object without a change; returns how many.
async fn rewrite<K: CustomResource>(client: &Client) -> Result<usize, kubernetes_client::Error> {
    let request = ListRequest::<K>::at(Path::of::<K>(None)).limit(PAGE).metadata_only();
    let unchanged = Patch::merge(&Tree::Object(Vec::new()));
    let mut token = None;
    let mut count = 0;
    loop {
        let page = match token.take() {
            None => request.clone().send(client).await?,
            Some(token) => request.clone().next_page(token).send(client).await?,
        };
        for object in &page.items {
            count += usize::from(rewrite_one::<K>(client, object, &unchanged).await?);
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(next) => token = Some(next),
            None => return Ok(count),
        }
    }
}

/// Patches an object; false if it is gone.
async fn rewrite_one<K: Resource>(
    client: &Client,
    object: &PartialObjectMetadata<K>,
    unchanged: &Patch,
) -> Result<bool, kubernetes_client::Error> {
    let metadata = object.metadata();
    let path = Path::of::<K>(metadata.namespace.as_deref()).object(metadata.name.as_deref().unwrap_or_default());
    match PatchRequest::<Tree>::at(path, unchanged).send(client).await {
        Ok(_) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}
