use crate::Str;
use crate::json::{Decode, DecodeError, Reader, Value, Writer};

/// A `T`, or a list of them (`items` of a JSON schema).
#[derive(Clone, Debug, PartialEq)]
pub enum OrArray<T> {
    /// One value.
    One(Box<T>),
    /// A list.
    Array(Vec<T>),
}

/// A `T`, or a boolean that allows anything or nothing (`additionalProperties` of a JSON schema).
///
/// ```
/// use kubernetes_core::{OrBool, Str, json};
///
/// assert_eq!(json::from_str::<OrBool<Str>>("true")?, OrBool::Bool(true));
/// assert_eq!(json::from_str::<OrBool<Str>>(r#""schema""#)?, OrBool::One(Box::new("schema".into())));
/// # Ok::<(), json::DecodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum OrBool<T> {
    /// One value.
    One(Box<T>),
    /// True if anything is allowed.
    Bool(bool),
}

/// A `T`, or a list of names (`dependencies` of a JSON schema).
#[derive(Clone, Debug, PartialEq)]
pub enum OrStringArray<T> {
    /// One value.
    One(Box<T>),
    /// A list of names.
    Array(Vec<Str>),
}

macro_rules! union {
    ($name:ident, $other:ident, $first_bytes:pat) => {
        impl<T: Default> Default for $name<T> {
            fn default() -> Self {
                Self::One(Box::default())
            }
        }

        impl<T: Value + Default> Value for $name<T> {
            fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
                *self = if matches!(reader.token(), Some($first_bytes)) {
                    Self::$other(Decode::decode(reader)?)
                } else {
                    Self::One(Decode::decode(reader)?)
                };
                Ok(())
            }

            fn write(&self, writer: &mut Writer) {
                match self {
                    Self::One(value) => value.write(writer),
                    Self::$other(value) => value.write(writer),
                }
            }
        }

        crate::serde_by_json!($name<T>, T: Value, Default);
    };
}
union!(OrArray, Array, b'[');
union!(OrBool, Bool, b't' | b'f');
union!(OrStringArray, Array, b'[');
