use kubernetes_core::json::{DecodeError, Reader, Value, from_str};
use kubernetes_core::{Json, Str};
use kubernetes_models::authorization::v1::{SubjectAccessReview, SubjectAccessReviewSpec, SubjectAccessReviewStatus};
use tracing::Span;

use super::kind::ReviewKind;

/// The decision about an access: it is allowed, denied, or left to the other authorizers.
///
/// ```
/// use kubernetes_webhooks::Authorization;
///
/// let decision = Authorization::deny().reason("secrets of other teams can't be read");
/// ```
///
/// An API server remembers an allowed access for five minutes and any other for 30 seconds
/// (`--authorization-webhook-cache-authorized-ttl`, `--authorization-webhook-cache-unauthorized-ttl`), but not an error:
/// then its failure policy decides.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Authorization(SubjectAccessReviewStatus);

impl Authorization {
    /// The access is allowed, and no later authorizer is asked.
    pub fn allow() -> Self {
        Self(SubjectAccessReviewStatus { allowed: true, ..SubjectAccessReviewStatus::default() })
    }

    /// The access is denied, and no later authorizer is asked.
    ///
    /// An authorizer before this one may have allowed the access: then the webhook is not asked. So one that denies must
    /// stand before RBAC in the file of `--authorization-config`; with the flag `--authorization-mode=Node,RBAC,Webhook` it
    /// denies only what RBAC does not allow.
    pub fn deny() -> Self {
        Self(SubjectAccessReviewStatus { denied: Some(true), ..SubjectAccessReviewStatus::default() })
    }

    /// The later authorizers decide; the access is refused if none allows it.
    pub fn no_opinion() -> Self {
        Self(SubjectAccessReviewStatus::default())
    }

    /// Sets the reason, which is part of the API server's error and its audit log.
    pub fn reason(mut self, reason: impl Into<Str>) -> Self {
        self.0.reason = Some(reason.into());
        self
    }

    /// Says that a part of the rules could not be evaluated, although there is a decision.
    pub fn evaluation_error(mut self, error: impl Into<Str>) -> Self {
        self.0.evaluation_error = Some(error.into());
        self
    }
}

impl ReviewKind for SubjectAccessReview {
    const API_VERSIONS: [&'static str; 2] = ["authorization.k8s.io/v1", "authorization.k8s.io/v1beta1"];
    const HAS_SECRET: bool = false;
    type Spec = SubjectAccessReviewSpec;
    type Decision = Authorization;
    type Status = SubjectAccessReviewStatus;

    fn read_spec(api_version: &str, spec: &Json) -> Result<SubjectAccessReviewSpec, DecodeError> {
        let mut read: SubjectAccessReviewSpec = from_str(spec.as_str())?;
        if api_version == Self::API_VERSIONS[1] {
            read.groups = from_str::<BetaSpec>(spec.as_str())?.group;
        }
        Ok(read)
    }

    fn status(_: &SubjectAccessReviewSpec, decision: Authorization) -> Result<SubjectAccessReviewStatus, &'static str> {
        Ok(decision.0)
    }

    fn span(path: &str, spec: &SubjectAccessReviewSpec) -> Span {
        let user = spec.user.as_deref();
        match (&spec.resource_attributes, &spec.non_resource_attributes) {
            (Some(to), _) => {
                let (verb, resource, namespace) = (to.verb.as_deref(), to.resource.as_deref(), to.namespace.as_deref());
                tracing::debug_span!("subject_access_review", path, user, verb, resource, namespace)
            }
            (None, Some(to)) => {
                let (verb, url) = (to.verb.as_deref(), to.path.as_deref());
                tracing::debug_span!("subject_access_review", path, user, verb, url)
            }
            (None, None) => tracing::debug_span!("subject_access_review", path, user),
        }
    }
}

/// The one field that has another name in `v1beta1`, which API servers send by default.
#[derive(Default)]
struct BetaSpec {
    group: Vec<Str>,
}

impl Value for BetaSpec {
    const FIELDS: &'static [&'static str] = &["group"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.group])
    }
}
