use crate::json::{DecodeError, Reader, Value, Writer};

/// A field that may be absent, `null` or have a value, which are three different things in a custom resource: if the
/// field has a default value, the API server sets it in place of an absent field, but keeps `null`.
///
/// ```
/// use kubernetes_core::{Nullable, Str};
///
/// let mut note: Nullable<Str> = Nullable::Absent;
/// assert_eq!(note.value(), None);
/// note = Nullable::Null;
/// assert!(note.is_null());
/// note = Str::from("mind the gap").into();
/// assert_eq!(note.value().map(Str::as_str), Some("mind the gap"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nullable<T> {
    /// The field is absent.
    #[default]
    Absent,
    /// The field is `null`.
    Null,
    /// The field has a value.
    Value(T),
}

impl<T> Nullable<T> {
    /// Whether the field is `null`.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The value, if there is one, mutably.
    pub const fn value_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Converts into the value, if there is one.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }
}

impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T> From<Option<T>> for Nullable<T> {
    /// Absent if there is no value.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }
}

impl<T: Value> Value for Nullable<T> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = if reader.null()? {
            Self::Null
        } else {
            let mut value = None;
            Value::read(&mut value, reader)?;
            Self::from(value)
        };
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Absent | Self::Null => writer.raw("null"),
            Self::Value(value) => value.write(writer),
        }
    }

    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}
crate::serde_by_json!(Nullable<T>, T: Value);
