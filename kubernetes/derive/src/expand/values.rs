//! The impls of `Schema`, `Decode` and `Value`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Ident, Type};

use super::fields::Body;
use super::{assertions, bounded, type_expression};
use crate::attributes::Container;

/// The parts that differ between types.
pub(super) struct Code {
    /// The expression of the schema, of the type `&'static Type`.
    pub(super) schema: TokenStream,
    /// Statements for a constant, which panic if a check fails.
    pub(super) assertions: Vec<TokenStream>,
    /// An expression of the type `Result<Self, DecodeError>`.
    pub(super) decode: TokenStream,
    /// Methods of `Value`.
    pub(super) write: TokenStream,
}

impl Code {
    pub(super) fn expand(&self, input: &DeriveInput, container: &Container) -> TokenStream {
        let Self { schema, assertions, decode, write } = self;
        let name = &input.ident;
        let generics = bounded(&input.generics);
        let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
        let is_generic = generics.type_params().next().is_some() || generics.const_params().next().is_some();
        // Constants of generic types are evaluated only where they are used.
        let (inside, outside) = match is_generic {
            true => (quote!(#(#assertions)*), None),
            false if assertions.is_empty() => (TokenStream::new(), None),
            false => (TokenStream::new(), Some(quote!(const _: () = { #(#assertions)* };))),
        };
        let serde = (container.serde && generics.params.is_empty()).then(|| quote!(__core::serde_by_json!(#name);));
        let has_default = container.has_default.then(|| {
            quote! {
                fn read(&mut self, reader: &mut __json::Reader<'_>) -> ::core::result::Result<(), __json::DecodeError> {
                    let decode = |reader: &mut __json::Reader<'_>| -> ::core::result::Result<Self, __json::DecodeError> {
                        #decode
                    };
                    *self = if reader.null()? { ::core::default::Default::default() } else { decode(reader)? };
                    ::core::result::Result::Ok(())
                }
            }
        });
        let decode = (!container.has_default).then(|| {
            quote! {
                #[automatically_derived]
                impl #impl_generics __json::Decode for #name #type_generics #where_clause {
                    #[inline]
                    fn decode(reader: &mut __json::Reader<'_>) -> ::core::result::Result<Self, __json::DecodeError> {
                        #decode
                    }
                }
            }
        });
        quote! {
            #[automatically_derived]
            impl #impl_generics __schema::Schema for #name #type_generics #where_clause {
                const SCHEMA: &'static __schema::Type = {
                    #inside
                    #schema
                };
            }
            #outside
            #decode
            #[automatically_derived]
            impl #impl_generics __json::Value for #name #type_generics #where_clause {
                #has_default
                #write
            }
            #serde
        }
    }
}

/// The code of a struct with named fields; `constants` are fields before these, with their places.
pub(super) fn object(container: &Container, body: &Body, constants: &[(TokenStream, TokenStream)]) -> Code {
    let members = body.members(container.fields_default);
    let schema = type_expression(&quote!(__schema::Shape::Object(&[#(#members),*])), &container.keywords);
    let names = body.names();
    let writes = body.write(&quote!(&[#(#names),*]), &|ident| quote!(&self.#ident));
    Code {
        schema,
        assertions: body.assertions(),
        decode: body.decode(&quote!(Self), constants, container.fields_default),
        write: quote! {
            fn write_fields(&self, writer: &mut __json::Writer) {
                #writes
            }
        },
    }
}

/// The code of a transparent struct.
pub(super) fn newtype(container: &Container, name: &Ident, of: &Type) -> Code {
    let inner = quote!(<#of as __schema::Schema>::SCHEMA);
    Code {
        schema: type_expression(&quote!(__schema::Shape::Refined(#inner)), &container.keywords),
        assertions: assertions::of_keywords(&format!("struct `{name}`"), &inner, &container.keywords),
        decode: quote!(<#of as __json::Decode>::decode(reader).map(Self)),
        write: quote! {
            fn write(&self, writer: &mut __json::Writer) {
                __json::Value::write(&self.0, writer);
            }

            fn write_fields(&self, writer: &mut __json::Writer) {
                __json::Value::write_fields(&self.0, writer);
            }

            fn is_absent(&self) -> bool {
                __json::Value::is_absent(&self.0)
            }
        },
    }
}
