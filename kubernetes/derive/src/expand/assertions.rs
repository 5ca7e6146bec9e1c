//! Checks of a field's type that the compiler makes, since only it knows the schema.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::attributes::{Keywords, ListKind, Need};
use crate::literal::Json;

/// Expands to a constant that panics with a message unless a condition holds.
fn assertion(span: Span, condition: &TokenStream, message: &str) -> TokenStream {
    quote_spanned! {span=>
        if !(#condition) {
            ::core::panic!("{}", #message);
        }
    }
}

/// Checks that the keywords apply to a type, whose schema is the expression `schema`.
pub(super) fn of_keywords(name: &str, schema: &TokenStream, keywords: &Keywords) -> Vec<TokenStream> {
    let mut assertions: Vec<TokenStream> = Vec::new();
    for (need, keyword, span) in keywords.needs() {
        let (method, wanted) = match need {
            Need::Text => (quote!(is_text), "a string"),
            Need::Number => (quote!(is_number), "a number"),
            Need::List => (quote!(is_list), "a list"),
            Need::Object => (quote!(is_object), "an object"),
        };
        let message = format!("{name}: `{keyword}` is for {wanted}, which the type is not");
        assertions.push(assertion(*span, &quote!(#schema.#method()), &message));
    }
    if let Some((ListKind::Set, span)) = keywords.list_type() {
        let message =
            format!("{name}: the items of a list of type set must be scalars, or lists and objects that are atomic");
        assertions.push(assertion(span, &quote!(#schema.has_set_items()), &message));
    }
    if let Some((ListKind::Map, span)) = keywords.list_type()
        && keywords.list_map_keys().is_empty()
    {
        let message = format!("{name}: a list of type map needs `list_map_keys(\"…\")`");
        assertions.push(assertion(span, &quote!(false), &message));
    }
    for key in keywords.list_map_keys() {
        let text = key.value();
        let message = format!("{name}: the list map key `{text}` must be a scalar field of the items");
        assertions.push(assertion(key.span(), &quote!(#schema.has_key(#key)), &message));
        let message = format!(
            "{name}: the list map key `{text}` must be a required field of the items, or have a default value in the schema"
        );
        assertions.push(assertion(key.span(), &quote!(#schema.has_certain_key(#key)), &message));
    }
    assertions
}

pub(super) fn flattened(name: &str, span: Span, schema: &TokenStream) -> TokenStream {
    let message = format!(
        "{name}: only a type with known fields can be flattened: properties and additionalProperties exclude each other \
         in a structural schema (use `Rest` for unknown fields)"
    );
    assertion(span, &quote!(#schema.can_be_flattened()), &message)
}

pub(super) fn default_value(name: &str, default: &Json, schema: &TokenStream) -> TokenStream {
    let text = &default.text;
    let message = format!("{name}: the default value {text} does not fit the type");
    assertion(default.span, &quote!(#schema.accepts(#text)), &message)
}

pub(super) fn object_variant(name: &str, span: Span, schema: &TokenStream) -> TokenStream {
    let message =
        format!("{name}: the variants of a tagged enum must be objects with known fields, beside which the tag stands");
    assertion(span, &quote!(#schema.can_be_flattened()), &message)
}

pub(super) fn untagged(name: &str, span: Span, schema: &TokenStream) -> TokenStream {
    let message = format!(
        "{name}: the variants of an untagged enum must be all objects with known fields, or integers and strings: other \
         unions have no structural schema"
    );
    assertion(span, &quote!(#schema.has_structure()), &message)
}
