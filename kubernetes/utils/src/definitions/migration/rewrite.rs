//! Migration by requests of this program.

use kubernetes_client::{Client, Error};
use kubernetes_core::json::Tree;
use kubernetes_core::{ListRequest, Object, PartialObjectMetadata, Patch, PatchRequest, Path, Resource};

/// The number of names in a page of a list.
const PAGE: i64 = 500;

/// Patches every object without a change; returns their number.
pub(super) async fn all<K: Resource>(client: &Client) -> Result<usize, Error> {
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
            count += usize::from(one::<K>(client, object, &unchanged).await?);
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(next) => token = Some(next),
            None => return Ok(count),
        }
    }
}

/// Patches an object; returns false if it is gone.
async fn one<K: Resource>(
    client: &Client,
    object: &PartialObjectMetadata<K>,
    unchanged: &Patch,
) -> Result<bool, Error> {
    let metadata = object.metadata();
    let path = Path::of::<K>(metadata.namespace.as_deref()).object(metadata.name.as_deref().unwrap_or_default());
    match PatchRequest::<Tree>::at(path, unchanged).send(client).await {
        Ok(_) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}
