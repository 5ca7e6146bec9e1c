use kubernetes_client::Retry;
use kubernetes_core::{Execute, Object, Patch, PatchRequest, Raw, ReadRequest, RequestError, Status, Str};

/// Changes an object: reads it, lets a function change it, and sends the difference.
///
/// ```
/// use kubernetes_core::{Execute, ReadRequest, RequestError};
/// use kubernetes_utils::modify;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// # async fn example<E: Execute<Error: RequestError>>(client: &E) -> Result<(), E::Error> {
/// let pod = modify(client, ReadRequest::<Pod>::namespaced("shop", "web"), |pod| {
///     pod.metadata.labels.insert("tier", "front");
/// })
/// .await?;
/// # Ok(())
/// # }
/// ```
///
/// This is a safe way to change an object that others change too:
///
/// - Fields that the type does not know stay unchanged, even those in items of lists: the difference is a JSON Patch of
///   the server's document, not of the typed fields.
/// - A concurrent change is not overwritten: the patch sets the `resourceVersion` that was read, so the server responds
///   with a conflict. Then the object is read and the function called again.
/// - If the function changes nothing, no patch is sent, and the object is returned as it was read.
///
/// Anything that has a path can be changed, such as the status: `modify(client, ReadRequest::<Pod>::namespaced("shop",
/// "web").subresource("status"), …)`. [`Modify`] has options. It needs permission to `get` and `patch`.
///
/// # Errors
/// Returns the first error other than a conflict, or the last conflict after [5 attempts](Retry::default).
///
/// # Cancel safety
/// If the future is dropped, it is unknown whether the server has changed the object.
pub async fn modify<K, E>(client: &E, request: ReadRequest<K>, change: impl FnMut(&mut K)) -> Result<K, E::Error>
where
    K: Object,
    E: Execute<Error: RequestError>,
{
    Modify::new(request).send(client, change).await
}

/// A change of an object with options; see [`modify`].
///
/// ```
/// # use kubernetes_core::{Execute, ReadRequest, RequestError};
/// # use kubernetes_utils::{Modify, Retry};
/// # kubernetes_core::doc_test_resource!(Pod);
/// # async fn example<E: Execute<Error: RequestError>>(client: &E) -> Result<(), E::Error> {
/// let request = ReadRequest::<Pod>::namespaced("shop", "web");
/// let modify = Modify::new(request).field_manager("shop-operator").retry(Retry::for_busy_objects());
/// modify.send(client, |pod| pod.metadata.finalizers.clear()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a change does nothing until it is sent"]
pub struct Modify<K> {
    request: ReadRequest<Raw<K>>,
    retry: Retry,
    field_manager: Option<Str>,
    dry_run: Option<Str>,
    field_validation: Option<Str>,
}

impl<K: Object> Modify<K> {
    /// Creates a change of the object that `request` reads.
    pub fn new(request: ReadRequest<K>) -> Self {
        let retry = Retry::default();
        Self { request: request.raw(), retry, field_manager: None, dry_run: None, field_validation: None }
    }

    /// Sets the number of attempts and the delays in case of conflicts.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Sets the field manager, which becomes the owner of the changed fields.
    pub fn field_manager(mut self, manager: impl Into<Str>) -> Self {
        self.field_manager = Some(manager.into());
        self
    }

    /// With `All`, the server checks the request without storing the result.
    pub fn dry_run(mut self, dry_run: impl Into<Str>) -> Self {
        self.dry_run = Some(dry_run.into());
        self
    }

    /// Sets the treatment of unknown fields: `Ignore`, `Warn` (the default) or `Strict`.
    pub fn field_validation(mut self, validation: impl Into<Str>) -> Self {
        self.field_validation = Some(validation.into());
        self
    }

    /// Reads the object, changes it, and sends the difference, until there is no conflict.
    ///
    /// # Errors
    /// See [`modify`].
    ///
    /// # Cancel safety
    /// Like [`modify`].
    pub async fn send<E>(self, client: &E, mut change: impl FnMut(&mut K)) -> Result<K, E::Error>
    where
        E: Execute<Error: RequestError>,
    {
        let mut attempts = self.retry.start();
        loop {
            let read = self.request.clone().send(client).await?;
            let (object, patch) = read.changed(&mut change).map_err(E::Error::from_decode)?;
            let Some(patch) = patch else { return Ok(object) };
            match self.patch(&Patch::from(&patch)).send(client).await {
                Err(error) if error.status().is_some_and(Status::is_conflict) => attempts.wait_after(error).await?,
                result => return result,
            }
        }
    }

    fn patch<'a>(&self, patch: &'a Patch) -> PatchRequest<'a, K> {
        let mut request = PatchRequest::at(self.request.request().path.clone(), patch);
        if let Some(manager) = &self.field_manager {
            request = request.field_manager(manager);
        }
        if let Some(dry_run) = &self.dry_run {
            request = request.dry_run(dry_run);
        }
        if let Some(validation) = &self.field_validation {
            request = request.field_validation(validation);
        }
        request
    }
}
