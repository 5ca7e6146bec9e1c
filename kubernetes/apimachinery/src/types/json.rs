use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

use crate::json::{DecodeError, Reader, SharedText, Tree, Value, Writer};
use crate::{GroupVersionKind, Str};

macro_rules! json_text {
    ($(#[$attribute:meta])* $name:ident($text:ty)) => {
        $(#[$attribute])*
        #[derive(Clone)]
        pub struct $name($text);

        impl $name {
            /// Encodes a value.
            ///
            /// # Errors
            /// Returns an error if the value can't be encoded as JSON.
            pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
                serde_json::to_string(value).map(|text| Self(Str::from(text).into()))
            }

            /// Decodes the value.
            ///
            /// # Errors
            /// Returns an error if the JSON does not fit the type.
            pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
                serde_json::from_str(&self.text())
            }
        }

        impl Default for $name {
            /// `null`
            fn default() -> Self {
                Self(Str::from_static("null").into())
            }
        }

        impl From<serde_json::Value> for $name {
            fn from(value: serde_json::Value) -> Self {
                Self(Str::from(value.to_string()).into())
            }
        }

        impl From<Tree> for $name {
            fn from(tree: Tree) -> Self {
                Self(Str::from(tree.to_text()).into())
            }
        }

        impl PartialEq for $name {
            /// Whether both are the same JSON value: white space and the order of keys do not matter.
            fn eq(&self, other: &Self) -> bool {
                self.text() == other.text()
                    || matches!(
                        (self.decode::<serde_json::Value>(), other.decode::<serde_json::Value>()),
                        (Ok(ours), Ok(theirs)) if ours == theirs
                    )
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text())
            }
        }

        impl fmt::Debug for $name {
            /// Shows the length but not the content, which may be a Secret.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({} bytes)"), self.text().len())
            }
        }

        impl Value for $name {
            fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
                self.0 = reader.shared_raw()?.into();
                Ok(())
            }

            fn write(&self, writer: &mut Writer) {
                if writer.redacts() {
                    writer.display(format_args!("\"{self:?}\""));
                } else {
                    self.write_text(writer);
                }
            }
        }
        crate::serde_by_json!($name);
    };
}

macro_rules! any_object {
    ($($name:ident),*) => {$(
        impl $name {
            /// The JSON text as the server sent it.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The type given by `apiVersion` and `kind`; `None` unless both are present.
            pub fn group_version_kind(&self) -> Option<GroupVersionKind> {
                object_type(&self.0).ok().flatten()
            }

            fn text(&self) -> Cow<'_, str> {
                Cow::Borrowed(&self.0)
            }

            fn write_text(&self, writer: &mut Writer) {
                writer.raw(&self.0);
            }
        }
    )*};
}
any_object!(Json, RawExtension);

impl FieldsV1 {
    /// The JSON text as the server sent it, which is put together here if its memory is shared with other texts.
    pub fn text(&self) -> Cow<'_, str> {
        match self.0.pieces() {
            [text, "", ""] => Cow::Borrowed(text),
            pieces => Cow::Owned(pieces.concat()),
        }
    }

    fn write_text(&self, writer: &mut Writer) {
        self.0.pieces().into_iter().for_each(|piece| writer.raw(piece));
    }
}

impl From<Str> for SharedText {
    fn from(text: Str) -> Self {
        Self::new(text)
    }
}

impl From<SharedText> for Str {
    fn from(text: SharedText) -> Self {
        text.into_str()
    }
}

fn object_type(text: &str) -> Result<Option<GroupVersionKind>, DecodeError> {
    let (mut api_version, mut kind) = (None, None);
    let mut reader = Reader::new(text);
    let mut first = true;
    reader.begin_object()?;
    while let Some(key) = reader.next_key(&mut first)? {
        match &*key {
            "apiVersion" => api_version = Some(reader.string()?),
            "kind" => kind = Some(reader.string()?),
            _ => reader.skip()?,
        }
    }
    let (Some(api_version), Some(kind)) = (api_version, kind) else { return Ok(None) };
    Ok(GroupVersionKind::from_api_version(&api_version, kind).ok())
}

json_text! {
    /// Any JSON value, kept as text.
    ///
    /// ```
    /// use kubernetes_core::Json;
    ///
    /// let replicas = Json::encode(&3)?;
    /// assert_eq!(replicas.decode::<i32>()?, 3);
    /// assert_eq!(Json::from(serde_json::json!({"a": 1})).as_str(), r#"{"a":1}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    Json(Str)
}

json_text! {
    /// An object of a type unknown to its holder, kept as JSON text.
    ///
    /// ```
    /// use kubernetes_core::{ObjectMeta, RawExtension, json};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Template {
    ///     metadata: ObjectMeta,
    /// }
    ///
    /// let text = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}"#;
    /// let object: RawExtension = json::from_str(text)?;
    /// assert_eq!(object.group_version_kind().map(|of_type| of_type.kind).as_deref(), Some("Pod"));
    /// assert_eq!(object.decode::<Template>()?.metadata.name.as_deref(), Some("web"));
    /// assert_eq!(object.as_str(), text);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    RawExtension(Str)
}

json_text! {
    /// The set of fields that a manager owns, kept as JSON text because it is a third of every list but hardly ever
    /// read.
    ///
    /// ```
    /// use kubernetes_core::FieldsV1;
    ///
    /// let fields = FieldsV1::from(serde_json::json!({"f:spec": {"f:replicas": {}}}));
    /// assert!(fields.decode::<serde_json::Value>()?["f:spec"].get("f:replicas").is_some());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Its format: <https://github.com/kubernetes-sigs/structured-merge-diff/blob/v6.3.0/fieldpath/serialize.go>
    FieldsV1(SharedText)
}
