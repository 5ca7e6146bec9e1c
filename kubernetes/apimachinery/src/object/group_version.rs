use std::fmt;
use std::str::FromStr;

use crate::{Resource, StaticType, Str};

/// A group and version of the API, which objects carry as `apiVersion`.
///
/// ```
/// use kubernetes_core::GroupVersion;
///
/// let apps: GroupVersion = "apps/v1".parse()?;
/// assert_eq!((apps.group.as_str(), apps.version.as_str()), ("apps", "v1"));
/// assert_eq!(GroupVersion::new("", "v1").to_string(), "v1");
/// # Ok::<(), kubernetes_core::ParseGroupVersionError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupVersion {
    /// The group, empty for the core group.
    pub group: Str,
    /// The version, such as `v1`.
    pub version: Str,
}

/// Identifies a type of object by its group, version and kind.
///
/// ```
/// use kubernetes_core::GroupVersionKind;
///
/// let kind: GroupVersionKind = "Deployment.v1.apps".parse()?;
/// assert_eq!(kind, GroupVersionKind::new("apps", "v1", "Deployment"));
/// assert_eq!(kind.to_string(), "apps/v1, Kind=Deployment");
/// assert_eq!(kind.group_version().to_string(), "apps/v1");
/// # Ok::<(), kubernetes_core::ParseGroupVersionError>(())
/// ```
///
/// Parses kubectl's form `Kind.version.group` (a core kind ends with a dot: `Pod.v1.`) and the `Display` form.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupVersionKind {
    /// The group, empty for the core group.
    pub group: Str,
    /// The version, such as `v1`.
    pub version: Str,
    /// The kind, such as `Pod`.
    pub kind: Str,
}

/// Identifies a resource in paths by its group, version and plural.
///
/// ```
/// use kubernetes_core::GroupVersionResource;
///
/// let resource: GroupVersionResource = "deployments.v1.apps".parse()?;
/// assert_eq!(resource, GroupVersionResource::new("apps", "v1", "deployments"));
/// assert_eq!("pods.v1.".parse::<GroupVersionResource>()?.group, "");
/// # Ok::<(), kubernetes_core::ParseGroupVersionError>(())
/// ```
///
/// Parses kubectl's form `deployments.v1.apps` (a core resource ends with a dot: `pods.v1.`) and the `Display` form.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupVersionResource {
    /// The group, empty for the core group.
    pub group: Str,
    /// The version, such as `v1`.
    pub version: Str,
    /// The plural, such as `pods`.
    pub resource: Str,
}

impl GroupVersion {
    /// This group and version.
    pub fn new(group: impl Into<Str>, version: impl Into<Str>) -> Self {
        Self { group: group.into(), version: version.into() }
    }

    /// The type with this kind.
    pub fn with_kind(self, kind: impl Into<Str>) -> GroupVersionKind {
        GroupVersionKind { group: self.group, version: self.version, kind: kind.into() }
    }

    /// The resource with this plural.
    pub fn with_resource(self, resource: impl Into<Str>) -> GroupVersionResource {
        GroupVersionResource { group: self.group, version: self.version, resource: resource.into() }
    }
}

impl GroupVersionKind {
    /// This type.
    pub fn new(group: impl Into<Str>, version: impl Into<Str>, kind: impl Into<Str>) -> Self {
        GroupVersion::new(group, version).with_kind(kind)
    }

    /// The type of objects with this `apiVersion` and `kind`.
    ///
    /// # Errors
    /// Returns an error if `api_version` has more than one `/`.
    pub fn from_api_version(api_version: &str, kind: impl Into<Str>) -> Result<Self, ParseGroupVersionError> {
        Ok(api_version.parse::<GroupVersion>()?.with_kind(kind))
    }

    /// The type of `K`'s objects.
    pub fn of<K: Resource>() -> Self {
        Self::new(K::GROUP, K::VERSION, K::KIND)
    }

    /// Its group and version.
    pub fn group_version(&self) -> GroupVersion {
        GroupVersion::new(&self.group, &self.version)
    }

    /// The `apiVersion` of objects of this type.
    pub fn api_version(&self) -> Str {
        api_version(&self.group, &self.version)
    }
}

impl GroupVersionResource {
    /// This resource.
    pub fn new(group: impl Into<Str>, version: impl Into<Str>, resource: impl Into<Str>) -> Self {
        GroupVersion::new(group, version).with_resource(resource)
    }

    /// The resource of `K`.
    pub fn of<K: Resource>() -> Self {
        Self::new(K::GROUP, K::VERSION, K::PLURAL)
    }

    /// Its group and version.
    pub fn group_version(&self) -> GroupVersion {
        GroupVersion::new(&self.group, &self.version)
    }
}

pub(crate) fn api_version(group: &str, version: &str) -> Str {
    if group.is_empty() { version.into() } else { format!("{group}/{version}").into() }
}

impl From<StaticType> for GroupVersionKind {
    fn from(of_type: StaticType) -> Self {
        Self::new(of_type.group, of_type.version, of_type.kind)
    }
}

impl fmt::Display for GroupVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&api_version(&self.group, &self.version))
    }
}

impl fmt::Display for GroupVersionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}, Kind={}", self.group, self.version, self.kind)
    }
}

impl fmt::Display for GroupVersionResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}, Resource={}", self.group, self.version, self.resource)
    }
}

/// The error for a text that does not name a group and version.
#[derive(Clone, PartialEq, Eq)]
pub struct ParseGroupVersionError {
    text: Str,
    wanted: &'static str,
}

impl ParseGroupVersionError {
    fn new(text: &str, wanted: &'static str) -> Self {
        Self { text: text.chars().take(80).collect(), wanted }
    }
}

crate::error_text!(ParseGroupVersionError);

impl ParseGroupVersionError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not of the form {}", self.text.as_str(), self.wanted)
    }
}

impl std::error::Error for ParseGroupVersionError {}

impl FromStr for GroupVersion {
    type Err = ParseGroupVersionError;

    /// Like Go's `schema.ParseGroupVersion`: the empty text and `/` are the empty version of the core group.
    fn from_str(text: &str) -> Result<Self, ParseGroupVersionError> {
        match text.split_once('/') {
            None => Ok(Self::new("", text)),
            Some((_, version)) if version.contains('/') => {
                Err(ParseGroupVersionError::new(text, "`group/version` or `version`"))
            }
            Some((group, version)) => Ok(Self::new(group, version)),
        }
    }
}

/// Splits `name.version.group`, or the displayed form `group/version, Label=name`.
fn parts<'a>(text: &'a str, label: &str, wanted: &'static str) -> Result<[&'a str; 3], ParseGroupVersionError> {
    let displayed = || {
        let (group_version, name) = text.split_once(label)?;
        let (group, version) = group_version.split_once('/')?;
        Some([group, version, name])
    };
    let dotted = || {
        let (name, rest) = text.split_once('.')?;
        let (version, group) = rest.split_once('.')?;
        Some([group, version, name])
    };
    displayed()
        .or_else(dotted)
        .filter(|[group, version, _]| !(group.contains('/') || version.contains('/')))
        .filter(|[_, version, name]| !version.is_empty() && !name.is_empty())
        .ok_or_else(|| ParseGroupVersionError::new(text, wanted))
}

impl FromStr for GroupVersionKind {
    type Err = ParseGroupVersionError;

    fn from_str(text: &str) -> Result<Self, ParseGroupVersionError> {
        parts(text, ", Kind=", "`Kind.version.group`").map(|[group, version, kind]| Self::new(group, version, kind))
    }
}

impl FromStr for GroupVersionResource {
    type Err = ParseGroupVersionError;

    fn from_str(text: &str) -> Result<Self, ParseGroupVersionError> {
        parts(text, ", Resource=", "`resource.version.group`")
            .map(|[group, version, resource]| Self::new(group, version, resource))
    }
}
