//! Finds resources by the names that people and objects use.

mod builder;
mod error;
mod name;
mod near;
mod resolve;
mod snapshots;
mod wait;
mod watches;

use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::{GroupVersionKind, Object, Str};
use tokio::sync::watch;

pub use builder::MapperBuilder;
pub use error::MapError;
pub use wait::WaitForKind;
pub use watches::MapperWatch;

use crate::{ApiResource, Discovery};
use resolve::Ambiguity;
use snapshots::Snapshots;
use watches::Tasks;

/// Finds the resource with a name or a type, using discovery.
///
/// ```no_run
/// # async fn example(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use kubernetes_core::GroupVersionKind;
/// use kubernetes_dynamic::Mapper;
///
/// let mapper = Mapper::new(client);
/// let deployments = mapper.resource("deploy").await?; // or `deployments`, `deployment.apps`, `Deployment`, …
/// for object in deployments.in_namespace("shop").list().send(client).await? {
///     println!("{}", object.name());
/// }
/// let lanterns = mapper.kind(&GroupVersionKind::new("light.example.com", "v1", "Lantern")).await?;
/// # Ok(())
/// # }
/// ```
///
/// It discovers on first use, and again:
/// - after a miss, at most once per [interval](MapperBuilder::reload_interval), so that a new definition is found;
/// - when the last discovery is older than the [time to live](MapperBuilder::ttl), so that a changed scope or version
///   is noticed;
/// - after [`invalidate`](Self::invalidate), and after changes of definitions and API services while it
///   [watches](Self::watch_definitions) them.
///
/// There is one discovery at a time, which all callers share. If a refresh fails, the old result remains in use. Clones
/// share their results.
///
/// # Names
/// A plural, singular, short name or kind, in upper or lower case; alone, with a group (`deployments.apps`) or the
/// beginning of one (`storageclass.storage`), or with version and group (`deployments.v1.apps`, `pods.v1.`). A full
/// name takes precedence over a short name, and a short name over a kind.
///
/// If several groups have the name, a group of Kubernetes itself takes precedence (for `pods`, the core group over
/// `metrics.k8s.io`). If only groups of custom resources have the name, it is [ambiguous](MapError::is_ambiguous),
/// unless the mapper [takes the first](MapperBuilder::first_of_ambiguous), as kubectl does.
#[derive(Clone)]
pub struct Mapper {
    snapshots: Arc<Snapshots>,
    watches: Arc<Mutex<Weak<Tasks>>>,
    ambiguity: Ambiguity,
}

impl Mapper {
    /// Creates a mapper for the resources of the client's server.
    pub fn new(client: &Client) -> Self {
        Self::builder(client).build()
    }

    /// Returns a builder for a mapper.
    pub fn builder(client: &Client) -> MapperBuilder {
        MapperBuilder::new(client)
    }

    /// The resource with this [name](Self#names).
    ///
    /// # Errors
    /// Returns an error if there is [no such resource](MapError::is_no_match), if there are
    /// [several](MapError::is_ambiguous), or if discovery failed.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn resource(&self, name: &str) -> Result<ApiResource, MapError> {
        self.find(|discovery| resolve::by_name(discovery, name, self.ambiguity)).await
    }

    /// The resource and the object's name in a text such as `deploy/web`.
    ///
    /// # Errors
    /// See [`resource`](Self::resource); also fails if the text does not have this form.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn object(&self, text: &str) -> Result<(ApiResource, Str), MapError> {
        let (resource, name) = match text.split_once('/') {
            Some((resource, name)) if !name.is_empty() && !name.contains('/') => (resource, name),
            _ => return Err(MapError::invalid(text, "expected `resource/name`, as `deploy/web`")),
        };
        Ok((self.resource(resource).await?, name.into()))
    }

    /// The resources in a list such as `deploy,svc` or `all`, which may have names and categories; a category takes
    /// precedence over a name.
    ///
    /// # Errors
    /// See [`resource`](Self::resource); returns the first error.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn resources(&self, names: &str) -> Result<Vec<ApiResource>, MapError> {
        let mut found: Vec<ApiResource> = Vec::new();
        for name in names.split(',').map(str::trim) {
            let one_or_more = self
                .find(|discovery| match resolve::by_category(discovery, name) {
                    none if none.is_empty() => {
                        resolve::by_name(discovery, name, self.ambiguity).map(|resource| vec![resource])
                    }
                    resources => Ok(resources),
                })
                .await?;
            for resource in one_or_more {
                if !found.contains(&resource) {
                    found.push(resource);
                }
            }
        }
        Ok(found)
    }

    /// The resources of a category, such as `all`, each in its preferred version; empty if the server has no such
    /// category.
    ///
    /// # Errors
    /// Returns an error if discovery failed.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn category(&self, category: &str) -> Result<Vec<ApiResource>, MapError> {
        Ok(resolve::by_category(&*self.discovery().await?, category))
    }

    /// The resource whose objects have this type; an empty version means the preferred one.
    ///
    /// # Errors
    /// See [`resource`](Self::resource).
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn kind(&self, of_type: &GroupVersionKind) -> Result<ApiResource, MapError> {
        self.find(|discovery| resolve::by_kind(discovery, of_type)).await
    }

    /// The resource of an object, by its `apiVersion` and `kind`.
    ///
    /// # Errors
    /// See [`resource`](Self::resource); also fails if the object lacks `apiVersion` or `kind`.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn resource_of<K: Object>(&self, object: &K) -> Result<ApiResource, MapError> {
        match object.group_version_kind() {
            Some(of_type) => self.kind(&of_type).await,
            None => Err(MapError::invalid(&object.reference().to_string(), "it has no `apiVersion` and `kind`")),
        }
    }

    /// Waits until the server has a resource of this kind, for example after its definition was created; an empty
    /// version means any.
    ///
    /// ```no_run
    /// # async fn example(mapper: &kubernetes_dynamic::Mapper) -> Result<(), kubernetes_dynamic::MapError> {
    /// use std::time::Duration;
    /// use kubernetes_core::GroupVersionKind;
    ///
    /// let kind = GroupVersionKind::new("light.example.com", "v1", "Lantern");
    /// let lanterns = mapper.wait_for(&kind).within(Duration::from_secs(30)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_for(&self, of_type: &GroupVersionKind) -> WaitForKind<'_> {
        WaitForKind::new(self, of_type.clone())
    }

    /// The last discovery, or a new one if that is too old.
    ///
    /// # Errors
    /// Returns an error if discovery failed.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn discovery(&self) -> Result<Arc<Discovery>, MapError> {
        Ok(self.snapshots.current().await?.discovery)
    }

    /// Makes the next lookup discover again, for example after a response with 404 for its path.
    pub fn invalidate(&self) {
        self.snapshots.invalidate();
    }

    /// Watches CustomResourceDefinitions and APIServices, and discovers again when one of them changes: a change is
    /// noticed after an [interval](MapperBuilder::reload_interval), however many there are, or once the server shows
    /// it.
    ///
    /// The handles share one watch, which ends when the last is dropped. If the user may not watch these resources, a
    /// warning is logged, and the mapper works as without the watch.
    ///
    /// # Panics
    /// Panics if it is called outside a tokio runtime.
    pub fn watch_definitions(&self) -> MapperWatch {
        MapperWatch::start(&self.snapshots, &self.watches)
    }

    pub(crate) fn client(&self) -> &Client {
        &self.snapshots.client
    }

    /// Notifies of every discovery, and of reasons for one.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.snapshots.changes()
    }

    /// The time to wait for a notification before the next check, as not every change causes one.
    pub(crate) fn longest_wait(&self) -> Duration {
        self.snapshots.longest_wait()
    }

    /// Looks something up, and again after a new discovery if it is missing.
    async fn find<T>(&self, look_up: impl Fn(&Discovery) -> Result<T, MapError>) -> Result<T, MapError> {
        let snapshot = self.snapshots.current().await?;
        match look_up(&snapshot.discovery) {
            Err(error) if error.is_no_match() => match self.snapshots.after_miss(&snapshot).await? {
                Some(newer) => look_up(&newer.discovery),
                None => Err(error),
            },
            result => result,
        }
    }
}

impl fmt::Debug for Mapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapper").field("ambiguity", &self.ambiguity).finish_non_exhaustive()
    }
}
