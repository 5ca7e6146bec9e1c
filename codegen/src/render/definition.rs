use askama::Template;
use proc_macro2::TokenStream;

use super::imports::{Imports, Target};
use super::{Doc, Literal, Page};
use crate::error::Result;
use crate::ir::{Definition, Enum, Field, GroupVersionKind, Presence, Secret, Struct, names};
use crate::passes::Plan;

#[derive(Template)]
#[template(path = "definition.rs.j2", escape = "none")]
struct DefinitionPage {
    /// How the page calls `kubernetes-core`.
    core: &'static str,
    /// The macro that completes a model.
    model: &'static str,
    uses: Vec<String>,
    /// `Str`, `Result` and `Into`, in full where a type of the page has that name.
    str_type: TokenStream,
    result: TokenStream,
    into: TokenStream,
    structs: Vec<StructView>,
    enums: Vec<EnumView>,
}

struct StructView {
    doc: Doc,
    name: String,
    fields: Vec<FieldView>,
    type_meta: Option<TypeMeta>,
    /// The names of all fields on the wire, `apiVersion` and `kind` of a type that has them too.
    names: Vec<Literal>,
    /// The places that their values are read into.
    places: Vec<String>,
    setters: Vec<Setter>,
    /// The macro line that makes it an object of the API.
    declaration: Option<String>,
}

struct FieldView {
    doc: Doc,
    name: String,
    wire: Literal,
    type_: TokenStream,
    required: bool,
    secret: Option<Secret>,
}

impl FieldView {
    /// The method of `Writer` that writes it.
    fn write(&self) -> &'static str {
        match self.secret {
            Some(Secret::Whole) => "secret",
            Some(Secret::LastApplied) => "annotations",
            None if self.required => "required",
            None => "optional",
        }
    }
}

struct TypeMeta {
    api_version: Literal,
    kind: Literal,
}

struct Setter {
    method: String,
    field: String,
    /// What the argument turns into.
    type_: TokenStream,
    optional: bool,
}

struct EnumView {
    doc: Doc,
    name: String,
    /// The enum of the same module that it is an alias of.
    same_as: Option<String>,
    variants: Vec<VariantView>,
}

struct VariantView {
    doc: Doc,
    name: String,
    wire: Literal,
}

/// The page of a definition with structs.
pub(super) fn page(plan: &Plan, definition: &Definition, path: String) -> Result<Page> {
    let target = Target::of(definition.home.krate);
    let structs = definition.structs();
    let enums = definition.enums();
    let local =
        structs.iter().map(|object| object.name.as_str()).chain(enums.iter().map(|values| values.name.as_str()));
    let mut imports = Imports::new(&plan.definitions, target, Some(&definition.home), local);
    let result = imports.prelude("Result");
    let structs: Vec<StructView> = structs.iter().map(|object| struct_view(object, &mut imports)).collect();
    let enums: Vec<EnumView> = enums.iter().map(enum_view).collect();
    let str_type =
        if enums.iter().all(|values| values.same_as.is_some()) { TokenStream::new() } else { imports.core("Str") };
    let into = imports.prelude("Into");
    let (core, uses) = (target.core(), imports.uses());
    // The types of core have serde's traits always.
    let model = if target == Target::Core { "crate::macros::core_model" } else { "kubernetes_core::model" };
    let page = DefinitionPage { core, model, uses, str_type, result, into, structs, enums };
    Page::new(path, "definition.rs.j2", &page)
}

fn struct_view(object: &Struct, imports: &mut Imports<'_>) -> StructView {
    let fields: Vec<FieldView> = object.fields.iter().map(|field| field_view(field, imports)).collect();
    let settable = object.fields.iter().filter(|field| object.resource.is_some() && field.wire != "metadata");
    let setters = settable.map(|field| setter(field, imports)).collect();
    let type_meta = object
        .type_meta
        .as_ref()
        .map(|kind| TypeMeta { api_version: Literal(api_version(kind)), kind: Literal(kind.kind.clone()) });
    let (names, places) = fields_on_the_wire(&fields, type_meta.as_ref());
    StructView {
        doc: Doc(object.description.clone()),
        name: object.name.clone(),
        fields,
        type_meta,
        names,
        places,
        setters,
        declaration: declaration(object),
    }
}

/// The names of all fields, and the places that their values are read into.
fn fields_on_the_wire(fields: &[FieldView], type_meta: Option<&TypeMeta>) -> (Vec<Literal>, Vec<String>) {
    let constants = type_meta.into_iter().flat_map(|meta| [("apiVersion", &meta.api_version), ("kind", &meta.kind)]);
    let constants = constants.map(|(name, value)| (Literal(name.to_owned()), format!("json::Constant({value})")));
    let fields = fields.iter().map(|field| (field.wire.clone(), format!("self.{}", field.name)));
    constants.chain(fields).unzip()
}

fn field_view(field: &Field, imports: &mut Imports<'_>) -> FieldView {
    FieldView {
        doc: Doc(field.description.clone()),
        name: field.name.clone(),
        wire: Literal(field.wire.clone()),
        type_: imports.field(&field.type_, field.presence),
        required: field.required,
        secret: field.secret,
    }
}

fn setter(field: &Field, imports: &mut Imports<'_>) -> Setter {
    let inner = imports.type_of(&field.type_);
    let type_ = match field.presence {
        Presence::Plain | Presence::Optional => inner,
        Presence::Boxed | Presence::OptionalBoxed => {
            let boxed = imports.prelude("Box");
            quote::quote!(#boxed<#inner>)
        }
    };
    let optional = matches!(field.presence, Presence::Optional | Presence::OptionalBoxed);
    Setter { method: names::with_method(&field.name), field: field.name.clone(), type_, optional }
}

fn declaration(object: &Struct) -> Option<String> {
    let (resource, kind) = (object.resource.as_ref()?, object.type_meta.as_ref()?);
    let literal = |text: &str| Literal(text.to_owned());
    let of =
        format!("{}: {} / {} / {}", object.name, literal(&kind.group), literal(&kind.version), literal(&kind.kind));
    Some(match &resource.plural {
        Some(plural) => {
            let scope = if resource.namespaced { "namespaced" } else { "cluster" };
            let watch = if resource.watchable { ", watch" } else { "" };
            format!("resource!({of}, {}, {scope}{watch})", literal(plural))
        }
        None => format!("object!({of})"),
    })
}

fn enum_view(values: &Enum) -> EnumView {
    let variants = values.variants.iter().map(|variant| VariantView {
        doc: Doc(variant.description.clone()),
        name: variant.name.clone(),
        wire: Literal(variant.wire.clone()),
    });
    let doc = Doc(format!("What {} can be.", values.owner));
    EnumView { doc, name: values.name.clone(), same_as: values.same_as.clone(), variants: variants.collect() }
}

/// What objects carry as `apiVersion`.
fn api_version(kind: &GroupVersionKind) -> String {
    if kind.group.is_empty() { kind.version.clone() } else { format!("{}/{}", kind.group, kind.version) }
}
