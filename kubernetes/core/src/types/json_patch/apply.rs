use super::{JsonPatch, Operation};
use crate::json::{self, Tree};
use crate::{JsonPointer, PlaceError};

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
            ("add", _) => document.insert(self.path.clone(), value()?),
            ("remove", _) => document.remove(self.path.clone()).map(drop).ok_or_else(missing),
            ("replace", _) => {
                *document.at_mut(self.path.clone()).ok_or_else(missing)? = value()?;
                Ok(())
            }
            ("test", _) => {
                let expected = value()?;
                match document.at(self.path.clone()) {
                    Some(found) if *found == expected => Ok(()),
                    _ => Err(different(&self.path)),
                }
            }
            ("move", Some(from)) => {
                let value = document.remove(from.clone()).ok_or_else(|| PlaceError::missing(from))?;
                document.insert(self.path.clone(), value)
            }
            ("copy", Some(from)) => {
                let value = document.at(from.clone()).cloned().ok_or_else(|| PlaceError::missing(from))?;
                document.insert(self.path.clone(), value)
            }
            _ => Err(missing()),
        }
    }
}

fn different(pointer: &JsonPointer) -> PlaceError {
    PlaceError::from_message(&format!("the value at {pointer} is not the one that the patch tests for"))
}
