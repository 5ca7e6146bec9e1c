//! The parts of `#[serde(…)]` that change the form of a type.

use syn::meta::ParseNestedMeta;
use syn::{LitStr, Result, Token};

use super::text;

/// Attributes of serde that change the form of a value with code, which a schema can't express.
const BY_CODE: &[&str] =
    &["with", "serialize_with", "deserialize_with", "from", "into", "try_from", "getter", "remote", "content"];

/// `rename = "name"`, or serde's long form if both names are the same.
pub(super) fn name(entry: &ParseNestedMeta<'_>) -> Result<LitStr> {
    if entry.input.peek(Token![=]) {
        return text(entry);
    }
    let (mut found, mut differs) = (None::<LitStr>, false);
    entry.parse_nested_meta(|entry| {
        let value = text(&entry)?;
        differs |= found.as_ref().is_some_and(|found| found.value() != value.value());
        found = Some(value);
        Ok(())
    })?;
    match found {
        Some(name) if !differs => Ok(name),
        _ => Err(entry.error("a name must be the same for reading and writing: a schema has one name for a field")),
    }
}

/// Skips an entry that does not change the form.
///
/// # Errors
/// Returns an error if the entry changes the form in a way that a schema can't express.
pub(super) fn other(entry: &ParseNestedMeta<'_>, key: &str) -> Result<()> {
    if key == "content" {
        let rule = "adjacently tagged enums have no structural schema, as the type of the content depends on the tag; \
                    omit `content`, so that the fields of a variant are next to the tag";
        return Err(entry.error(rule));
    }
    if BY_CODE.contains(&key) {
        let rule = "changes the form with code, which a schema can't express; use a type that implements `Schema` and \
                    `json::Value` for it";
        return Err(entry.error(format!("`{key}` {rule}")));
    }
    if entry.input.peek(Token![=]) {
        entry.value()?.parse::<syn::Expr>()?;
    } else if entry.input.peek(syn::token::Paren) {
        let rest;
        syn::parenthesized!(rest in entry.input);
        rest.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}
