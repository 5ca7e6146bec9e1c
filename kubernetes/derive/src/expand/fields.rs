//! The fields of structs and of variants.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Error, Fields, Ident, Result, Type};

use super::{assertions, types};
use crate::attributes::{self, Default};
use crate::names::RenameRule;

/// Named fields, which are those of an object.
pub(super) struct Body {
    /// The name of the type, for messages.
    of: String,
    pub(super) fields: Vec<Field>,
}

pub(super) struct Field {
    pub(super) ident: Ident,
    pub(super) of: Type,
    /// The name on the wire.
    pub(super) wire: String,
    pub(super) attributes: attributes::Field,
    pub(super) role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Plain,
    Flattened,
    /// A field that keeps unknown fields.
    Rest,
    Skipped,
}

impl Body {
    pub(super) fn parse(fields: &Fields, rename_all: Option<RenameRule>, itself: &Ident) -> Result<Self> {
        let mut parsed: Vec<Field> = Vec::new();
        for field in fields {
            let Some(ident) = &field.ident else { continue };
            let field = Field::parse(field, ident, rename_all, itself)?;
            if field.role == Role::Plain
                && parsed.iter().any(|other| other.role == Role::Plain && other.wire == field.wire)
            {
                return Err(Error::new(ident.span(), format!("another field is named `{}` on the wire", field.wire)));
            }
            parsed.push(field);
        }
        Ok(Self { of: itself.to_string(), fields: parsed })
    }

    fn of_role(&self, role: Role) -> impl Iterator<Item = (usize, &Field)> {
        self.fields.iter().enumerate().filter(move |(_, field)| field.role == role)
    }

    fn plain(&self) -> impl Iterator<Item = (usize, &Field)> {
        self.of_role(Role::Plain)
    }

    /// The expressions of the schema's members.
    pub(super) fn members(&self, are_optional: bool) -> Vec<TokenStream> {
        self.fields.iter().filter_map(|field| field.member(are_optional)).collect()
    }

    pub(super) fn assertions(&self) -> Vec<TokenStream> {
        self.fields.iter().flat_map(|field| field.assertions(&self.of)).collect()
    }

    /// Whether it is read from the fields that are not declared.
    fn has_rest(&self) -> bool {
        self.fields.iter().any(|field| matches!(field.role, Role::Flattened | Role::Rest))
    }

    /// An expression of type `Result<Self, DecodeError>` that reads from `reader`.
    ///
    /// `constants` are names and places of preceding fields.
    pub(super) fn decode(
        &self,
        constructor: &TokenStream,
        constants: &[(TokenStream, TokenStream)],
        fields_default: bool,
    ) -> TokenStream {
        let declarations = self.plain().map(|(index, field)| field.declaration(index));
        let names = constants.iter().map(|(name, _)| name.clone());
        let names = names.chain(self.plain().map(|(_, field)| field.wire()));
        let places = constants.iter().map(|(_, place)| place.clone());
        let places = places.chain(self.plain().map(|(index, _)| {
            let place = place(index);
            quote!(&mut #place)
        }));
        let read = match self.has_rest() {
            true => quote! {
                let mut __rest = <__core::Rest as ::core::default::Default>::default();
                reader.fields_and_rest(NAMES, &mut [#(#places),*], &mut __rest)?;
            },
            false => quote!(reader.fields(NAMES, &mut [#(#places),*])?;),
        };
        let flattened = self.of_role(Role::Flattened).map(|(index, field)| field.flattened(index));
        let known = self.of_role(Role::Rest).flat_map(|_| self.of_role(Role::Flattened)).map(|(_, field)| {
            let of = field.boxed().unwrap_or(field.value_type());
            quote!(__derived::remove_fields_of::<#of>(&mut __rest);)
        });
        let default = fields_default.then(|| quote!(let __default: Self = ::core::default::Default::default();));
        let values = self.fields.iter().enumerate().map(|(index, field)| {
            let (ident, value) = (&field.ident, field.value(index, fields_default));
            quote!(#ident: #value)
        });
        quote! {{
            const NAMES: &[&str] = &[#(#names),*];
            #(#declarations)*
            #read
            #(#flattened)*
            #(#known)*
            #default
            ::core::result::Result::Ok(#constructor { #(#values),* })
        }}
    }

    /// Statements that write the fields to `writer`; `access` gives a reference to a field.
    pub(super) fn write(&self, names: &TokenStream, access: &dyn Fn(&Ident) -> TokenStream) -> TokenStream {
        let statements = self.fields.iter().map(|field| field.write(names, &access(&field.ident)));
        quote!(#(#statements)*)
    }

    /// The names on the wire.
    pub(super) fn names(&self) -> Vec<TokenStream> {
        self.plain().map(|(_, field)| field.wire()).collect()
    }

    /// A pattern that binds the fields by name.
    pub(super) fn pattern(&self) -> TokenStream {
        let used = self.fields.iter().filter(|field| field.role != Role::Skipped).map(|field| {
            let (ident, binding) = (&field.ident, binding(&field.ident));
            quote!(#ident: #binding)
        });
        quote!({ #(#used,)* .. })
    }
}

/// The name of a variant's field in patterns, which can't collide with the derive's own names.
pub(super) fn binding(field: &Ident) -> Ident {
    format_ident!("__{}", field.unraw())
}

fn place(index: usize) -> Ident {
    format_ident!("__field{index}")
}

impl Field {
    fn parse(field: &syn::Field, ident: &Ident, rename_all: Option<RenameRule>, itself: &Ident) -> Result<Self> {
        let attributes = attributes::Field::parse(&field.attrs)?;
        let rust_name = ident.unraw().to_string();
        let wire = match (&attributes.rename, rename_all) {
            (Some(name), _) => name.clone(),
            (None, Some(rule)) => rule.field(&rust_name),
            (None, None) => rust_name.clone(),
        };
        let role = match attributes.flatten {
            _ if attributes.skip => Role::Skipped,
            Some(_) if types::is_named(&field.ty, "Rest") => Role::Rest,
            Some(_) => Role::Flattened,
            None => Role::Plain,
        };
        let is_chosen = attributes.rename.is_some() || rename_all.is_some();
        if role == Role::Plain && rust_name.contains('_') && !is_chosen {
            return Err(Error::new(ident.span(), format!("the field would be `{rust_name}` on the wire. {CASE}")));
        }
        if wire.contains(['"', '\\']) || wire.contains(char::is_control) {
            return Err(Error::new(
                ident.span(),
                "a name on the wire must not have quotes, backslashes or control characters",
            ));
        }
        if role != Role::Skipped && attributes.schema.is_none() {
            types::not_recursive(&field.ty, itself)?;
        }
        let has_default_value = matches!(attributes.default, Some(Default::Value(_)));
        if let Some(span) = attributes.required.filter(|_| !has_default_value && rust_name != "metadata") {
            return Err(Error::new(span, REQUIRED));
        }
        if let (Some(span), false) = (attributes.flatten, attributes.keywords.needs().is_empty()) {
            return Err(Error::new(span, "a flattened field has no keywords of its own; put them on its type"));
        }
        Ok(Self { ident: ident.clone(), of: field.ty.clone(), wire, attributes, role })
    }

    fn wire(&self) -> TokenStream {
        let name = &self.wire;
        quote!(#name)
    }

    /// Whether the type itself can express absence.
    fn has_absence(&self) -> bool {
        self.is_option() || types::inner(&self.of, "Nullable").is_some()
    }

    fn is_option(&self) -> bool {
        types::inner(&self.of, "Option").is_some()
    }

    /// The type without `Option`.
    fn value_type(&self) -> &Type {
        types::inner(&self.of, "Option").unwrap_or(&self.of)
    }

    /// The expression of the type's schema.
    pub(super) fn schema(&self) -> TokenStream {
        let of = self.attributes.schema.as_ref().unwrap_or(&self.of);
        quote_spanned!(of.span()=> <#of as __schema::Schema>::SCHEMA)
    }

    fn member(&self, are_optional: bool) -> Option<TokenStream> {
        let (schema, name) = (self.schema(), &self.wire);
        let is_optional = are_optional || self.has_absence() || self.attributes.default.is_some();
        let constructor = match self.role {
            Role::Skipped => return None,
            Role::Rest => return Some(quote!(__schema::Member::flattened(<__core::Rest as __schema::Schema>::SCHEMA))),
            Role::Flattened if self.is_option() => return Some(quote!(__schema::Member::flattened_optional(#schema))),
            Role::Flattened => return Some(quote!(__schema::Member::flattened(#schema))),
            Role::Plain if is_optional && self.attributes.required.is_none() => quote!(optional),
            Role::Plain => quote!(required),
        };
        let keywords = self.attributes.keywords.tokens();
        Some(quote!(__schema::Member::#constructor(#name, #schema, #keywords)))
    }

    fn assertions(&self, of: &str) -> Vec<TokenStream> {
        let name = format!("field `{}` of `{of}`", self.ident.unraw());
        let schema = self.schema();
        let mut assertions = assertions::of_keywords(&name, &schema, &self.attributes.keywords);
        if let (Role::Flattened, Some(span)) = (self.role, self.attributes.flatten) {
            assertions.push(assertions::flattened(&name, span, &schema));
        }
        if let Some(Default::Value(value)) = &self.attributes.default {
            assertions.push(assertions::default_value(&name, value, &schema));
        }
        assertions
    }

    /// The `T` of `Box<T>` or `Option<Box<T>>`, which is read before it is boxed, as a `Box` can't be created empty.
    fn boxed(&self) -> Option<&Type> {
        types::inner(self.value_type(), "Box")
    }

    fn declaration(&self, index: usize) -> TokenStream {
        let (place, of) = (place(index), &self.of);
        if let Some(of) = self.boxed() {
            return quote!(let mut #place: ::core::option::Option<#of> = ::core::option::Option::None;);
        }
        match (self.is_option(), self.has_absence()) {
            (true, _) => quote!(let mut #place: #of = ::core::option::Option::None;),
            (false, true) => quote!(let mut #place: #of = ::core::default::Default::default();),
            (false, false) => quote!(let mut #place: ::core::option::Option<#of> = ::core::option::Option::None;),
        }
    }

    /// The statement that creates a flattened value from the remaining fields.
    fn flattened(&self, index: usize) -> TokenStream {
        let (place, of) = (place(index), self.boxed().unwrap_or(self.value_type()));
        let value = match self.is_option() {
            true => quote!(__derived::flattened_optional::<#of>(&__rest)?),
            false => quote!(__derived::flattened::<#of>(&__rest)?),
        };
        match (self.boxed(), self.is_option()) {
            (None, _) => quote!(let #place = #value;),
            (Some(_), true) => quote!(let #place = #value.map(::std::boxed::Box::new);),
            (Some(_), false) => quote!(let #place = ::std::boxed::Box::new(#value);),
        }
    }

    /// The expression of the field's value after reading.
    fn value(&self, index: usize, fields_default: bool) -> TokenStream {
        let (place, ident, name) = (place(index), &self.ident, &self.wire);
        let place = match self.boxed() {
            Some(_) if self.role == Role::Plain => quote!(#place.map(::std::boxed::Box::new)),
            _ => quote!(#place),
        };
        let absent = match &self.attributes.default {
            _ if self.role == Role::Flattened => return quote!(#place),
            _ if self.role == Role::Rest => return quote!(__rest),
            None | Some(Default::Trait) if self.role == Role::Skipped && fields_default => {
                return quote!(__default.#ident);
            }
            Some(Default::Function(function)) => quote!(#function()),
            Some(Default::Value(value)) => {
                let (text, of) = (&value.text, &self.of);
                quote!(__derived::default_value::<#of>(#name, #text)?)
            }
            Some(Default::Trait) => quote!(::core::default::Default::default()),
            None if fields_default => quote!(__default.#ident),
            None if self.role == Role::Skipped => quote!(::core::default::Default::default()),
            None if self.has_absence() => return quote!(#place),
            None => return quote!(reader.required(#name, #place)?),
        };
        match (self.role, self.is_option()) {
            (Role::Skipped, _) => absent,
            (_, true) => quote! {
                match #place {
                    ::core::option::Option::Some(value) => ::core::option::Option::Some(value),
                    ::core::option::Option::None => #absent,
                }
            },
            (_, false) if self.has_absence() => quote! {
                if __json::Value::is_absent(&#place) { #absent } else { #place }
            },
            _ => quote! {
                match #place {
                    ::core::option::Option::Some(value) => value,
                    ::core::option::Option::None => #absent,
                }
            },
        }
    }

    fn write(&self, names: &TokenStream, access: &TokenStream) -> TokenStream {
        let name = &self.wire;
        if let (Role::Plain, Some(_)) = (self.role, self.boxed()) {
            return match self.is_option() {
                false => quote!(writer.required(#name, &**#access);),
                true => quote! {
                    if let ::core::option::Option::Some(value) = #access {
                        writer.optional(#name, &**value);
                    }
                },
            };
        }
        match self.role {
            Role::Skipped => TokenStream::new(),
            Role::Rest => quote!(writer.rest(#names, #access);),
            Role::Flattened => self.write_flattened(access),
            Role::Plain if self.has_absence() => quote!(writer.optional(#name, #access);),
            // The default of an absent field need not be written if the field is omitted anyway.
            Role::Plain if matches!(self.attributes.default, Some(Default::Trait)) => {
                quote!(writer.optional(#name, #access);)
            }
            Role::Plain => quote!(writer.required(#name, #access);),
        }
    }

    fn write_flattened(&self, access: &TokenStream) -> TokenStream {
        let value = |value: TokenStream| match self.boxed().is_some() {
            true => quote!(__json::Value::write_fields(&**#value, writer);),
            false => quote!(__json::Value::write_fields(#value, writer);),
        };
        match self.is_option() {
            false => value(quote!((#access))),
            true => {
                let write = value(quote!(value));
                quote!(if let ::core::option::Option::Some(value) = #access { #write })
            }
        }
    }

    pub(super) fn span(&self) -> Span {
        self.ident.span()
    }
}

const REQUIRED: &str = "`required` is for a field whose default value is in the schema (`default = …`), and for `metadata`: \
                        other fields are required unless they are an `Option` or have a `default`";
const CASE: &str = "Kubernetes' field names are in camel case: give the type `#[kubernetes(rename_all = \"camelCase\")]`, or \
                    \"snake_case\" to keep the names";
