//! Enums: texts, and types distinguished by a field or by their form.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DataEnum, DeriveInput, Error, Fields, Ident, LitStr, Result, Type};

use super::fields::{Body, binding};
use super::values::Code;
use super::{assertions, type_expression, types};
use crate::attributes::{self, Container, Tag};
use crate::literal;

/// A variant and its name on the wire.
struct Variant {
    ident: Ident,
    wire: String,
    attributes: attributes::Variant,
    content: Content,
}

enum Content {
    None,
    Value(Type),
    Fields(Body),
}

pub(super) fn expand(input: &DeriveInput, container: &Container, data: &DataEnum) -> Result<Code> {
    let variants = data.variants.iter().map(|variant| Variant::parse(variant, container, &input.ident));
    let variants: Vec<Variant> =
        variants.filter(|parsed| !matches!(parsed, Ok(it) if it.attributes.skip)).collect::<Result<_>>()?;
    if variants.is_empty() {
        return Err(Error::new(input.ident.span(), "an enum without variants has no values"));
    }
    for (index, variant) in variants.iter().enumerate() {
        if variants[..index].iter().any(|other| other.wire == variant.wire) {
            return Err(Error::new(
                variant.ident.span(),
                format!("another variant is named `{}` on the wire", variant.wire),
            ));
        }
    }
    let are_texts = variants.iter().all(|variant| matches!(variant.content, Content::None));
    match &container.tag {
        Some(Tag::Internal(tag)) => Ok(internal(container, &variants, tag)),
        Some(Tag::Untagged(_)) => untagged(container, &variants, input),
        None if are_texts => Ok(texts(container, &variants)),
        None => external(container, &variants),
    }
}

impl Variant {
    fn parse(variant: &syn::Variant, container: &Container, itself: &Ident) -> Result<Self> {
        let attributes = attributes::Variant::parse(&variant.attrs)?;
        let name = variant.ident.unraw().to_string();
        let wire = match (&attributes.rename, container.rename_all) {
            (Some(name), _) => name.clone(),
            (None, Some(rule)) => rule.variant(&name),
            (None, None) => name,
        };
        let content = match &variant.fields {
            Fields::Unit => Content::None,
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                types::not_recursive(&fields.unnamed[0].ty, itself)?;
                Content::Value(fields.unnamed[0].ty.clone())
            }
            Fields::Unnamed(fields) => return Err(Error::new_spanned(fields, super::TUPLE)),
            named => {
                Content::Fields(Body::parse(named, attributes.rename_all.or(container.rename_all_fields), itself)?)
            }
        };
        Ok(Self { ident: variant.ident.clone(), wire, attributes, content })
    }

    /// The expression of the content's schema.
    fn schema(&self) -> TokenStream {
        match &self.content {
            Content::None => quote!(&__schema::Type::new(__schema::Shape::Object(&[]), &[])),
            Content::Value(of) => quote!(<#of as __schema::Schema>::SCHEMA),
            Content::Fields(body) => {
                let members = body.members(false);
                quote!(&__schema::Type::new(__schema::Shape::Object(&[#(#members),*]), &[]))
            }
        }
    }

    /// The expression of the variant in the schema.
    fn variant(&self) -> TokenStream {
        let (name, schema, keywords) = (&self.wire, self.schema(), self.attributes.keywords.tokens());
        quote!(__schema::Variant::new(#name, #schema, #keywords))
    }

    fn name(&self) -> String {
        format!("variant `{}`", self.ident.unraw())
    }

    fn assertions(&self) -> Vec<TokenStream> {
        match &self.content {
            Content::Fields(body) => body.assertions(),
            _ => Vec::new(),
        }
    }

    /// An expression of the type `Result<Self, DecodeError>`, which reads the content.
    fn decode(&self) -> TokenStream {
        let ident = &self.ident;
        match &self.content {
            Content::None => quote!(reader.skip().map(|()| Self::#ident)),
            Content::Value(of) => match types::inner(of, "Box") {
                Some(of) => quote! {
                    <#of as __json::Decode>::decode(reader).map(|value| Self::#ident(::std::boxed::Box::new(value)))
                },
                None => quote!(<#of as __json::Decode>::decode(reader).map(Self::#ident)),
            },
            Content::Fields(body) => body.decode(&quote!(Self::#ident), &[], false),
        }
    }

    fn pattern(&self) -> TokenStream {
        let ident = &self.ident;
        match &self.content {
            Content::None => quote!(Self::#ident),
            Content::Value(_) => quote!(Self::#ident(value)),
            Content::Fields(body) => {
                let fields = body.pattern();
                quote!(Self::#ident #fields)
            }
        }
    }

    /// Statements that write the fields of the content.
    fn write_fields(&self) -> TokenStream {
        match &self.content {
            Content::None => TokenStream::new(),
            Content::Value(of) if types::inner(of, "Box").is_some() => {
                quote!(__json::Value::write_fields(&**value, writer);)
            }
            Content::Value(_) => quote!(__json::Value::write_fields(value, writer);),
            Content::Fields(body) => {
                let names = body.names();
                body.write(&quote!(&[#(#names),*]), &|ident| {
                    let binding = binding(ident);
                    quote!(#binding)
                })
            }
        }
    }

    /// Statements that write the content.
    fn write(&self) -> TokenStream {
        match &self.content {
            Content::Value(of) if types::inner(of, "Box").is_some() => quote!(__json::Value::write(&**value, writer);),
            Content::Value(_) => quote!(__json::Value::write(value, writer);),
            _ => {
                let fields = self.write_fields();
                quote! {
                    writer.begin_object();
                    #fields
                    writer.end_object();
                }
            }
        }
    }
}

fn texts(container: &Container, variants: &[Variant]) -> Code {
    let known = || variants.iter().filter(|variant| !variant.attributes.other);
    let values = known().map(|variant| {
        let mut text = String::new();
        literal::string(&variant.wire, &mut text);
        text
    });
    let keywords = container.keywords.tokens();
    let shape = quote!(&__schema::Type::new(__schema::Shape::String, &[__schema::Keyword::Enum(&[#(#values),*])]));
    let names: Vec<&String> = known().map(|variant| &variant.wire).collect();
    let arms = known().map(|variant| {
        let (ident, name) = (&variant.ident, &variant.wire);
        quote!(#name => ::core::result::Result::Ok(Self::#ident))
    });
    let other = match variants.iter().find(|variant| variant.attributes.other) {
        Some(Variant { ident, .. }) => quote!(::core::result::Result::Ok(Self::#ident)),
        None => quote!(::core::result::Result::Err(__derived::no_variant(reader, &[#(#names),*]))),
    };
    let writes = variants.iter().map(|variant| {
        let (ident, name) = (&variant.ident, &variant.wire);
        quote!(Self::#ident => #name)
    });
    Code {
        schema: quote!(&__schema::Type::new(__schema::Shape::Refined(#shape), #keywords)),
        assertions: Vec::new(),
        decode: quote! {
            match &*reader.string()? {
                #(#arms,)*
                _ => #other,
            }
        },
        write: quote! {
            fn write(&self, writer: &mut __json::Writer) {
                writer.string(match self { #(#writes),* });
            }
        },
    }
}

fn external(container: &Container, variants: &[Variant]) -> Result<Code> {
    if let Some(variant) = variants.iter().find(|variant| matches!(variant.content, Content::None)) {
        let ident = &variant.ident;
        let message = format!(
            "the variant `{ident}` has no content, unlike others: it would be a string among objects, which has no \
             structural schema. Write `{ident} {{}}`, or give the enum a `tag`"
        );
        return Err(Error::new(ident.span(), message));
    }
    let list = variants.iter().map(Variant::variant);
    let shape = quote!(__schema::Shape::Variants(__schema::Tagging::External, &[#(#list),*]));
    let names: Vec<&String> = variants.iter().map(|variant| &variant.wire).collect();
    let arms = variants.iter().map(|variant| {
        let (name, decode) = (&variant.wire, variant.decode());
        quote! {
            #name => {
                let decode = |reader: &mut __json::Reader<'_>| -> ::core::result::Result<Self, __json::DecodeError> { #decode };
                decode(reader).map_err(|error| error.in_field(#name))?
            }
        }
    });
    let writes = variants.iter().map(|variant| {
        let (pattern, name, write) = (variant.pattern(), &variant.wire, variant.write());
        quote! {
            #pattern => {
                writer.key(#name);
                #write
            }
        }
    });
    Ok(Code {
        schema: type_expression(&shape, &container.keywords),
        assertions: variants.iter().flat_map(Variant::assertions).collect(),
        decode: decode_external(&names, &arms.collect::<Vec<_>>()),
        write: quote! {
            fn write_fields(&self, writer: &mut __json::Writer) {
                match self { #(#writes)* }
            }
        },
    })
}

/// Reads the only field of an object, whose name is the variant's.
fn decode_external(names: &[&String], arms: &[TokenStream]) -> TokenStream {
    quote! {{
        let mut found: ::core::option::Option<Self> = ::core::option::Option::None;
        let mut first = true;
        reader.begin_object()?;
        while let ::core::option::Option::Some(key) = reader.next_key(&mut first)? {
            if ![#(#names),*].contains(&&*key) {
                reader.skip()?;
                continue;
            }
            if reader.null()? {
                continue;
            }
            if found.is_some() {
                return ::core::result::Result::Err(reader.error("more than one variant is set").in_field(&key));
            }
            found = ::core::option::Option::Some(match &*key {
                #(#arms)*
                _ => continue,
            });
        }
        match found {
            ::core::option::Option::Some(value) => ::core::result::Result::Ok(value),
            ::core::option::Option::None => ::core::result::Result::Err(__derived::no_variant(reader, &[#(#names),*])),
        }
    }}
}

fn internal(container: &Container, variants: &[Variant], tag: &LitStr) -> Code {
    let known = || variants.iter().filter(|variant| !variant.attributes.other);
    let list = known().map(Variant::variant);
    let shape = quote!(__schema::Shape::Variants(__schema::Tagging::Internal(#tag), &[#(#list),*]));
    let names: Vec<&String> = known().map(|variant| &variant.wire).collect();
    let mut checks: Vec<TokenStream> = variants.iter().flat_map(Variant::assertions).collect();
    for variant in variants {
        if let Content::Value(of) = &variant.content {
            checks.push(assertions::object_variant(&variant.name(), of.span(), &variant.schema()));
        }
    }
    let arms = known().map(|variant| {
        let (name, decode) = (&variant.wire, variant.decode());
        quote!(#name => #decode)
    });
    let other = match variants.iter().find(|variant| variant.attributes.other) {
        Some(variant) => variant.decode(),
        None => quote!(::core::result::Result::Err(__derived::no_variant(reader, &[#(#names),*]).in_field(#tag))),
    };
    let writes = variants.iter().map(|variant| {
        let (pattern, name, write) = (variant.pattern(), &variant.wire, variant.write_fields());
        quote! {
            #pattern => {
                writer.key(#tag);
                writer.string(#name);
                #write
            }
        }
    });
    Code {
        schema: type_expression(&shape, &container.keywords),
        assertions: checks,
        decode: quote! {
            match &*__derived::tag(reader, #tag)? {
                #(#arms,)*
                _ => #other,
            }
        },
        write: quote! {
            fn write_fields(&self, writer: &mut __json::Writer) {
                match self { #(#writes)* }
            }
        },
    }
}

fn untagged(container: &Container, variants: &[Variant], input: &DeriveInput) -> Result<Code> {
    if let Some(variant) = variants.iter().find(|variant| matches!(variant.content, Content::None)) {
        let message = "an untagged variant without content would be null; use `Option` or `Nullable` around the enum";
        return Err(Error::new(variant.ident.span(), message));
    }
    let list = variants.iter().map(Variant::variant);
    let shape = quote!(__schema::Shape::Variants(__schema::Tagging::Untagged, &[#(#list),*]));
    let schema = type_expression(&shape, &container.keywords);
    let mut checks: Vec<TokenStream> = variants.iter().flat_map(Variant::assertions).collect();
    let itself = quote!((#schema));
    checks.push(assertions::untagged(&format!("enum `{}`", input.ident), input.ident.span(), &itself));
    let names: Vec<&String> = variants.iter().map(|variant| &variant.wire).collect();
    let attempts = variants.iter().map(|variant| {
        let decode = variant.decode();
        quote! {
            let decode = |reader: &mut __json::Reader<'_>| -> ::core::result::Result<Self, __json::DecodeError> { #decode };
            if let ::core::result::Result::Ok(value) = reader.attempt(decode) {
                return ::core::result::Result::Ok(value);
            }
        }
    });
    let writes = variants.iter().map(|variant| {
        let (pattern, write) = (variant.pattern(), variant.write());
        quote!(#pattern => { #write })
    });
    let fields = variants.iter().map(|variant| {
        let (pattern, write) = (variant.pattern(), variant.write_fields());
        quote!(#pattern => { #write })
    });
    Ok(Code {
        schema,
        assertions: checks,
        decode: quote! {{
            #(#attempts)*
            ::core::result::Result::Err(__derived::no_variant(reader, &[#(#names),*]))
        }},
        write: quote! {
            fn write(&self, writer: &mut __json::Writer) {
                match self { #(#writes)* }
            }

            fn write_fields(&self, writer: &mut __json::Writer) {
                match self { #(#fields)* }
            }
        },
    })
}
