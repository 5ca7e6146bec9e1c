mod apply;
mod between;
mod serialize;

use std::fmt;

use serde::Serialize;

use crate::json::{self, Tree, Value, Writer};
use crate::{Json, JsonPointer};

/// A list of changes to an object, applied in order and all or nothing: a JSON Patch (RFC 6902).
///
/// ```
/// use kubernetes_core::{JsonPatch, Patch};
///
/// let operations = JsonPatch::new()
///     .test("/spec/replicas", 2)
///     .replace("/spec/replicas", 3)
///     .add(["metadata", "annotations", "example.com/owner"], "shop");
/// assert_eq!(
///     serde_json::to_string(&operations)?,
///     r#"[{"op":"test","path":"/spec/replicas","value":2},{"op":"replace","path":"/spec/replicas","value":3},"#.to_owned()
///         + r#"{"op":"add","path":"/metadata/annotations/example.com~1owner","value":"shop"}]"#
/// );
/// let patch = Patch::json(&operations);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// A path or value that can't be encoded is reported when the request is sent. A request sends numbers exactly as
/// written; serde's serializers support those with up to 128 bits and those that fit a double, and fail for any other.
#[derive(Clone, Default)]
pub struct JsonPatch {
    operations: Vec<Operation>,
    /// The first error.
    failure: Option<Box<str>>,
}

#[derive(Clone)]
struct Operation {
    op: &'static str,
    from: Option<JsonPointer>,
    path: JsonPointer,
    value: Option<Json>,
}

impl JsonPatch {
    /// Creates an empty patch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field, or inserts into a list before the element at an index or at the end (`/-`).
    ///
    /// The object or list that contains it must exist: adding the first label means adding `/metadata/labels`.
    #[must_use]
    pub fn add(self, path: impl Into<JsonPointer>, value: impl Serialize) -> Self {
        self.with_value("add", path.into(), value)
    }

    /// Removes a field or an element, which must exist.
    #[must_use]
    pub fn remove(self, path: impl Into<JsonPointer>) -> Self {
        self.with(Operation { op: "remove", from: None, path: path.into(), value: None })
    }

    /// Changes a field or an element, which must exist.
    #[must_use]
    pub fn replace(self, path: impl Into<JsonPointer>, value: impl Serialize) -> Self {
        self.with_value("replace", path.into(), value)
    }

    /// Moves the value at `from` to `path`.
    #[must_use]
    pub fn r#move(self, from: impl Into<JsonPointer>, path: impl Into<JsonPointer>) -> Self {
        self.with(Operation { op: "move", from: Some(from.into()), path: path.into(), value: None })
    }

    /// Copies the value at `from` to `path`.
    #[must_use]
    pub fn copy(self, from: impl Into<JsonPointer>, path: impl Into<JsonPointer>) -> Self {
        self.with(Operation { op: "copy", from: Some(from.into()), path: path.into(), value: None })
    }

    /// Makes the whole patch fail unless the value at `path` is this one.
    #[must_use]
    pub fn test(self, path: impl Into<JsonPointer>, value: impl Serialize) -> Self {
        self.with_value("test", path.into(), value)
    }

    /// Whether the patch has no operations.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty() && self.failure.is_none()
    }

    fn with_value(mut self, op: &'static str, path: JsonPointer, value: impl Serialize) -> Self {
        match Json::encode(&value) {
            Ok(value) => self.with(Operation { op, from: None, path, value: Some(value) }),
            Err(error) => {
                self.failure.get_or_insert_with(|| format!("the value for {path}: {error}").into());
                self
            }
        }
    }

    pub(crate) fn push_value(&mut self, op: &'static str, path: JsonPointer, value: &Tree) {
        // The text of a tree is JSON.
        let value = json::from_str(&value.to_text()).unwrap_or_default();
        self.operations.push(Operation { op, from: None, path, value: Some(value) });
    }

    fn push_remove(&mut self, path: JsonPointer) {
        self.operations.push(Operation { op: "remove", from: None, path, value: None });
    }

    /// The operations as JSON text, with numbers as written.
    ///
    /// ```
    /// use kubernetes_core::JsonPatch;
    ///
    /// assert_eq!(JsonPatch::new().remove("/spec/size").to_text()?, r#"[{"op":"remove","path":"/spec/size"}]"#);
    /// # Ok::<(), kubernetes_core::json::EncodeError>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if a path or value is not valid.
    pub fn to_text(&self) -> Result<String, json::EncodeError> {
        if let Some(failure) = &self.failure {
            return Err(json::EncodeError::new(failure.clone()));
        }
        let mut writer = Writer::new();
        writer.begin_list();
        for operation in &self.operations {
            writer.element();
            writer.begin_object();
            writer.key("op");
            writer.string(operation.op);
            if let Some(from) = &operation.from {
                writer.key("from");
                writer.string(from.as_str());
            }
            writer.key("path");
            writer.string(operation.path.as_str());
            if let Some(value) = &operation.value {
                writer.key("value");
                value.write(&mut writer);
            }
            writer.end_object();
        }
        writer.end_list();
        writer.finish()
    }

    fn with(mut self, operation: Operation) -> Self {
        for pointer in operation.from.iter().chain([&operation.path]) {
            if let Err(error) = pointer.check() {
                self.failure.get_or_insert_with(|| error.to_string().into());
            }
        }
        self.operations.push(operation);
        self
    }
}

impl fmt::Debug for JsonPatch {
    /// Omits the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.operations.iter().map(|operation| format!("{} {}", operation.op, operation.path)))
            .finish()
    }
}
