//! Impls in place of those that a mistake prevents: without them, the compiler would also report each use of the type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields};

use super::values::Code;
use super::{in_scope, resource, type_expression};
use crate::attributes::{Container, Keywords};

/// The error of a `Schema`, and its traits.
pub(super) fn schema(input: &DeriveInput, error: &Error) -> TokenStream {
    let container = Container::parse_leniently(&input.attrs);
    let (error, values) = (error.to_compile_error(), in_scope(&container, &values(input, &container)));
    quote!(#error #values)
}

/// The error of a `CustomResource`, and its traits.
pub(super) fn custom_resource(input: &DeriveInput, error: &Error) -> TokenStream {
    let container = Container::parse_leniently(&input.attrs);
    let (values, traits) = (values(input, &container), resource::placeholder(input, &container));
    let (error, traits) = (error.to_compile_error(), in_scope(&container, &quote!(#values #traits)));
    quote!(#error #traits)
}

fn values(input: &DeriveInput, container: &Container) -> TokenStream {
    let shape = match &input.data {
        Data::Struct(data) if matches!(data.fields, Fields::Named(_)) => quote!(__schema::Shape::Object(&[])),
        _ => quote!(__schema::Shape::Any),
    };
    let code = Code {
        schema: type_expression(&shape, &Keywords::default()),
        assertions: Vec::new(),
        decode: quote!({
            let _ = reader;
            ::core::unimplemented!()
        }),
        write: TokenStream::new(),
    };
    code.expand(input, container).unwrap_or_default()
}
