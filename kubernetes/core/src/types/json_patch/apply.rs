use super::{JsonPatch, JsonPointer, Operation};
use crate::json::{self, Tree};
use crate::types::json_pointer::list_index;
use crate::types::tree_place::{PlaceError, keys};

impl JsonPatch {
    /// Applies all changes to a document, or none of them.
    ///
    /// ```
    /// use kubernetes_core::JsonPatch;
    /// use kubernetes_core::json::{self, Tree};
    ///
    /// let mut tree: Tree = json::from_str(r#"{"spec": {"replicas": 2}}"#)?;
    /// JsonPatch::new().test("/spec/replicas", 2).replace("/spec/replicas", 3).apply(&mut tree)?;
    /// assert_eq!(json::to_string(&tree)?, r#"{"spec":{"replicas":3}}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if a path does not lead to a value, a tested value differs, or a path or value is not valid.
    pub fn apply(&self, document: &mut Tree) -> Result<(), PlaceError> {
        if let Some(failure) = &self.failure {
            return Err(PlaceError::from_message(failure));
        }
        let mut changed = document.clone();
        for operation in &self.operations {
            operation.apply(&mut changed)?;
        }
        *document = changed;
        Ok(())
    }
}

impl Operation {
    fn apply(&self, document: &mut Tree) -> Result<(), PlaceError> {
        let value = || {
            let text = self.value.as_ref().map_or("null", |value| value.as_str());
            json::from_str::<Tree>(text).map_err(|error| PlaceError::from_message(&error.to_string()))
        };
        let missing = || PlaceError::missing(&self.path);
        match (self.op, &self.from) {
            ("add", _) => add(document, &self.path, value()?),
            ("remove", _) => document.remove(self.path.clone()).map(drop).ok_or_else(missing),
            ("replace", _) => {
                *place_mut(document, &self.path)?.ok_or_else(missing)? = value()?;
                Ok(())
            }
            ("test", _) => {
                let expected = value()?;
                match document.at(self.path.clone()) {
                    Some(found) if *found == expected => Ok(()),
                    _ => Err(PlaceError::different(&self.path)),
                }
            }
            ("move", Some(from)) => {
                let value = document.remove(from.clone()).ok_or_else(|| PlaceError::missing(from))?;
                add(document, &self.path, value)
            }
            ("copy", Some(from)) => {
                let value = document.at(from.clone()).cloned().ok_or_else(|| PlaceError::missing(from))?;
                add(document, &self.path, value)
            }
            _ => Err(missing()),
        }
    }
}

fn place_mut<'a>(document: &'a mut Tree, path: &JsonPointer) -> Result<Option<&'a mut Tree>, PlaceError> {
    Ok(keys(path)?.iter().try_fold(document, |tree, key| tree.child_mut(key)))
}

/// Sets a field, or inserts an element into a list; the object or list must exist.
fn add(document: &mut Tree, path: &JsonPointer, value: Tree) -> Result<(), PlaceError> {
    let mut segments = keys(path)?;
    let Some(last) = segments.pop() else {
        *document = value;
        return Ok(());
    };
    let parent = segments.iter().try_fold(document, |tree, key| tree.child_mut(key));
    match parent {
        Some(parent @ Tree::Object(_)) => match parent.get_mut(&last) {
            Some(field) => *field = value,
            None => {
                if let Tree::Object(fields) = parent {
                    fields.push((last, value));
                }
            }
        },
        Some(Tree::List(items)) => {
            let place = if last == "-" { Some(items.len()) } else { list_index(&last) };
            let place = place.filter(|place| *place <= items.len()).ok_or_else(|| PlaceError::missing(path))?;
            items.insert(place, value);
        }
        _ => return Err(PlaceError::missing(path)),
    }
    Ok(())
}
