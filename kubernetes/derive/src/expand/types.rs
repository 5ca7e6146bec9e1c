//! Questions about types, answered from their tokens.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Error, GenericArgument, Ident, PathArguments, Result, Type};

/// The `T` of a type that is written as `wrapper<T>`.
pub(super) fn inner<'a>(of: &'a Type, wrapper: &str) -> Option<&'a Type> {
    let Type::Path(path) = of else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match (last.ident == wrapper, arguments.args.first()) {
        (true, Some(GenericArgument::Type(inner))) => Some(inner),
        _ => None,
    }
}

/// Whether a type is written with this name.
pub(super) fn is_named(of: &Type, name: &str) -> bool {
    matches!(of, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

/// Refuses a type that visibly contains itself.
pub(super) fn not_recursive(of: &Type, itself: &Ident) -> Result<()> {
    match mentions(of.to_token_stream(), itself) {
        true => Err(Error::new_spanned(of, RECURSIVE)),
        false => Ok(()),
    }
}

const RECURSIVE: &str = "a structural schema can't contain itself; give the field `#[kubernetes(schema = …)]` with the \
                         type `Json`, so that the API server keeps any value";

fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name || ident == "Self",
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}
