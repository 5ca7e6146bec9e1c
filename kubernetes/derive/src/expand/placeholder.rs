//! Impls in place of those that a mistake prevents: without them, the compiler would also report each use of the type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Error};

use super::values::Code;
use super::{in_scope, resource};
use crate::attributes::Container;

/// The error of a `Schema`, and its traits.
pub(super) fn schema(input: &DeriveInput, error: &Error) -> TokenStream {
    let container = Container::parse_leniently(&input.attrs);
    in_scope(&container, &values(input, &container, error))
}

/// The error of a `CustomResource`, and its traits.
pub(super) fn custom_resource(input: &DeriveInput, error: &Error) -> TokenStream {
    let container = Container::parse_leniently(&input.attrs);
    let values = values(input, &container, error);
    // The macros of resources do not write parameters, which a resource must not have.
    let traits = input.generics.params.is_empty().then(|| resource::placeholder(input, &container));
    in_scope(&container, &quote!(#values #traits))
}

fn values(input: &DeriveInput, container: &Container, error: &Error) -> TokenStream {
    let error = error.to_compile_error();
    let code = Code {
        // A constant with a compiler error fails no check of other types that evaluates it.
        schema: quote!({
            #error
            ::core::unimplemented!()
        }),
        assertions: Vec::new(),
        decode: quote!({
            let _ = reader;
            ::core::unimplemented!()
        }),
        write: TokenStream::new(),
    };
    code.expand(input, container)
}
