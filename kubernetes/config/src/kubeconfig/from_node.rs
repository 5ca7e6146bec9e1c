//! Reads typed values from the tree of a YAML document.

use serde_json::Value;

use crate::yaml::scalar::Scalar;
use crate::yaml::{Content, Fault, Node};

/// A value and its line.
#[derive(Clone)]
pub(crate) struct Spanned<T> {
    pub(crate) value: T,
    /// `None` for a value that is in no file.
    pub(crate) line: Option<u64>,
}

/// A value with its line; `null` counts as absent.
pub(crate) type Field<T> = Option<Spanned<T>>;

/// A list whose items may be `null`.
pub(crate) type List<T> = Option<Vec<Field<T>>>;

/// A mapping with any keys; of equal ones the last wins.
pub(crate) type Pairs<T> = Vec<(String, T)>;

/// A type that can be read from a value in the file.
pub(crate) trait FromNode: Sized {
    fn from_node(node: Node) -> Result<Self, Fault>;
}

/// The keys of a mapping; keys that are not taken are unknown, which is allowed.
pub(crate) struct Keys(Vec<(String, Node)>);

impl Keys {
    pub(crate) fn of(node: Node) -> Result<Self, Fault> {
        match node.content {
            Content::Mapping(entries) => Ok(Self(entries)),
            _ => Err(Fault::new(node.line, "expected a mapping")),
        }
    }

    pub(crate) fn take<T: FromNode>(&mut self, key: &str) -> Result<T, Fault> {
        let found = self.0.iter_mut().rev().find(|(name, _)| name == key);
        let node = found.map_or(Node::ABSENT, |(_, node)| std::mem::replace(node, Node::ABSENT));
        T::from_node(node).map_err(|fault| fault.in_key(key))
    }
}

impl<T: FromNode> FromNode for Spanned<T> {
    fn from_node(node: Node) -> Result<Self, Fault> {
        let line = node.line;
        Ok(Self { value: T::from_node(node)?, line })
    }
}

impl<T: FromNode> FromNode for Option<T> {
    fn from_node(node: Node) -> Result<Self, Fault> {
        if node.is_null() { Ok(None) } else { T::from_node(node).map(Some) }
    }
}

impl<T: FromNode> FromNode for Vec<T> {
    fn from_node(node: Node) -> Result<Self, Fault> {
        let Content::List(items) = node.content else { return Err(Fault::new(node.line, "expected a list")) };
        let items = items.into_iter().enumerate();
        items.map(|(index, item)| T::from_node(item).map_err(|fault| fault.in_item(index))).collect()
    }
}

/// The keys of a mapping with arbitrary keys: errors do not name these, as one may be a misplaced secret.
impl<T: FromNode> FromNode for Pairs<T> {
    fn from_node(node: Node) -> Result<Self, Fault> {
        let entries = Keys::of(node)?.0.into_iter();
        entries.map(|(key, value)| Ok((key, T::from_node(value)?))).collect()
    }
}

impl FromNode for String {
    fn from_node(node: Node) -> Result<Self, Fault> {
        match node.content {
            Content::Scalar(Scalar::Text(text)) => Ok(text),
            Content::Scalar(Scalar::Null) => Err(Fault::new(node.line, "expected a string, not null")),
            Content::Scalar(_) => Err(Fault::new(node.line, "expected a string; put a number or boolean in quotes")),
            _ => Err(Fault::new(node.line, "expected a string")),
        }
    }
}

impl FromNode for Value {
    fn from_node(node: Node) -> Result<Self, Fault> {
        node.into_json()
    }
}

impl FromNode for bool {
    fn from_node(node: Node) -> Result<Self, Fault> {
        match node.content {
            Content::Scalar(Scalar::Bool(value)) => Ok(value),
            _ => Err(Fault::new(node.line, "expected true or false")),
        }
    }
}
