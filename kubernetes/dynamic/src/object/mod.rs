mod document;

use std::borrow::Cow;
use std::fmt;

use kubernetes_core::json::{self, DecodeError, EncodeError, Reader, Tree, Value, Writer};
use kubernetes_core::{GroupVersionKind, JsonPointer, Object, ObjectMeta, PlaceError, StaticType, Str, Watchable};

use document::Head;

/// An object whose type is only known at run time. It keeps its content as the server sent it.
///
/// ```
/// use kubernetes_dynamic::DynamicObject;
/// use kubernetes_core::json;
///
/// let mut object: DynamicObject = json::from_str(
///     r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 2, "new": 1.50}}"#,
/// )?;
/// assert_eq!((object.kind(), object.name()), ("Deployment", "web"));
/// assert_eq!(object.get::<i32>("/spec/replicas")?, Some(2));
///
/// object.metadata.labels.insert("tier", "front");
/// object.set("/spec/replicas", &3)?;
/// assert_eq!(
///     object.to_text(),
///     r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","labels":{"tier":"front"}},"#.to_owned()
///         + r#""spec":{"replicas":3,"new":1.50}}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Unknown fields, the order of keys, and numbers of any size or precision are kept, and so is every byte until
/// something is changed. `metadata` is typed; changing it affects only the changed fields of the server's metadata.
///
/// Like models, it works with all requests, watches and stores: [`ApiResource`](crate::ApiResource) creates the
/// requests. It converts [to](Self::to) and [from](Self::of) models, and with serde from any JSON, such as
/// `serde_json::json!`.
#[derive(Clone, Default)]
pub struct DynamicObject {
    /// The object's metadata.
    pub metadata: ObjectMeta,
    api_version: Str,
    kind: Str,
    /// The object as it was read; empty for `{}`. The typed fields in it may be out of date.
    text: Str,
}

impl DynamicObject {
    /// Creates an object with this type and name, and nothing else.
    pub fn named(of_type: &GroupVersionKind, name: impl Into<Str>) -> Self {
        let mut object = Self { api_version: of_type.api_version(), kind: of_type.kind.clone(), ..Self::default() };
        object.metadata.name = Some(name.into());
        object
    }

    /// Creates the dynamic form of an object.
    ///
    /// # Errors
    /// Returns an error if the object can't be written as JSON, or is not a JSON object.
    pub fn of<K: Object>(object: &K) -> Result<Self, EncodeError> {
        let text = json::to_string(object)?;
        let mut dynamic: Self = json::from_str(&text).map_err(|error| EncodeError::new(error.to_string()))?;
        if let Some(of_type) = object.group_version_kind() {
            dynamic.assume_type(&of_type.api_version(), &of_type.kind);
        }
        Ok(dynamic)
    }

    /// Converts the object to a known type.
    ///
    /// ```
    /// # use kubernetes_dynamic::DynamicObject;
    /// # use kubernetes_core::{GroupVersionKind, Object};
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// let object = DynamicObject::named(&GroupVersionKind::new("", "v1", "Pod"), "web");
    /// let pod: Pod = object.to()?;
    /// assert_eq!(DynamicObject::of(&pod)?, object);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the object is of another type, or a field does not fit.
    pub fn to<K: Object>(&self) -> Result<K, DecodeError> {
        json::from_str(&self.to_text())
    }

    /// `metadata.name`, or the empty string.
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> Option<&str> {
        self.metadata.namespace.as_deref()
    }

    /// `metadata.uid`, or the empty string.
    pub fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }

    /// `apiVersion`, or the empty string.
    pub fn api_version(&self) -> &str {
        &self.api_version
    }

    /// `kind`, or the empty string.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Reads the field at a JSON pointer; `None` if it is missing or null.
    ///
    /// ```
    /// # use kubernetes_dynamic::DynamicObject;
    /// use kubernetes_core::{Json, json};
    ///
    /// let object: DynamicObject = json::from_str(
    ///     r#"{"metadata": {"annotations": {"example.com/a": "1"}}, "spec": {"ports": [{"port": 80}]}}"#,
    /// )?;
    /// assert_eq!(object.get::<i64>("/spec/ports/0/port")?, Some(80));
    /// assert_eq!(object.get::<String>(["metadata", "annotations", "example.com/a"])?.as_deref(), Some("1"));
    /// assert_eq!(object.get::<Json>("/status")?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// The type can be a model or the type of any field of a model, and [`Json`](kubernetes_core::Json) for any value.
    ///
    /// # Errors
    /// Returns an error if the value does not fit the type, or the pointer is not valid.
    pub fn get<V: Value>(&self, pointer: impl Into<JsonPointer>) -> Result<Option<V>, DecodeError> {
        let pointer = pointer.into();
        let text = match pointer.as_str().split('/').nth(1) {
            None | Some("apiVersion" | "kind" | "metadata") => self.to_text(),
            Some(_) => Cow::Borrowed(self.original()),
        };
        pointer.as_str().parse::<JsonPointer>().map_err(|error| DecodeError::new(error.to_string(), 0))?;
        match pointer.find(&text)? {
            None | Some("null") => Ok(None),
            Some(value) => json::from_str(value).map(Some).map_err(|error| error.in_field(pointer.as_str())),
        }
    }

    /// Whether the object has this field, even if it is null.
    pub fn has(&self, pointer: impl Into<JsonPointer>) -> bool {
        matches!(pointer.into().find(&self.to_text()), Ok(Some(_)))
    }

    /// Sets the field at a JSON pointer. Missing objects on the way are created; in a list, `-` and the index after the
    /// last append an element.
    ///
    /// # Errors
    /// Returns an error if the pointer is not valid, leads through a value that is neither an object nor a list, or
    /// beyond the end of a list, or if the value can't be written. The object is then unchanged.
    pub fn set<V: Value>(&mut self, pointer: impl Into<JsonPointer>, value: &V) -> Result<(), InvalidChange> {
        let value = Tree::from_value(value).map_err(|error| InvalidChange(error.to_string().into()))?;
        let mut tree = self.tree();
        tree.set(pointer, value)?;
        self.become_tree(&tree)
    }

    /// Removes the field at a JSON pointer; returns whether there was one.
    ///
    /// # Errors
    /// Returns an error if the pointer leads to the whole object. The object is then unchanged.
    pub fn remove(&mut self, pointer: impl Into<JsonPointer>) -> Result<bool, InvalidChange> {
        let mut tree = self.tree();
        let removed = tree.remove(pointer).is_some();
        if removed {
            self.become_tree(&tree)?;
        }
        Ok(removed)
    }

    /// The object as JSON. Until something is changed, this is the text that was read.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self.is_original() {
            true => Cow::Borrowed(self.original()),
            false => Cow::Owned(self.tree().to_text()),
        }
    }

    /// The object as a JSON document.
    pub fn tree(&self) -> Tree {
        let original = json::from_str(self.original()).unwrap_or_default();
        document::with_head(original, &self.api_version, &self.kind, &self.metadata)
    }

    fn original(&self) -> &str {
        if self.text.is_empty() { "{}" } else { &self.text }
    }

    /// Whether the text agrees with the typed fields.
    fn is_original(&self) -> bool {
        let head = json::from_str::<Head>(self.original()).unwrap_or_default();
        head.api_version == self.api_version && head.kind == self.kind && head.metadata == self.metadata
    }

    fn become_tree(&mut self, tree: &Tree) -> Result<(), InvalidChange> {
        *self = tree.to_value().map_err(|error| InvalidChange(error.to_string().into()))?;
        Ok(())
    }
}

impl PartialEq for DynamicObject {
    /// Whether both are the same document, ignoring the order of keys and comparing numbers as text.
    fn eq(&self, other: &Self) -> bool {
        self.tree() == other.tree()
    }
}

impl fmt::Debug for DynamicObject {
    /// Shows the object's identity, not its content, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicObject")
            .field("apiVersion", &self.api_version)
            .field("kind", &self.kind)
            .field("namespace", &self.namespace().unwrap_or_default())
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

impl Value for DynamicObject {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = Self::default();
        if reader.null()? {
            return Ok(());
        }
        let mut head = Head::default();
        reader.lookahead(|ahead| head.read(ahead))?;
        let text = reader.raw()?;
        *self = Self { metadata: head.metadata, api_version: head.api_version, kind: head.kind, text: text.into() };
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.to_text());
    }
}

impl Object for DynamicObject {
    const TYPE: Option<StaticType> = None;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn group_version_kind(&self) -> Option<GroupVersionKind> {
        let of_type = GroupVersionKind::from_api_version(&self.api_version, self.kind.clone()).ok()?;
        Some(of_type).filter(|of_type| !of_type.version.is_empty() && !of_type.kind.is_empty())
    }

    fn assume_type(&mut self, api_version: &str, kind: &str) {
        if self.api_version.is_empty() && self.kind.is_empty() {
            self.api_version = api_version.into();
            self.kind = kind.into();
        }
    }
}

impl Watchable for DynamicObject {}

kubernetes_core::serde_by_json!(DynamicObject);

/// The error for an invalid change of a [`DynamicObject`].
#[derive(Clone, PartialEq, Eq)]
pub struct InvalidChange(Box<str>);

impl From<PlaceError> for InvalidChange {
    fn from(error: PlaceError) -> Self {
        Self(error.to_string().into())
    }
}

kubernetes_core::error_text!(InvalidChange);

impl InvalidChange {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidChange {}
