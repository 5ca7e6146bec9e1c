//! Access decisions: everything is allowed unless a test decides otherwise.

use std::fmt;
use std::sync::Arc;

/// The attributes of a request whose access is reviewed.
///
/// Empty fields are unset, as in a `SubjectAccessReview`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessAttributes {
    /// The user; `kubernetes-admin` for a request's own user without impersonation.
    pub user: String,
    /// The groups of the user.
    pub groups: Vec<String>,
    /// The verb, such as `get`; for a non-resource path, the HTTP method in lower case.
    pub verb: String,
    /// The API group, empty for the core group.
    pub group: String,
    /// The plural of the resource.
    pub resource: String,
    /// The subresource.
    pub subresource: String,
    /// The namespace.
    pub namespace: String,
    /// The name of the object.
    pub name: String,
    /// A non-resource path, such as `/healthz`.
    pub path: String,
}

/// A decision about access.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// The request is allowed.
    Allowed,
    /// The request is not allowed, for this reason.
    Denied(String),
}

/// The script that decides; without one, everything is allowed.
#[derive(Clone, Default)]
pub(crate) struct AccessPolicy(Option<Arc<Decide>>);

type Decide = dyn Fn(&AccessAttributes) -> Access + Send + Sync;

impl AccessPolicy {
    pub(crate) fn new(decide: impl Fn(&AccessAttributes) -> Access + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(decide)))
    }

    pub(crate) fn decide(&self, attributes: &AccessAttributes) -> Access {
        self.0.as_ref().map_or(Access::Allowed, |decide| decide(attributes))
    }

    /// Whether everything is allowed.
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Debug for AccessPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_open() { "open" } else { "scripted" })
    }
}
