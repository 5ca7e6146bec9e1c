//! The code of the derives.

mod assertions;
mod enums;
mod fields;
mod placeholder;
mod resource;
mod types;
mod values;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Generics, Result, parse_quote};

use self::fields::Body;
use self::values::Code;
use crate::attributes::{Container, Keywords};

/// `#[derive(Schema)]`
pub(crate) fn schema(input: &DeriveInput) -> TokenStream {
    try_schema(input).unwrap_or_else(|error| placeholder::schema(input, &error))
}

/// `#[derive(CustomResource)]`
pub(crate) fn custom_resource(input: &DeriveInput) -> TokenStream {
    try_custom_resource(input).unwrap_or_else(|error| placeholder::custom_resource(input, &error))
}

fn try_schema(input: &DeriveInput) -> Result<TokenStream> {
    let container = Container::parse(&input.attrs, false)?;
    let code = match &input.data {
        Data::Struct(data) => of_struct(input, &container, &data.fields)?,
        Data::Enum(data) => enums::expand(input, &container, data)?,
        Data::Union(data) => return Err(Error::new(data.union_token.span, UNION)),
    };
    if container.serde && !input.generics.params.is_empty() {
        return Err(Error::new_spanned(&input.generics, "`serde` is for types without parameters"));
    }
    Ok(in_scope(&container, &code.expand(input, &container)))
}

fn try_custom_resource(input: &DeriveInput) -> Result<TokenStream> {
    let container = Container::parse(&input.attrs, true)?;
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(data) => return Err(Error::new(data.enum_token.span, RESOURCE)),
        Data::Union(data) => return Err(Error::new(data.union_token.span, UNION)),
    };
    if let Some(parameter) = input.generics.params.first() {
        return Err(Error::new_spanned(parameter, "a custom resource has no parameters: each kind has one definition"));
    }
    let code = resource::expand(input, &container, fields)?;
    Ok(in_scope(&container, &code))
}

const UNION: &str = "a union has no schema; derive it for a struct or an enum";
const RESOURCE: &str = "a custom resource is a struct with a field `metadata: ObjectMeta`";

fn of_struct(input: &DeriveInput, container: &Container, fields: &Fields) -> Result<Code> {
    reject_enum_attributes(container)?;
    match fields {
        Fields::Unnamed(unnamed) if unnamed.unnamed.len() == 1 => {
            let field = &unnamed.unnamed[0];
            types::not_recursive(&field.ty, &input.ident)?;
            Ok(values::newtype(container, &input.ident, &field.ty))
        }
        Fields::Unnamed(unnamed) => Err(Error::new_spanned(unnamed, TUPLE)),
        named => {
            if let Some(span) = container.transparent {
                return Err(Error::new(span, "write a transparent struct as a tuple struct with one field"));
            }
            let body = Body::parse(named, container.rename_all, &input.ident)?;
            Ok(values::object(container, &body, &[]))
        }
    }
}

const TUPLE: &str = "a tuple has no structural schema, as a list has items of one type; name the fields";

fn reject_enum_attributes(container: &Container) -> Result<()> {
    use crate::attributes::Tag;
    match &container.tag {
        Some(Tag::Untagged(span)) => Err(Error::new(*span, "`untagged` is for enums")),
        Some(Tag::Internal(name)) => Err(Error::new(name.span(), "`tag` is for enums")),
        None => Ok(()),
    }
}

/// Wraps code so that its names can't collide with the user's.
fn in_scope(container: &Container, code: &TokenStream) -> TokenStream {
    let core = &container.core;
    quote! {
        const _: () = {
            #[allow(unused_imports)]
            use #core as __core;
            #[allow(unused_imports)]
            use #core::{derived as __derived, json as __json, schema as __schema};
            #code
        };
    }
}

/// The type's parameters, each of which must be a value with a schema.
fn bounded(generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(__json::Value));
        parameter.bounds.push(parse_quote!(__schema::Schema));
    }
    generics
}

/// A type of this shape, as an expression.
fn type_expression(shape: &TokenStream, keywords: &Keywords) -> TokenStream {
    let keywords = keywords.tokens();
    quote!(&__schema::Type::new(#shape, #keywords))
}
