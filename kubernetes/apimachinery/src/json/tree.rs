use std::collections::HashMap;
use std::fmt;

use super::{DecodeError, Reader, Value, Writer};
use crate::Str;

/// Any JSON document as a tree, in which numbers stay as written and the keys of objects keep their order.
///
/// ```
/// use kubernetes_core::json::{self, Tree};
///
/// let mut tree: Tree = json::from_str(r#"{"spec": {"size": 1.50, "ports": [80]}}"#)?;
/// assert_eq!(json::to_string(tree.at("/spec/size").unwrap_or(&Tree::Null))?, "1.50");
/// tree.set("/spec/ports/-", Tree::from_value(&443)?)?;
/// tree.set("/spec/labels/app", Tree::from_value(&"web".to_owned())?)?;
/// assert_eq!(json::to_string(&tree)?, r#"{"spec":{"size":1.50,"ports":[80,443],"labels":{"app":"web"}}}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// If a key appears twice in an object, the last value wins. Two trees are equal if they are the same document; the
/// order of keys does not matter, and numbers are compared as text.
#[derive(Clone, Default)]
pub enum Tree {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(Str),
    /// A string, without its quotes and escapes.
    String(Str),
    /// A list.
    List(Vec<Tree>),
    /// An object: its keys, each of which appears once, and their values.
    Object(Vec<(Str, Tree)>),
}

/// Up to this many keys, a linear search is as fast as an index.
const FEW_KEYS: usize = 16;

impl Tree {
    /// Converts a value into its document.
    ///
    /// # Errors
    /// Returns an error only if the type has serde derives of its own and these fail.
    pub fn from_value<V: Value>(value: &V) -> Result<Self, super::EncodeError> {
        let text = super::to_string(value)?;
        super::from_str(&text).map_err(|error| super::EncodeError::new(error.to_string()))
    }

    /// Reads this document as a value.
    ///
    /// # Errors
    /// Returns an error if the document does not fit the type. The error names the place.
    pub fn to_value<V: Value>(&self) -> Result<V, DecodeError> {
        super::from_str(&self.to_text())
    }

    /// The document as text.
    pub fn to_text(&self) -> String {
        let mut writer = Writer::new();
        self.write(&mut writer);
        // Writing fails only for types with serde derives.
        writer.finish().unwrap_or_default()
    }

    /// The value of a key; `None` if the key is missing, or if this is not an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().find(|(name, _)| *name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value of a key, mutably; `None` if the key is missing, or if this is not an object.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match self {
            Self::Object(fields) => fields.iter_mut().find(|(name, _)| *name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Sorts the keys of all objects, including nested ones.
    pub fn sort_keys(&mut self) {
        match self {
            Self::List(items) => items.iter_mut().for_each(Self::sort_keys),
            Self::Object(fields) => {
                fields.sort_by(|(ours, _), (theirs, _)| ours.cmp(theirs));
                fields.iter_mut().for_each(|(_, value)| value.sort_keys());
            }
            _ => {}
        }
    }

    /// The text of a string; `None` for anything else.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    fn read_object(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.begin_object()?;
        let mut fields: Vec<(Str, Self)> = Vec::new();
        let mut index: HashMap<Str, usize> = HashMap::new();
        let mut first = true;
        while let Some(key) = reader.next_key(&mut first)? {
            let value = Self::read_tree(reader).map_err(|error| error.in_field(&key))?;
            let key = Str::from(key);
            reader.charge(size_of::<(Str, Self)>())?;
            if fields.len() == FEW_KEYS {
                index = fields.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect();
            }
            let known = match fields.len() < FEW_KEYS {
                true => fields.iter().position(|(name, _)| *name == key),
                false => index.get(&key).copied(),
            };
            match known {
                Some(place) => fields[place].1 = value,
                None => {
                    if fields.len() >= FEW_KEYS {
                        index.insert(key.clone(), fields.len());
                    }
                    fields.push((key, value));
                }
            }
        }
        Ok(Self::Object(fields))
    }

    fn read_list(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.begin_list()?;
        let mut items = Vec::new();
        let mut first = true;
        while reader.next_element(&mut first)? {
            reader.charge(size_of::<Self>())?;
            items.push(Self::read_tree(reader).map_err(|error| error.in_index(items.len()))?);
        }
        Ok(Self::List(items))
    }

    fn read_tree(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.token() {
            Some(b'{') => Self::read_object(reader)?,
            Some(b'[') => Self::read_list(reader)?,
            Some(b'"') => Self::String(reader.string()?.into()),
            Some(b't' | b'f') => Self::Bool(reader.boolean()?),
            Some(b'-' | b'0'..=b'9') => Self::Number(reader.raw()?.into()),
            _ if reader.null()? => Self::Null,
            _ => return Err(reader.expected("a value")),
        })
    }
}

impl From<&serde_json::Value> for Tree {
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => Self::Number(number.to_string().into()),
            serde_json::Value::String(text) => Self::String(text.as_str().into()),
            serde_json::Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            serde_json::Value::Object(fields) => {
                Self::Object(fields.iter().map(|(key, value)| (key.as_str().into(), Self::from(value))).collect())
            }
        }
    }
}

impl Value for Tree {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = Self::read_tree(reader)?;
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Null => writer.raw("null"),
            Self::Bool(value) => writer.raw(if *value { "true" } else { "false" }),
            Self::Number(text) => writer.raw(text),
            Self::String(text) => writer.string(text),
            Self::List(items) => {
                writer.begin_list();
                for item in items {
                    writer.element();
                    item.write(writer);
                }
                writer.end_list();
            }
            Self::Object(fields) => {
                writer.begin_object();
                for (key, value) in fields {
                    writer.key(key);
                    value.write(writer);
                }
                writer.end_object();
            }
        }
    }
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(ours), Self::Bool(theirs)) => ours == theirs,
            (Self::Number(ours), Self::Number(theirs)) | (Self::String(ours), Self::String(theirs)) => ours == theirs,
            (Self::List(ours), Self::List(theirs)) => ours == theirs,
            (Self::Object(ours), Self::Object(theirs)) => same_fields(ours, theirs),
            _ => false,
        }
    }
}

/// Objects written by the same type have their keys in the same order, so a search is the exception.
fn same_fields(ours: &[(Str, Tree)], theirs: &[(Str, Tree)]) -> bool {
    if ours.len() != theirs.len() {
        return false;
    }
    if ours.iter().zip(theirs).all(|((ours, _), (theirs, _))| ours == theirs) {
        return ours.iter().zip(theirs).all(|((_, ours), (_, theirs))| ours == theirs);
    }
    let theirs: HashMap<&Str, &Tree> = theirs.iter().map(|(key, value)| (key, value)).collect();
    ours.iter().all(|(key, value)| theirs.get(key).is_some_and(|other| *other == value))
}

impl fmt::Debug for Tree {
    /// Shows the kind of document but not its content, which may be a Secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(_) => f.write_str("a boolean"),
            Self::Number(_) => f.write_str("a number"),
            Self::String(_) => f.write_str("a string"),
            Self::List(items) => write!(f, "a list of {}", items.len()),
            Self::Object(fields) => write!(f, "an object of {} fields", fields.len()),
        }
    }
}

crate::serde_by_json!(Tree);
