//! The attributes of types, variants and fields: `#[kubernetes(…)]`, and those of `#[serde(…)]` that change the form of
//! a type.

mod container;
mod field;
mod keywords;
mod resource;
mod serde;
mod variant;

pub(crate) use container::{Container, Tag};
pub(crate) use field::{Default, Field};
pub(crate) use keywords::{Keywords, ListKind, Need};
pub(crate) use resource::{Column, Resource, Scale};
pub(crate) use variant::Variant;

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, LitBool, LitStr, Result, Token};

use crate::names::similar;

/// Reads the entries of all attributes with a name.
fn each_entry(
    attributes: &[Attribute],
    name: &str,
    mut read: impl FnMut(&ParseNestedMeta<'_>, &str) -> Result<()>,
) -> Result<()> {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        attribute.parse_nested_meta(|entry| {
            let key = key(&entry);
            read(&entry, &key)
        })?;
    }
    Ok(())
}

fn key(entry: &ParseNestedMeta<'_>) -> String {
    entry.path.get_ident().map(ToString::to_string).unwrap_or_default()
}

/// The text of `key = "text"`.
fn text(entry: &ParseNestedMeta<'_>) -> Result<LitStr> {
    entry.value()?.parse()
}

/// Whether `key` is on: alone, or `key = true`.
fn flag(entry: &ParseNestedMeta<'_>) -> Result<bool> {
    match entry.input.peek(Token![=]) {
        true => Ok(entry.value()?.parse::<LitBool>()?.value),
        false => Ok(true),
    }
}

/// The texts of `key("a", "b")`, or the single one of `key = "a"`.
fn texts(entry: &ParseNestedMeta<'_>) -> Result<Vec<LitStr>> {
    if entry.input.peek(Token![=]) {
        return Ok(vec![text(entry)?]);
    }
    let items;
    syn::parenthesized!(items in entry.input);
    Ok(items.parse_terminated(<LitStr as syn::parse::Parse>::parse, Token![,])?.into_iter().collect())
}

/// The error for an unknown entry, with a suggestion.
fn unknown(entry: &ParseNestedMeta<'_>, key: &str, known: &[&str]) -> Error {
    match similar(key, known.iter().copied()) {
        Some(meant) => entry.error(format!("unknown attribute `{key}`; did you mean `{meant}`?")),
        None => entry.error(format!("unknown attribute `{key}`; expected one of {}", known.join(", "))),
    }
}
