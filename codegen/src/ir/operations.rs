use kubernetes_swagger::extension::Action;

use super::{GroupVersionKind, Type};

/// An operation of the description.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// The place in the description.
    pub(crate) pointer: String,
    pub(crate) path: String,
    /// The HTTP method, in upper case.
    pub(crate) method: String,
    pub(crate) id: String,
    pub(crate) tag: String,
    pub(crate) description: String,
    pub(crate) action: Option<Action>,
    /// The kind that the operation acts on.
    pub(crate) kind: Option<GroupVersionKind>,
    /// In the order of the path.
    pub(crate) path_parameters: Vec<PathParameter>,
    /// Sorted by name.
    pub(crate) query: Vec<QueryParameter>,
    pub(crate) body: Option<Type>,
    /// The body of the 200 response.
    pub(crate) response: Option<Type>,
    /// The media types of the response.
    pub(crate) produces: Vec<String>,
}

impl Operation {
    pub(crate) fn has_parameter(&self, name: &str) -> bool {
        self.query.iter().any(|parameter| parameter.wire == name)
    }
}

/// A path that leads to a resource, such as `/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResourcePath<'a> {
    pub(crate) group: &'a str,
    pub(crate) version: &'a str,
    pub(crate) is_namespaced: bool,
    pub(crate) plural: &'a str,
    /// Whether it leads to one object, and not to the collection.
    pub(crate) has_name: bool,
    pub(crate) subresource: Option<&'a str>,
}

impl<'a> ResourcePath<'a> {
    /// Parses a path; `None` for one that leads elsewhere.
    pub(crate) fn parse(path: &'a str) -> Option<Self> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (group, version, rest) = match segments.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let (is_namespaced, rest) = match rest {
            ["namespaces", "{namespace}", rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (plural, has_name, subresource) = match rest {
            [plural] => (*plural, false, None),
            [plural, "{name}"] => (*plural, true, None),
            [plural, "{name}", subresource] => (*plural, true, Some(*subresource)),
            _ => return None,
        };
        Some(Self { group, version, is_namespaced, plural, has_name, subresource })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct PathParameter {
    /// The name in the path's template.
    pub(crate) wire: String,
    /// The name in Rust.
    pub(crate) name: String,
    pub(crate) description: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueryParameter {
    /// The name in the query.
    pub(crate) wire: String,
    /// The name in Rust.
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) type_: QueryType,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum QueryType {
    String,
    Boolean,
    Integer,
    /// Strings, each a parameter of its own: `command=ls&command=-l`.
    Strings,
    /// Integers, each a parameter of its own.
    Integers,
}

/// The verb of an operation; each has one request type in `kubernetes-core`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verb {
    List,
    Read,
    Create,
    Replace,
    Patch,
    Delete,
    DeleteCollection,
    Log,
    Connect(Connection),
    /// Reads a document that is not an object of a resource: versions, lists of resources.
    Get,
}

/// The purpose of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Connection {
    Exec,
    Attach,
    PortForward,
    Proxy,
}

/// An operation as it is rendered.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) operation: Operation,
    pub(crate) verb: Verb,
    /// The type that the request is about: the object, or the response of a get.
    pub(crate) subject: Option<Type>,
    /// The type of the response to a create, where it is not the type that was sent.
    pub(crate) response: Option<Type>,
    /// The module of the group, such as `apps`.
    pub(crate) group: String,
    /// The module of the version; operations on groups have none.
    pub(crate) version: Option<String>,
    pub(crate) name: String,
}
