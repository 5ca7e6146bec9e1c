use std::fmt;

use super::type_path::TypeStep;
use crate::json::{DecodeError, EncodeError};
use crate::{InvalidRequest, Object, Str};

/// The error for owned fields that can't be extracted.
pub struct ExtractError(Kind);

#[derive(Debug)]
enum Kind {
    UnknownField(Box<str>),
    NotWhole(Str, DecodeError),
    Decode(DecodeError),
    Encode(EncodeError),
    Invalid(InvalidRequest),
}

impl ExtractError {
    pub(super) fn unknown_field(path: &[TypeStep<'_>]) -> Self {
        let mut text = String::new();
        for step in path {
            match step {
                TypeStep::Field(name) => text.push_str(&format!(".{name}")),
                TypeStep::Item => text.push_str("[]"),
            }
        }
        Self(Kind::UnknownField(text.trim_start_matches('.').into()))
    }

    /// The type can't be read without fields of other managers, which `object` has.
    pub(super) fn not_whole<K: Object>(object: &K, error: DecodeError) -> Self {
        let kind = object.group_version_kind().map_or_else(|| "object".into(), |of_type| of_type.kind);
        Self(Kind::NotWhole(kind, error))
    }

    pub(super) fn decode(error: DecodeError) -> Self {
        Self(Kind::Decode(error))
    }

    pub(super) fn encode(error: EncodeError) -> Self {
        Self(Kind::Encode(error))
    }

    pub(super) fn invalid(error: InvalidRequest) -> Self {
        Self(Kind::Invalid(error))
    }

    /// The path of a field that the manager owns and the type does not have, if that is the cause.
    pub fn unknown_path(&self) -> Option<&str> {
        match &self.0 {
            Kind::UnknownField(path) => Some(path),
            _ => None,
        }
    }
}

crate::error_text!(ExtractError);

impl ExtractError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::UnknownField(path) => write!(
                f,
                "the manager owns the field {path}, which the object's type does not have, so applying the other fields would remove \
                 it; use a version of the type that has the field, or modify the object instead"
            ),
            Kind::NotWhole(kind, error) => write!(
                f,
                "the manager's fields alone are not a valid {kind}: {error}; make the field optional in the type, or \
                 modify the object instead"
            ),
            Kind::Decode(_) => f.write_str("the managed fields of the object can't be read"),
            Kind::Encode(_) | Kind::Invalid(_) => f.write_str("the object can't be written"),
        }
    }
}

impl std::error::Error for ExtractError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::UnknownField(_) | Kind::NotWhole(..) => None,
            Kind::Decode(error) => Some(error),
            Kind::Encode(error) => Some(error),
            Kind::Invalid(error) => Some(error),
        }
    }
}
