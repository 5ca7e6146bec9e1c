//! Types without properties in the API description, written by hand.

mod byte_string;
mod int_or_string;
mod int_or_text;
mod json;
mod json_pointer;
mod nullable;
mod quantity;
mod rest;
mod schema_unions;
mod time;
mod tree_place;

pub use byte_string::ByteString;
pub use int_or_string::{IntOrString, ParsePercentageError};
pub use int_or_text::IntOrText;
pub use json::{FieldsV1, Json, RawExtension};
pub use json_pointer::{InvalidJsonPointer, JsonPointer};
pub use nullable::Nullable;
pub use quantity::{ParseQuantityError, Quantity};
pub use rest::Rest;
pub use schema_unions::{OrArray, OrBool, OrStringArray};
pub use time::{MicroTime, ParseTimeError, Time};
pub use tree_place::PlaceError;
