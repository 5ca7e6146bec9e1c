use kubernetes_client::{Client, Error};
use kubernetes_core::json::Tree;
use kubernetes_core::{CreateRequest, GroupVersionKind, Object, Path, Str};
use kubernetes_dynamic::{ApiResource, DynamicObject};

use super::VerbError;

/// The server's decision whether a request is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Access {
    /// Whether the request is allowed.
    pub allowed: bool,
    /// The server's reason; often empty.
    pub reason: Str,
}

/// The user as the server identifies it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserInfo {
    /// The name.
    pub username: Str,
    /// The uid; often empty.
    pub uid: Str,
    /// The groups.
    pub groups: Vec<Str>,
}

/// Asks the server whether the client's user may send a request, like `kubectl auth can-i`.
///
/// ```no_run
/// # async fn example(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use kubernetes_dynamic::Mapper;
/// use kubernetes_utils::can_i;
///
/// let pods = Mapper::new(client).resource("pods").await?;
/// assert!(can_i(client, "create", &pods, Some("exec"), "shop", None).await?.allowed);
/// # Ok(())
/// # }
/// ```
///
/// The namespace is ignored for cluster-scoped resources; an empty one means all namespaces.
///
/// # Errors
/// Returns an error if the request fails.
///
/// # Cancel safety
/// If the future is dropped, the request is abandoned; it changes nothing on the server.
pub async fn can_i(
    client: &Client,
    verb: &str,
    resource: &ApiResource,
    subresource: Option<&str>,
    namespace: &str,
    name: Option<&str>,
) -> Result<Access, VerbError> {
    let kind = GroupVersionKind::new("authorization.k8s.io", "v1", "SelfSubjectAccessReview");
    let mut review = unnamed(&kind);
    let namespace = if resource.namespaced { namespace } else { "" };
    let attributes = [
        ("verb", verb),
        ("group", resource.group.as_str()),
        ("version", resource.version.as_str()),
        ("resource", resource.plural.as_str()),
        ("subresource", subresource.unwrap_or_default()),
        ("namespace", namespace),
        ("name", name.unwrap_or_default()),
    ];
    let attributes = attributes.into_iter().filter(|(_, value)| !value.is_empty());
    let attributes = attributes.map(|(key, value)| (Str::from(key), Tree::String(value.into()))).collect();
    review.set("/spec/resourceAttributes", &Tree::Object(attributes))?;
    let answer = send(client, "selfsubjectaccessreviews", &kind, &review).await?;
    let allowed = answer.get::<bool>("/status/allowed")?.unwrap_or_default();
    let reason = answer.get::<Str>("/status/reason")?.unwrap_or_default();
    Ok(Access { allowed, reason })
}

/// Asks the server which user it takes the client for, like `kubectl auth whoami`.
///
/// # Errors
/// Returns an error if the request fails.
///
/// # Cancel safety
/// If the future is dropped, the request is abandoned; it changes nothing on the server.
pub async fn whoami(client: &Client) -> Result<UserInfo, VerbError> {
    let kind = GroupVersionKind::new("authentication.k8s.io", "v1", "SelfSubjectReview");
    let answer = send(client, "selfsubjectreviews", &kind, &unnamed(&kind)).await?;
    let text = |field: &str| answer.get::<Str>(field).map(Option::unwrap_or_default);
    Ok(UserInfo {
        username: text("/status/userInfo/username")?,
        uid: text("/status/userInfo/uid")?,
        groups: answer.get("/status/userInfo/groups")?.unwrap_or_default(),
    })
}

fn unnamed(kind: &GroupVersionKind) -> DynamicObject {
    let mut object = DynamicObject::default();
    object.assume_type(&kind.api_version(), &kind.kind);
    object
}

async fn send(
    client: &Client,
    plural: &str,
    kind: &GroupVersionKind,
    review: &DynamicObject,
) -> Result<DynamicObject, Error> {
    let path = Path::new("/apis/{group}/{version}/{plural}", &[&kind.group, &kind.version, plural]);
    CreateRequest::<DynamicObject>::at(path, review).send(client).await
}
