use kubernetes_core::Str;

use crate::ApiResource;

/// A group of an API, with its versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiGroup {
    /// The name, empty for the core group.
    pub name: Str,
    /// The versions, the preferred one first.
    pub versions: Vec<ApiVersion>,
}

/// A version of a group, with its resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiVersion {
    /// The version, such as `v1`.
    pub version: Str,
    /// The resources, in the server's order.
    pub resources: Vec<ApiResource>,
    pub(crate) state: State,
}

/// The state of the knowledge about a version's resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Current,
    /// The last resources that the server knew.
    Stale,
    /// The resources are not known.
    Unknown,
}

impl ApiGroup {
    /// The version to use by default: the first that responds.
    pub fn preferred_version(&self) -> Option<&ApiVersion> {
        self.versions.iter().find(|version| !version.is_stale()).or(self.versions.first())
    }

    /// Each resource once, in the preferred version or else the first that has it.
    pub fn preferred_resources(&self) -> impl Iterator<Item = &ApiResource> {
        let mut names = std::collections::HashSet::new();
        let current = self.versions.iter().filter(|version| !version.is_stale());
        let stale = self.versions.iter().filter(|version| version.is_stale());
        current.chain(stale).flat_map(|version| &version.resources).filter(move |known| names.insert(&known.plural))
    }
}

impl ApiVersion {
    /// Whether the API server of this version does not respond: its resources, if any, are the last known ones.
    pub fn is_stale(&self) -> bool {
        self.state != State::Current
    }
}
