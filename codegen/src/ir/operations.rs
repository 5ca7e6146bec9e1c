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
    /// What the operation acts on.
    pub(crate) kind: Option<GroupVersionKind>,
    /// In the order of the path.
    pub(crate) path_parameters: Vec<PathParameter>,
    /// Sorted by name.
    pub(crate) query: Vec<QueryParameter>,
    pub(crate) body: Option<Type>,
    /// What the answer 200 holds.
    pub(crate) answer: Option<Type>,
    /// The media types of the answer.
    pub(crate) produces: Vec<String>,
}

impl Operation {
    pub(crate) fn has_parameter(&self, name: &str) -> bool {
        self.query.iter().any(|parameter| parameter.wire == name)
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

/// What an operation does; each has one request type in `kubernetes-core`.
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
    /// An answer that is no object of a resource: versions, lists of resources.
    Get,
}

/// What a connection is for.
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
    /// What the request is about: the object, or the answer of a get.
    pub(crate) subject: Option<Type>,
    /// What a create is answered with, where that is not what was sent.
    pub(crate) answer: Option<Type>,
    /// The module of the group, as `apps`.
    pub(crate) group: String,
    /// The module of the version; operations on groups have none.
    pub(crate) version: Option<String>,
    pub(crate) name: String,
}
