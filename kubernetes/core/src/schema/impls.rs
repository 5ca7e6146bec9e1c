//! Schemas of the types of fields.

use std::collections::{BTreeMap, BTreeSet};

use super::{Keyword, ListType, Schema, Shape, Type};
use crate::{
    ByteString, Duration, IntOrString, IntOrText, Json, Map, MicroTime, Nullable, Quantity, RawExtension, Rest, Str,
    Time,
};

macro_rules! schemas {
    ($($type:ty: $shape:ident $($keyword:expr)*;)*) => {$(
        impl Schema for $type {
            const SCHEMA: &'static Type = &Type::new(Shape::$shape, &[$($keyword),*]);
        }
    )*};
}

schemas! {
    bool: Boolean;
    i8: Integer Keyword::Format("int32") Keyword::Minimum("-128") Keyword::Maximum("127");
    i16: Integer Keyword::Format("int32") Keyword::Minimum("-32768") Keyword::Maximum("32767");
    i32: Integer Keyword::Format("int32");
    i64: Integer Keyword::Format("int64");
    u8: Integer Keyword::Format("int32") Keyword::Minimum("0") Keyword::Maximum("255");
    u16: Integer Keyword::Format("int32") Keyword::Minimum("0") Keyword::Maximum("65535");
    u32: Integer Keyword::Format("int64") Keyword::Minimum("0") Keyword::Maximum("4294967295");
    u64: Integer Keyword::Format("int64") Keyword::Minimum("0");
    f32: Number Keyword::Format("float");
    f64: Number Keyword::Format("double");
    String: String;
    Str: String;
    ByteString: String Keyword::Format("byte");
    Time: String Keyword::Format("date-time");
    MicroTime: String Keyword::Format("date-time");
    Duration: String Keyword::Format("duration");
    IntOrString: IntOrString;
    IntOrText: IntOrString;
    Quantity: IntOrString Keyword::Pattern(QUANTITY);
    Json: Any;
    Rest: Any;
}

/// In the form that controller-gen writes and the generator recognizes.
const QUANTITY: &str = r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$";

impl Schema for RawExtension {
    const SCHEMA: &'static Type = &Type::new(Shape::Object(&[]), &[Keyword::PreserveUnknownFields]);
}

impl<T: Schema> Schema for Option<T> {
    const SCHEMA: &'static Type = T::SCHEMA;
}

impl<T: Schema> Schema for Box<T> {
    const SCHEMA: &'static Type = T::SCHEMA;
}

impl<T: Schema> Schema for Nullable<T> {
    const SCHEMA: &'static Type = &Type::new(Shape::Refined(T::SCHEMA), &[Keyword::Nullable]);
}

impl<T: Schema> Schema for Vec<T> {
    const SCHEMA: &'static Type = &Type::new(Shape::List(T::SCHEMA), &[]);
}

impl<T: Schema> Schema for BTreeSet<T> {
    const SCHEMA: &'static Type = &Type::new(Shape::List(T::SCHEMA), &[Keyword::ListType(ListType::Set)]);
}

impl<T: Schema> Schema for Map<T> {
    const SCHEMA: &'static Type = &Type::new(Shape::Map(T::SCHEMA), &[]);
}

impl<K, T: Schema> Schema for BTreeMap<K, T> {
    const SCHEMA: &'static Type = &Type::new(Shape::Map(T::SCHEMA), &[]);
}
