//! The types of objects and their merge strategies, from the generated tables or the schema of a custom resource.

mod decode;
mod structural;
mod validation;

use std::sync::OnceLock;

use serde_json::Value;

use crate::generated::DEFINITIONS;
use crate::schema::{Definition, Merge, Type};
pub(crate) use decode::{fill_required, normalize};
pub(crate) use validation::validate;

/// The type of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape<'a> {
    /// A type of the API description.
    Described(Type, Merge),
    /// A whole object of a custom resource; the schema is that of everything except its metadata.
    CustomObject(Option<&'a Value>),
    /// A schema of a custom resource (`JSONSchemaProps`).
    Custom(&'a Value),
    /// Unknown.
    Unknown,
}

/// The kind of a shape's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar,
    /// An object with known fields.
    Object,
    Map,
    List,
    /// Anything.
    Any,
}

/// The merge strategy of an apply for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListMerge<'a> {
    Atomic,
    Set,
    Keyed(Vec<&'a str>),
}

/// The generated definition at an index of the table.
pub(crate) fn definition(index: u16) -> Option<&'static Definition> {
    DEFINITIONS.get(usize::from(index))
}

/// The index of a definition in the generated table.
pub(crate) fn index_of(name: &str) -> Option<u16> {
    DEFINITIONS.iter().position(|definition| definition.name == name).and_then(|index| index.try_into().ok())
}

/// The type of the metadata of all objects.
pub(crate) fn object_meta() -> Shape<'static> {
    static INDEX: OnceLock<Option<u16>> = OnceLock::new();
    const NAME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    INDEX
        .get_or_init(|| index_of(NAME))
        .map_or(Shape::Unknown, |index| Shape::Described(Type::Object(index), Merge::default()))
}

const TYPE_META: [&str; 2] = ["apiVersion", "kind"];

impl<'a> Shape<'a> {
    /// The objects at an index of the generated table.
    pub(crate) fn described(index: u16) -> Self {
        Self::Described(Type::Object(index), Merge::default())
    }

    pub(crate) fn definition(self) -> Option<&'static Definition> {
        match self {
            Self::Described(Type::Object(index), _) => definition(index),
            _ => None,
        }
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Described(type_, _) => match type_ {
                Type::Object(_) => Kind::Object,
                Type::List(_) => Kind::List,
                Type::Map(_) => Kind::Map,
                Type::Any => Kind::Any,
                _ => Kind::Scalar,
            },
            Self::CustomObject(_) => Kind::Object,
            Self::Custom(schema) => match schema.get("type").and_then(Value::as_str) {
                Some("object") if schema.get("properties").is_some_and(|fields| fields.is_object()) => Kind::Object,
                Some("object") if schema.get("additionalProperties").is_some_and(Value::is_object) => Kind::Map,
                Some("array") => Kind::List,
                Some("string" | "integer" | "number" | "boolean") => Kind::Scalar,
                _ => Kind::Any,
            },
            Self::Unknown => Kind::Any,
        }
    }

    /// The type of a field; `None` if there is no such field.
    pub(crate) fn field(self, name: &str) -> Option<Self> {
        match self {
            Self::Described(Type::Object(_), _) => {
                let definition = self.definition()?;
                let field = definition.fields.iter().find(|field| field.name == name);
                field.map(|field| Self::Described(field.type_, field.merge))
            }
            Self::Described(Type::Map(value), _) => Some(Self::Described(*value, Merge::default())),
            Self::Described(Type::Any, _) | Self::Unknown => Some(Self::Unknown),
            Self::Described(..) => None,
            Self::CustomObject(schema) => match name {
                "metadata" => Some(object_meta()),
                _ if TYPE_META.contains(&name) => Some(Self::Described(Type::String, Merge::default())),
                _ => schema.map_or(Some(Self::Unknown), |schema| Self::Custom(schema).field(name)),
            },
            Self::Custom(schema) => {
                let known = schema.get("properties").and_then(|fields| fields.get(name)).map(Self::Custom);
                let embedded = schema.get("x-kubernetes-embedded-resource") == Some(&Value::Bool(true));
                known
                    .or_else(|| match schema.get("additionalProperties") {
                        Some(values @ Value::Object(_)) => Some(Self::Custom(values)),
                        Some(Value::Bool(true)) => Some(Self::Unknown),
                        _ => None,
                    })
                    .or_else(|| (embedded && name == "metadata").then(object_meta))
                    .or_else(|| (embedded && TYPE_META.contains(&name)).then_some(Self::Unknown))
                    .or_else(|| (self.keeps_unknown_fields()).then_some(Self::Unknown))
            }
        }
    }

    /// Whether unknown fields are kept.
    fn keeps_unknown_fields(self) -> bool {
        match self {
            Self::Custom(schema) => schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true)),
            _ => false,
        }
    }

    /// The type of a list's items.
    pub(crate) fn item(self) -> Self {
        match self {
            Self::Described(Type::List(item), _) => Self::Described(*item, Merge::default()),
            Self::Custom(schema) => schema.get("items").map_or(Self::Unknown, Self::Custom),
            _ => Self::Unknown,
        }
    }

    fn merge(self) -> Merge {
        match self {
            Self::Described(_, merge) => merge,
            _ => Merge::default(),
        }
    }

    /// The merge strategy of an apply for the list.
    pub(crate) fn list_merge(self) -> ListMerge<'a> {
        match self {
            Self::Described(_, merge) if merge.set => ListMerge::Set,
            Self::Described(_, merge) if !merge.keys.is_empty() => ListMerge::Keyed(merge.keys.to_vec()),
            Self::Custom(schema) => match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
                Some("set") => ListMerge::Set,
                Some("map") => {
                    let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
                    ListMerge::Keyed(keys.into_iter().flatten().filter_map(Value::as_str).collect())
                }
                _ => ListMerge::Atomic,
            },
            _ => ListMerge::Atomic,
        }
    }

    /// Whether an apply treats the object or map as atomic.
    pub(crate) fn is_atomic(self) -> bool {
        match self {
            Self::Described(_, merge) => merge.atomic || self.definition().is_some_and(|definition| definition.atomic),
            Self::Custom(schema) => schema.get("x-kubernetes-map-type").and_then(Value::as_str) == Some("atomic"),
            _ => false,
        }
    }

    /// The default of a key field of a list's item.
    pub(crate) fn key_default(self, key: &str) -> Option<Value> {
        match self.field(key)? {
            // The only default of a key; the description has none.
            Self::Described(..) => (key == "protocol").then(|| "TCP".into()),
            Self::Custom(schema) => schema.get("default").cloned(),
            _ => None,
        }
    }

    /// The key for merging the list with a strategic merge patch; empty for a list of scalars.
    pub(crate) fn merge_key(self) -> Option<&'static str> {
        self.merge().merge_key
    }

    /// Whether a strategic merge patch replaces the object.
    pub(crate) fn is_replaced(self) -> bool {
        self.merge().replace
    }
}
