use super::{InvalidRequest, percent};

/// The path of a request, its arguments percent-encoded into it.
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
/// An argument that can't be one segment of a path is kept as an error until the request is sent, so that building a
/// request never fails. It must not be empty, `.` or `..`, and have neither `/` nor `%`, as client-go has it
/// (<https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/api/validation/path/name.go>): the API server decodes
/// a path before it routes, so that even an encoded slash would lead to another object.
#[derive(Clone, Debug)]
pub struct Path(Result<String, InvalidRequest>);

impl Path {
    /// The `template` with each `{placeholder}` replaced by the next of `arguments`.
    pub fn new(template: &str, arguments: &[&str]) -> Self {
        let mut path = String::with_capacity(template.len() + 16 * arguments.len());
        let mut rest = template;
        for argument in arguments {
            let Some((before, name, after)) = placeholder(rest) else {
                return Self(Err(InvalidRequest::new(format!("{template} has no place for {argument:?}"))));
            };
            if argument.is_empty() {
                return Self(Err(InvalidRequest::new(format!("the argument `{name}` is empty"))));
            }
            if matches!(*argument, "." | "..") {
                return Self(Err(InvalidRequest::new(format!("the argument `{name}` must not be {argument:?}"))));
            }
            if let Some(character) = argument.chars().find(|character| matches!(character, '/' | '%')) {
                let message = format!("the argument `{name}` must not contain \"{character}\"");
                return Self(Err(InvalidRequest::new(message)));
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

    /// Appends a path that may have several segments, for proxies; each is encoded, the slashes between them are kept.
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
    /// If an argument can't stand in a path.
    pub fn as_str(&self) -> Result<&str, InvalidRequest> {
        self.0.as_deref().map_err(Clone::clone)
    }
}

/// Splits at the first `{name}`.
fn placeholder(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}
