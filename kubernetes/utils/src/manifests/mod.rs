//! Reads manifests, and applies, compares and deletes their objects.
//!
//! ```no_run
//! # async fn example(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use kubernetes_utils::ApplySet;
//! use kubernetes_utils::manifests::Manifests;
//!
//! let manifests = Manifests::from_path("deploy")?;
//! let set = ApplySet::secret("shop", "web", "shop-deployer/1.4.0")?;
//! let report = manifests.apply("shop-deployer").prune(set).send(client).await?;
//! for outcome in &report {
//!     println!("{outcome}");
//! }
//! report.check()?;
//! report.wait_until_current(client, Duration::from_secs(300)).await?;
//! # Ok(())
//! # }
//! ```

mod apply;
mod compare;
mod concurrent;
mod create;
mod delete;
mod deletion;
mod diff;
mod error;
mod event;
mod location;
mod order;
mod plan;
mod prune;
mod read;
mod report;
mod served;
mod settings;
mod waves;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use kubernetes_core::Str;
use kubernetes_dynamic::DynamicObject;

pub use apply::Apply;
pub use compare::FieldDifference;
pub use create::{Create, Replace};
pub use delete::Delete;
pub use diff::{Diff, Difference, ObjectDiff};
pub use error::{ManifestError, Problem, ProblemKind};
pub use event::ManifestEvent;
pub use location::Location;
pub use read::ManifestReader;
pub use report::{Action, OperationError, Outcome, Report, ReportError};

/// Objects from manifests, in their order there.
///
/// ```
/// use kubernetes_utils::manifests::Manifests;
///
/// let manifests = Manifests::from_text("shop.yaml", "
/// apiVersion: v1
/// kind: Namespace
/// metadata: {name: shop}
/// ---
/// apiVersion: v1
/// kind: List
/// items:
/// - {apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}}
/// ")?;
/// let places: Vec<_> = manifests.iter().map(|manifest| manifest.location.as_ref().unwrap().to_string()).collect();
/// assert_eq!(places, ["shop.yaml:2:1", "shop.yaml:9:3"]);
/// # Ok::<(), kubernetes_utils::manifests::ManifestError>(())
/// ```
///
/// A text has any number of YAML or JSON documents; lists (`List`, `PodList`, …) are replaced by their items. YAML is
/// read as in [`kubernetes_core::yaml`].
///
/// # Order
/// [`apply`](Self::apply), [`create`](Self::create) and [`replace`](Self::replace) process objects by kind, in the order of the project cli-utils: first Namespaces, then definitions of custom resources, accounts, roles, configuration, services and workloads, and finally validating webhooks. Objects of a kind are sent concurrently. A definition must be established before its objects are sent. [`delete`](Self::delete) uses the reverse order, and waits until custom resources are gone before it deletes their definitions and controllers.
#[derive(Clone, Debug, Default)]
pub struct Manifests(Vec<Manifest>);

/// An object, and its place.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Manifest {
    /// The object.
    pub object: DynamicObject,
    /// The place where it was read; `None` if it comes from the program.
    pub location: Option<Location>,
}

impl Manifests {
    /// Returns a reader for several sources, with options.
    pub fn reader<'a>() -> ManifestReader<'a> {
        ManifestReader::new()
    }

    /// Reads a file, or the `.yaml`, `.yml` and `.json` files in a folder.
    ///
    /// # Errors
    /// See [`ManifestReader::read`].
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, ManifestError> {
        Self::reader().path(path).read()
    }

    /// Reads a text; errors refer to it by `name`.
    ///
    /// # Errors
    /// See [`ManifestReader::read`].
    pub fn from_text(name: impl Into<Arc<str>>, text: &str) -> Result<Self, ManifestError> {
        Self::reader().text(name, text).read()
    }

    /// Reads a stream; errors refer to it by `name`.
    ///
    /// # Errors
    /// See [`ManifestReader::read`].
    pub fn from_reader(name: impl Into<Arc<str>>, reader: impl Read) -> Result<Self, ManifestError> {
        ManifestReader::new().reader(name, reader).read()
    }

    /// Reads standard input.
    ///
    /// # Errors
    /// See [`ManifestReader::read`].
    pub fn from_stdin() -> Result<Self, ManifestError> {
        Self::reader().stdin().read()
    }

    /// The number of objects.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The objects with their places.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Manifest> {
        self.0.iter()
    }

    /// The objects, mutably.
    pub fn objects_mut(&mut self) -> impl ExactSizeIterator<Item = &mut DynamicObject> {
        self.0.iter_mut().map(|manifest| &mut manifest.object)
    }

    /// Keeps the manifests for which the function returns `true`.
    pub fn retain(&mut self, keep: impl FnMut(&Manifest) -> bool) {
        self.0.retain(keep);
    }

    /// Applies the objects with server-side apply (KEP-555), as this field manager.
    ///
    /// Kubectl's manager is `kubectl`.
    pub fn apply(&self, field_manager: impl Into<Str>) -> Apply<'_> {
        Apply::new(self, field_manager.into())
    }

    /// Creates the objects; existing ones are failures.
    pub fn create(&self) -> Create<'_> {
        Create::new(self)
    }

    /// Replaces the objects; missing ones are failures.
    ///
    /// A manifest with a `metadata.resourceVersion` only replaces that version; another version on the server is a
    /// conflict.
    pub fn replace(&self) -> Replace<'_> {
        Replace::new(self)
    }

    /// Deletes the objects, and waits until they are gone.
    pub fn delete(&self) -> Delete<'_> {
        Delete::new(self)
    }

    /// Compares the server's objects with the result of an [`apply`](Self::apply) as this field manager.
    pub fn diff(&self, field_manager: impl Into<Str>) -> Diff<'_> {
        Diff::new(self, field_manager.into())
    }
}

impl FromIterator<DynamicObject> for Manifests {
    fn from_iter<I: IntoIterator<Item = DynamicObject>>(objects: I) -> Self {
        Self(objects.into_iter().map(|object| Manifest { object, location: None }).collect())
    }
}

impl Extend<Manifest> for Manifests {
    fn extend<I: IntoIterator<Item = Manifest>>(&mut self, manifests: I) {
        self.0.extend(manifests);
    }
}

impl IntoIterator for Manifests {
    type Item = Manifest;
    type IntoIter = std::vec::IntoIter<Manifest>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Manifests {
    type Item = &'a Manifest;
    type IntoIter = std::slice::Iter<'a, Manifest>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
