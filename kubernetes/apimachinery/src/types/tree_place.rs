//! Access to the values of a [`Tree`] by JSON pointer (RFC 6901).

use std::fmt;

use super::json_pointer::{JsonPointer, list_index};
use crate::Str;
use crate::json::Tree;

impl Tree {
    /// The value at a JSON pointer; `None` if there is none.
    pub fn at(&self, pointer: impl Into<JsonPointer>) -> Option<&Self> {
        let pointer = pointer.into();
        keys(&pointer).ok()?.iter().try_fold(self, |tree, key| match tree {
            Self::Object(_) => tree.get(key),
            Self::List(items) => items.get(list_index(key)?),
            _ => None,
        })
    }

    /// Sets the value at a JSON pointer. Missing objects on the way are created; in a list, `-` and the index after the
    /// last append an element.
    ///
    /// # Errors
    /// Returns an error if the pointer is not valid, or leads through a value that is neither an object nor a list, or
    /// beyond the end of a list.
    pub fn set(&mut self, pointer: impl Into<JsonPointer>, value: Self) -> Result<(), PlaceError> {
        let pointer = pointer.into();
        let mut tree = self;
        for (depth, key) in keys(&pointer)?.iter().enumerate() {
            if matches!(tree, Self::Null) {
                *tree = Self::Object(Vec::new());
            }
            tree = match tree {
                Self::Object(fields) => {
                    let place = fields.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
                        fields.push((key.clone(), Self::Null));
                        fields.len() - 1
                    });
                    &mut fields[place].1
                }
                Self::List(items) => {
                    let place = if key == "-" { items.len() } else { list_index(key).unwrap_or(usize::MAX) };
                    if place > items.len() {
                        let message = format!("{key} is not an index into a list of {}", items.len());
                        return Err(PlaceError::new(&pointer, depth + 1, message));
                    }
                    if place == items.len() {
                        items.push(Self::Null);
                    }
                    &mut items[place]
                }
                other => {
                    let message = format!("{other:?} has no field {key:?}");
                    return Err(PlaceError::new(&pointer, depth, message));
                }
            };
        }
        *tree = value;
        Ok(())
    }

    /// The value at a JSON pointer, mutably; `None` if there is none.
    pub fn at_mut(&mut self, pointer: impl Into<JsonPointer>) -> Option<&mut Self> {
        keys(&pointer.into()).ok()?.iter().try_fold(self, |tree, key| tree.child_mut(key))
    }

    /// Adds a field to an object, or inserts an element into a list, which has to exist: the operation `add` of a JSON
    /// Patch (RFC 6902, section 4.1).
    ///
    /// # Errors
    /// Returns an error if the pointer is not valid, or does not lead into an object or a list.
    pub fn insert(&mut self, pointer: impl Into<JsonPointer>, value: Self) -> Result<(), PlaceError> {
        let pointer = pointer.into();
        let mut keys = keys(&pointer)?;
        let Some(last) = keys.pop() else {
            *self = value;
            return Ok(());
        };
        match keys.iter().try_fold(self, |tree, key| tree.child_mut(key)) {
            Some(Self::Object(fields)) => match fields.iter_mut().find(|(name, _)| *name == last) {
                Some((_, field)) => *field = value,
                None => fields.push((last, value)),
            },
            Some(Self::List(items)) => {
                let place = if last == "-" { Some(items.len()) } else { list_index(&last) };
                let place = place.filter(|place| *place <= items.len()).ok_or_else(|| PlaceError::missing(&pointer))?;
                items.insert(place, value);
            }
            _ => return Err(PlaceError::missing(&pointer)),
        }
        Ok(())
    }

    /// Removes and returns the value at a JSON pointer; `None` if there is none.
    pub fn remove(&mut self, pointer: impl Into<JsonPointer>) -> Option<Self> {
        let pointer = pointer.into();
        let mut keys = keys(&pointer).ok()?;
        let last = keys.pop()?;
        match keys.iter().try_fold(self, |tree, key| tree.child_mut(key))? {
            Self::Object(fields) => {
                let place = fields.iter().position(|(name, _)| *name == last)?;
                Some(fields.remove(place).1)
            }
            Self::List(items) => {
                list_index(&last).filter(|place| *place < items.len()).map(|place| items.remove(place))
            }
            _ => None,
        }
    }

    fn child_mut(&mut self, key: &str) -> Option<&mut Self> {
        match self {
            Self::List(items) => items.get_mut(list_index(key)?),
            tree => tree.get_mut(key),
        }
    }
}

/// The unescaped keys of a pointer.
///
/// # Errors
/// Returns an error if the pointer is not valid.
fn keys(pointer: &JsonPointer) -> Result<Vec<Str>, PlaceError> {
    pointer.check().map_err(|error| PlaceError(error.to_string().into()))?;
    Ok(pointer.keys().map(Str::from).collect())
}

/// The error for a JSON pointer that does not lead to a place in a document.
#[derive(Clone, PartialEq, Eq)]
pub struct PlaceError(Box<str>);

impl PlaceError {
    fn new(pointer: &JsonPointer, depth: usize, message: impl fmt::Display) -> Self {
        let end = pointer.as_str().match_indices('/').nth(depth).map_or(pointer.as_str().len(), |(end, _)| end);
        let place = match &pointer.as_str()[..end] {
            "" => "the document",
            place => place,
        };
        Self(format!("{place}: {message}").into())
    }

    /// The error with this message.
    #[doc(hidden)]
    pub fn from_message(message: &str) -> Self {
        Self(message.into())
    }

    /// The error for a place without a value.
    #[doc(hidden)]
    pub fn missing(pointer: &JsonPointer) -> Self {
        Self(format!("there is no value at {pointer}").into())
    }
}

crate::error_text!(PlaceError);

impl PlaceError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PlaceError {}
