use std::fmt;

/// The reason why a source's requests can't be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unwatchable {
    NoRequest,
    NoResource,
    SeveralResources,
}

impl Unwatchable {
    /// Writes a message about a source; that of the controller's own objects has no name.
    pub(crate) fn write_message(self, f: &mut fmt::Formatter<'_>, source: Option<&str>) -> fmt::Result {
        match (self, source) {
            (Self::NoRequest, source) => {
                let source = source.unwrap_or("it");
                write!(f, "{source} has no list request; give it at least one, such as `ListRequest::all_namespaces()`")
            }
            (Self::NoResource, None) => f.write_str("the path of its request does not name a resource"),
            (Self::NoResource, Some(source)) => write!(f, "the path of {source} does not name a resource"),
            (Self::SeveralResources, None) => f.write_str("its list requests name several resources"),
            (Self::SeveralResources, Some(source)) => write!(f, "the list requests of {source} name several resources"),
        }
    }
}
