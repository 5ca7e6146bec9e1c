mod resource;

use memchr::{memchr, memchr2};

use crate::{ClusterResource, InvalidRequest, NamespacedResource, Resource, percent};

/// The path of a request, with percent-encoded arguments.
///
/// ```
/// use kubernetes_core::Path;
///
/// let path = Path::new("/api/v1/namespaces/{namespace}/pods/{name}", &["shop", "a b?"]);
/// assert_eq!(path.as_str()?, "/api/v1/namespaces/shop/pods/a%20b%3F");
///
/// let path = Path::new("/api/v1/namespaces/{namespace}/pods/{name}", &["shop", "web/../db"]);
/// assert_eq!(path.as_str().unwrap_err().to_string(), "the argument `name` must not contain \"/\"");
/// # Ok::<(), kubernetes_core::InvalidRequest>(())
/// ```
///
/// An argument that can't be a single segment of a path is kept as an error until the request is sent, so that building
/// a request never fails. An argument must not be empty, `.` or `..`, nor contain `/` or `%`, as in client-go
/// (<https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/api/validation/path/name.go>): the API server decodes
/// a path before routing, so even an encoded slash would lead to another object.
#[derive(Clone, Debug)]
pub struct Path(Result<String, InvalidRequest>);

impl Path {
    /// Creates a path from `template` by replacing each `{placeholder}` with the next of `arguments`.
    pub fn new(template: &str, arguments: &[&str]) -> Self {
        let mut path = String::with_capacity(template.len() + 16 * arguments.len());
        let mut rest = template;
        for argument in arguments {
            let Some((before, name, after)) = placeholder(rest) else {
                return Self(Err(InvalidRequest::new(format!("{template} has no placeholder for {argument:?}"))));
            };
            if let Err(error) = check_argument(name, argument) {
                return Self(Err(error));
            }
            path.push_str(before);
            path.extend(percent::encode(argument));
            rest = after;
        }
        if let Some((_, name, _)) = placeholder(rest) {
            return Self(Err(InvalidRequest::new(format!("the argument `{name}` is missing"))));
        }
        path.push_str(rest);
        Self(Ok(path))
    }

    /// The path of a resource's objects: those of a namespace, or all of them.
    pub fn of<K: Resource>(namespace: Option<&str>) -> Self {
        resource::of::<K>(namespace)
    }

    /// The path of an object in a namespace.
    pub fn namespaced<K: NamespacedResource>(namespace: impl AsRef<str>, name: impl AsRef<str>) -> Self {
        resource::of::<K>(Some(namespace.as_ref())).object(name)
    }

    /// The path of an object of a cluster-scoped resource.
    pub fn cluster<K: ClusterResource>(name: impl AsRef<str>) -> Self {
        resource::of::<K>(None).object(name)
    }

    /// The path of the object with this name in the collection at this path.
    #[must_use]
    pub fn object(self, name: impl AsRef<str>) -> Self {
        self.segment("name", name.as_ref())
    }

    /// An invalid path; the reason is reported when the request is sent.
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self(Err(InvalidRequest::new(Into::<String>::into(reason))))
    }

    /// Appends a segment; errors refer to it as `argument`.
    #[must_use]
    pub fn segment(self, argument: &str, value: &str) -> Self {
        Self(self.0.and_then(|mut path| {
            check_argument(argument, value)?;
            path.push('/');
            path.extend(percent::encode(value));
            Ok(path)
        }))
    }

    /// The path of a subresource. The type of the subresource may differ from the object's, as for `scale`.
    ///
    /// ```
    /// use kubernetes_core::Path;
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let path = Path::namespaced::<Pod>("shop", "web").subresource("eviction");
    /// assert_eq!(path.as_str()?, "/api/v1/namespaces/shop/pods/web/eviction");
    /// # Ok::<(), kubernetes_core::InvalidRequest>(())
    /// ```
    #[must_use]
    pub fn subresource(self, name: impl AsRef<str>) -> Self {
        self.segment("subresource", name.as_ref())
    }

    /// Appends a path that may have several segments, for proxies; each segment is encoded, and the slashes are kept.
    #[must_use]
    pub fn join(self, segments: &str) -> Self {
        Self(self.0.and_then(|mut path| {
            for segment in segments.trim_start_matches('/').split('/') {
                if matches!(segment, "." | "..") {
                    return Err(InvalidRequest::new(format!("the path {segments:?} must not contain {segment:?}")));
                }
                path.push('/');
                path.extend(percent::encode(segment));
            }
            Ok(path)
        }))
    }

    /// The path.
    ///
    /// # Errors
    /// Returns an error if an argument is not allowed in a path.
    pub fn as_str(&self) -> Result<&str, InvalidRequest> {
        self.0.as_deref().map_err(Clone::clone)
    }
}

fn check_argument(name: &str, argument: &str) -> Result<(), InvalidRequest> {
    let fault = match memchr2(b'/', b'%', argument.as_bytes()).map(|at| char::from(argument.as_bytes()[at])) {
        _ if argument.is_empty() => "is empty".to_owned(),
        _ if matches!(argument, "." | "..") => format!("must not be {argument:?}"),
        Some(character) => format!("must not contain \"{character}\""),
        None => return Ok(()),
    };
    Err(InvalidRequest::new(format!("the argument `{name}` {fault}")))
}

/// Splits at the first `{name}`.
fn placeholder(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_at(memchr(b'{', template.as_bytes())?);
    let (name, after) = rest.split_at(memchr(b'}', rest.as_bytes())?);
    Some((before, &name[1..], &after[1..]))
}
