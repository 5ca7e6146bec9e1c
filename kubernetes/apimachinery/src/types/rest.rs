use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::json::{DecodeError, Reader, Value, Writer};
use crate::{Json, Map, Str};

/// The fields of an object that its type does not declare, which a schema with `x-kubernetes-preserve-unknown-fields`
/// allows.
///
/// ```
/// use kubernetes_core::{Json, Rest, Str};
/// use kubernetes_core::json::{self, DecodeError, Reader, Value, Writer};
///
/// #[derive(Default)]
/// struct Task {
///     image: Option<Str>,
///     rest: Rest,
/// }
///
/// impl Value for Task {
///     const FIELDS: &'static [&'static str] = &["image"];
///
///     fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
///         reader.fields_and_rest(Self::FIELDS, &mut [&mut self.image], &mut self.rest)
///     }
///
///     fn write_fields(&self, writer: &mut Writer) {
///         writer.optional("image", &self.image);
///         writer.rest(Self::FIELDS, &self.rest);
///     }
/// }
///
/// let text = r#"{"image":"busybox","retries":3}"#;
/// let mut task: Task = json::from_str(text)?;
/// assert_eq!(json::to_string(&task)?, text);
/// assert_eq!(task.rest["retries"].decode::<i32>()?, 3);
/// task.rest.insert("steps", Json::encode(&["a"])?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A declared field takes precedence: a field of the same name in here is not written.
#[derive(Clone, Default, PartialEq)]
pub struct Rest(Map<Json>);

impl Deref for Rest {
    type Target = Map<Json>;

    fn deref(&self) -> &Map<Json> {
        &self.0
    }
}

impl DerefMut for Rest {
    fn deref_mut(&mut self) -> &mut Map<Json> {
        &mut self.0
    }
}

impl From<Map<Json>> for Rest {
    fn from(fields: Map<Json>) -> Self {
        Self(fields)
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Reader<'_> {
    /// Like [`fields`](Self::fields), but for a type that keeps unknown fields.
    ///
    /// # Errors
    /// Returns an error if a value does not fit its field.
    pub fn fields_and_rest(
        &mut self,
        names: &'static [&'static str],
        fields: &mut [&mut dyn crate::json::AnyValue],
        rest: &mut Rest,
    ) -> Result<(), DecodeError> {
        let mut unknown: Vec<(Str, Json)> = Vec::new();
        self.fields_or(names, fields, &mut |reader, key| {
            let mut value = Json::default();
            value.read(reader)?;
            unknown.push((key.into(), value));
            Ok(())
        })?;
        rest.0 = unknown.into_iter().collect();
        Ok(())
    }
}

impl Writer {
    /// Writes the fields that a type does not declare; `names` has the declared ones.
    pub fn rest(&mut self, names: &[&str], rest: &Rest) {
        for (key, value) in rest.iter().filter(|(key, _)| !names.contains(&key.as_str())) {
            self.key(key);
            value.write(self);
        }
    }
}
