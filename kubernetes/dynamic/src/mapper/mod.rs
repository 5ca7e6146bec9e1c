//! Finds resources by whatever name people and objects give them.

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

/// Finds the resource for a name or a type, by discovery.
///
/// ```no_run
/// # async fn example(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use kubernetes_core::GroupVersionKind;
/// use kubernetes_dynamic::Mapper;
///
/// let mapper = Mapper::new(client);
/// let deployments = mapper.resource("deploy").await?; // as `deployments`, `deployment.apps`, `Deployment`, …
/// for object in deployments.in_namespace("shop").list().send(client).await? {
///     println!("{}", object.name());
/// }
/// let lanterns = mapper.kind(&GroupVersionKind::new("light.example.com", "v1", "Lantern")).await?;
/// # Ok(())
/// # }
/// ```
///
/// It discovers when it is first asked, and again
/// - after a miss, at most once per [interval](MapperBuilder::reload_interval): a definition that was just created is found;
/// - when its knowledge is older than the [time to live](MapperBuilder::ttl): a changed scope or version is noticed;
/// - after [`invalidate`](Self::invalidate), and after changes of definitions and API services while it
///   [watches](Self::watch_definitions) them.
///
/// There is one discovery at a time, however many callers wait for it. If a refresh fails, the old result is used for
/// longer. Clones share their results.
///
/// # Names
/// Plural, singular, short name and kind, in any case; each alone, with its group (`deployments.apps`, of which the
/// beginning is enough: `storageclass.storage`), or with version and group (`deployments.v1.apps`, `pods.v1.`). A full
/// name counts before a short one, and a short one before a kind.
///
/// If several groups have the name, one of Kubernetes itself is meant (`pods`, though `metrics.k8s.io` has some too). If
/// only groups of custom resources have it, it is [ambiguous](MapError::is_ambiguous), unless the mapper is to
/// [take the first](MapperBuilder::first_of_ambiguous), as kubectl does.
#[derive(Clone)]
pub struct Mapper {
    snapshots: Arc<Snapshots>,
    watches: Arc<Mutex<Weak<Tasks>>>,
    ambiguity: Ambiguity,
}

impl Mapper {
    /// A mapper of the resources of the client's server.
    pub fn new(client: &Client) -> Self {
        Self::builder(client).build()
    }

    /// Settings of a mapper.
    pub fn builder(client: &Client) -> MapperBuilder {
        MapperBuilder::new(client)
    }

    /// The resource of this [name](Self#names).
    ///
    /// # Errors
    /// If there is [none](MapError::is_no_match), there are [several](MapError::is_ambiguous), or the server could not be
    /// asked.
    ///
    /// # Cancel safety
    /// Dropping the future is safe: call it again at any time.
    pub async fn resource(&self, name: &str) -> Result<ApiResource, MapError> {
        self.find(|discovery| resolve::by_name(discovery, name, self.ambiguity)).await
    }

    /// The resource and the object's name of `deploy/web`.
    ///
    /// # Errors
    /// As [`resource`](Self::resource), and if the text is not of this form.
    ///
    /// # Cancel safety
    /// Dropping the future is safe: call it again at any time.
    pub async fn object(&self, text: &str) -> Result<(ApiResource, Str), MapError> {
        let (resource, name) = match text.split_once('/') {
            Some((resource, name)) if !name.is_empty() && !name.contains('/') => (resource, name),
            _ => return Err(MapError::invalid(text, "expected `resource/name`, as `deploy/web`")),
        };
        Ok((self.resource(resource).await?, name.into()))
    }

    /// The resources that a list names, as `deploy,svc` or `all`: names, and categories, which count before names.
    ///
    /// # Errors
    /// As [`resource`](Self::resource), for the first that fails.
    ///
    /// # Cancel safety
    /// Dropping the future is safe: call it again at any time.
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

    /// The resources of a category, as `all`, each in its preferred version; empty if the server has no such category.
    ///
    /// # Errors
    /// If the server could not be asked.
    ///
    /// # Cancel safety
    /// Dropping the future is safe: call it again at any time.
    pub async fn category(&self, category: &str) -> Result<Vec<ApiResource>, MapError> {
        Ok(resolve::by_category(&*self.discovery().await?, category))
    }

    /// The resource whose objects have this type; an empty version stands for the preferred one.
    ///
    /// # Errors
    /// As [`resource`](Self::resource).
    ///
    /// # Cancel safety
    /// Dropping the future is safe: call it again at any time.
    pub async fn kind(&self, of_type: &GroupVersionKind) -> Result<ApiResource, MapError> {
        self.find(|discovery| resolve::by_kind(discovery, of_type)).await
    }

    /// The resource of an object, by its `apiVersion` and `kind`.
    ///
    /// # Errors
    /// As [`resource`](Self::resource), and if the object does not say its type.
    ///
    /// # Cancel safety
    /// Dropping the future is safe: call it again at any time.
    pub async fn resource_of<K: Object>(&self, object: &K) -> Result<ApiResource, MapError> {
        match object.group_version_kind() {
            Some(of_type) => self.kind(&of_type).await,
            None => Err(MapError::invalid(&object.reference().to_string(), "it has no `apiVersion` and `kind`")),
        }
    }

    /// Waits until the server has a resource of this kind, as after its definition was created; an empty version stands
    /// for any.
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

    /// All that is known; the server is asked if that is too old.
    ///
    /// # Errors
    /// If the server could not be asked.
    ///
    /// # Cancel safety
    /// Dropping the future is safe: call it again at any time.
    pub async fn discovery(&self) -> Result<Arc<Discovery>, MapError> {
        Ok(self.snapshots.current().await?.discovery)
    }

    /// Makes the next question one to the server, such as after a request was answered with 404 for its path.
    pub fn invalidate(&self) {
        self.snapshots.invalidate();
    }

    /// Watches CustomResourceDefinitions and APIServices, and discovers again when one of them changes:
    /// a change is noticed after an [interval](MapperBuilder::reload_interval), however many come, or once the server
    /// shows it.
    ///
    /// It ends when the last handle is dropped: there is one watch, whoever asks for it. A user who may not watch them
    /// has what the mapper does without, and a warning is logged.
    ///
    /// # Panics
    /// If it is called outside a tokio runtime.
    pub fn watch_definitions(&self) -> MapperWatch {
        MapperWatch::start(&self.snapshots, &self.watches)
    }

    pub(crate) fn client(&self) -> &Client {
        &self.snapshots.client
    }

    /// Sends every discovery, and reasons for one.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.snapshots.changes()
    }

    /// How long to wait for a change before another look: not all changes are told.
    pub(crate) fn longest_wait(&self) -> Duration {
        self.snapshots.longest_wait()
    }

    /// Looks something up, once more after a new discovery if it is not there.
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
