//! The groups, versions and resources that a server has.

mod classic;
mod documents;
mod failure;
mod fetch;
mod group;

use kubernetes_client::{Client, Error};
use kubernetes_core::{GroupVersion, GroupVersionKind};

pub use failure::DiscoveryFailure;
pub use group::{ApiGroup, ApiVersion};

pub(crate) use classic::{read_groups, read_resources, write_groups, write_resources};
pub(crate) use fetch::Fetch;

use crate::ApiResource;

/// A snapshot of the groups of a server, their versions, and the resources of each.
///
/// ```no_run
/// # async fn example(client: &kubernetes_client::Client) -> Result<(), kubernetes_client::Error> {
/// use kubernetes_dynamic::Discovery;
///
/// let discovery = Discovery::run(client).await?;
/// for resource in discovery.preferred_resources().filter(|resource| resource.supports("list")) {
///     println!("{resource}: {}", resource.kind);
/// }
/// for failure in discovery.failures() {
///     println!("{failure}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// It takes two requests if the server supports aggregated discovery (`apidiscovery.k8s.io/v2`, since Kubernetes 1.30),
/// and otherwise another one for each group and version; each response decides. A version whose API server does not
/// respond does not affect the rest: [`failures`](Self::failures) names it, and the last known resources are kept as
/// [stale](ApiVersion::is_stale).
///
/// A [`Mapper`](crate::Mapper) looks up resources in it, and keeps it up to date.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    pub(crate) groups: Vec<ApiGroup>,
    pub(crate) failures: Vec<DiscoveryFailure>,
}

impl Discovery {
    /// Discovers what the server has.
    ///
    /// # Errors
    /// Returns an error if the server's groups can't be discovered. If only the resources of a version can't be, that
    /// is a [failure](Self::failures), not an error.
    ///
    /// # Cancel safety
    /// If the future is dropped, the requests are abandoned; they change nothing on the server.
    pub async fn run(client: &Client) -> Result<Self, Error> {
        Fetch::default().run(client).await
    }

    /// Like [`run`](Self::run), but only for the API server that responds, without its peers: for clusters with API
    /// servers of different versions (`profile=nopeer`).
    ///
    /// # Errors
    /// See [`run`](Self::run).
    ///
    /// # Cancel safety
    /// Like [`run`](Self::run).
    pub async fn run_without_peers(client: &Client) -> Result<Self, Error> {
        Fetch { without_peers: true }.run(client).await
    }

    /// The groups in the server's order, which is by priority; the core group comes first.
    pub fn groups(&self) -> &[ApiGroup] {
        &self.groups
    }

    /// The group with this name; that of the core group is empty.
    pub fn group(&self, name: &str) -> Option<&ApiGroup> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// A version of a group.
    pub fn version(&self, group: &str, version: &str) -> Option<&ApiVersion> {
        self.group(group)?.versions.iter().find(|known| known.version == version)
    }

    /// All resources in all versions, by priority: groups in the server's order, in each the preferred version first.
    pub fn resources(&self) -> impl Iterator<Item = &ApiResource> {
        self.groups.iter().flat_map(|group| &group.versions).flat_map(|version| &version.resources)
    }

    /// Each resource once, in the preferred version of its group or else the first that has it.
    pub fn preferred_resources(&self) -> impl Iterator<Item = &ApiResource> {
        self.groups.iter().flat_map(ApiGroup::preferred_resources)
    }

    /// The resource whose objects have this type.
    pub fn kind(&self, of_type: &GroupVersionKind) -> Option<&ApiResource> {
        let version = self.version(&of_type.group, &of_type.version)?;
        version.resources.iter().find(|resource| resource.kind == of_type.kind)
    }

    /// The versions that could not be discovered, because they do not respond or the user is not allowed to see them.
    pub fn failures(&self) -> &[DiscoveryFailure] {
        &self.failures
    }

    /// Records a failure, replacing an earlier one of the same version.
    pub(crate) fn fail(&mut self, failure: DiscoveryFailure) {
        self.failures.retain(|other| other.group_version() != failure.group_version());
        self.failures.push(failure);
    }

    pub(crate) fn is_stale(&self, group_version: &GroupVersion) -> bool {
        self.version(&group_version.group, &group_version.version).is_some_and(ApiVersion::is_stale)
    }
}
