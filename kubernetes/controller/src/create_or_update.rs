use kubernetes_client::{Client, Error, Retry};
use kubernetes_core::{CreateRequest, Patch, PatchRequest, Path, ReadRequest, RequestError, Resource};

use crate::Change;

/// Creates an object, or changes it if it exists, with the changes made by `mutate`.
///
/// ```
/// # kubernetes_core::doc_test_resource!(Pod);
/// # use Pod as ConfigMap;
/// use kubernetes_controller::{Change, create_or_update};
/// use kubernetes_client::{Client, Error};
///
/// # async fn example(client: &Client) -> Result<(), Error> {
/// let mut settings = ConfigMap::named("settings");
/// settings.metadata.namespace = Some("shop".into());
/// let (settings, change) = create_or_update(client, settings, |settings| {
///     settings.metadata.labels.insert("app", "shop");
/// })
/// .await?;
/// println!("{}: {change:?}", settings.name());
/// # Ok(())
/// # }
/// ```
///
/// `object` has the name and namespace, and any other fields of a new object. An existing object is read and changed by
/// `mutate`, and the difference is sent as a patch, so that fields unknown to the type stay; without a difference,
/// nothing is sent. After a conflict, the object is read and `mutate` called again, up to five times. `mutate` can't
/// change the name or namespace.
///
/// As controller-runtime's `CreateOrPatch`. To own the fields that are set, and no others, apply the object instead:
/// [`Context::apply_owned`](crate::Context::apply_owned).
///
/// # Errors
/// Returns the first error other than a conflict, or the last conflict.
///
/// # Cancel safety
/// If the future is dropped, it is unknown whether the object was written. Calling it again is safe.
pub async fn create_or_update<K>(
    client: &Client,
    object: K,
    mut mutate: impl FnMut(&mut K),
) -> Result<(K, Change), Error>
where
    K: Resource + Clone,
{
    let mut attempts = Retry::default().start();
    loop {
        match attempt(client, object.clone(), &mut mutate).await {
            Err(error) if error.is_conflict() || error.is_already_exists() => attempts.wait_after(error).await?,
            result => return result,
        }
    }
}

async fn attempt<K: Resource>(
    client: &Client,
    mut object: K,
    mutate: &mut impl FnMut(&mut K),
) -> Result<(K, Change), Error> {
    let (namespace, name) = (object.metadata().namespace.clone(), object.metadata().name.clone());
    let mut mutate = |object: &mut K| {
        mutate(object);
        let metadata = object.metadata_mut();
        (metadata.namespace, metadata.name) = (namespace.clone(), name.clone());
    };
    let objects = Path::of::<K>(namespace.as_deref());
    let path = objects.clone().object(name.as_deref().unwrap_or_default());
    let Some(read) = ReadRequest::<K>::at(path.clone()).raw().send_opt(client).await? else {
        mutate(&mut object);
        let created = CreateRequest::<K>::at(objects, &object).send(client).await?;
        return Ok((created, Change::Created));
    };
    let (object, patch) = read.changed(mutate).map_err(Error::from_decode)?;
    match patch {
        None => Ok((object, Change::Unchanged)),
        Some(patch) => {
            let patch = Patch::from(&patch);
            Ok((PatchRequest::<K>::at(path, &patch).send(client).await?, Change::Updated))
        }
    }
}
