use proc_macro2::Span;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Attribute, ExprPath, Result, Token, Type};

use super::keywords::KEYWORDS;
use super::{Keywords, each_entry, flag, serde, text, unknown};
use crate::documentation::documentation;
use crate::literal::{self, Json};

/// The attributes of a field.
#[derive(Default)]
pub(crate) struct Field {
    pub(crate) rename: Option<String>,
    pub(crate) default: Option<Default>,
    pub(crate) flatten: Option<Span>,
    pub(crate) skip: bool,
    /// Whether the schema requires the field although it has a default value.
    pub(crate) required: Option<Span>,
    /// The type whose schema replaces that of the field's own type.
    pub(crate) schema: Option<Type>,
    pub(crate) keywords: Keywords,
}

/// The value of an absent field.
pub(crate) enum Default {
    /// The value of the type's `Default`.
    Trait,
    /// The result of a function.
    Function(ExprPath),
    /// A value that is also in the schema.
    Value(Json),
}

const KNOWN: &[&str] = &["default", "flatten", "rename", "required", "schema", "skip"];

impl Field {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut field = Self::default();
        each_entry(attributes, "serde", |entry, key| {
            match key {
                "rename" => field.rename = Some(serde::name(entry)?.value()),
                "default" if entry.input.peek(Token![=]) => {
                    field.default = Some(Default::Function(text(entry)?.parse()?))
                }
                "default" => field.default = Some(Default::Trait),
                "flatten" => field.flatten = Some(entry.path.span()),
                "skip" => field.skip = true,
                "skip_serializing" | "skip_deserializing" => {
                    return Err(entry.error(
                        "a field is either both read and written, or neither (`skip`), since the schema is the same for both",
                    ));
                }
                _ => serde::other(entry, key)?,
            }
            Ok(())
        })?;
        each_entry(attributes, "kubernetes", |entry, key| {
            match key {
                "rename" => field.rename = Some(text(entry)?.value()),
                "default" if entry.input.peek(Token![=]) => {
                    let value = literal::json(entry.value()?)?;
                    if value.text == "null" {
                        let rule = "the API server ignores a default value of null; leave it out";
                        return Err(syn::Error::new(value.span, rule));
                    }
                    field.default = Some(Default::Value(value));
                }
                "default" => field.default = Some(Default::Trait),
                "flatten" => field.flatten = Some(entry.path.span()),
                "skip" => field.skip = flag(entry)?,
                "required" => field.required = flag(entry)?.then(|| entry.path.span()),
                "schema" => field.schema = Some(entry.value()?.parse()?),
                _ if field.keywords.read(entry, key)? => {}
                _ => return Err(unknown(entry, key, &[KNOWN, KEYWORDS].concat())),
            }
            Ok(())
        })?;
        if let Some(Default::Value(Json { text, .. })) = &field.default {
            field.keywords.push(quote!(__schema::Keyword::Default(#text)));
        }
        field.keywords.describe(&documentation(attributes));
        Ok(field)
    }
}
