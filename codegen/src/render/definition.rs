use std::collections::BTreeSet;

use askama::Template;
use proc_macro2::TokenStream;

use super::imports::{Imports, Target};
use super::{Doc, Literal, Page};
use crate::error::Result;
use crate::ir::{Definition, Enum, Field, GroupVersionKind, Presence, Secret, Struct, names, split_module};
use crate::lower::is_built_in;
use crate::passes::Plan;

const TEMPLATE: &str = "definition.rs.j2";

#[derive(Template)]
#[template(path = "definition.rs.j2", escape = "none")]
struct DefinitionPage {
    /// How the page calls `kubernetes-core`.
    core: &'static str,
    /// The macro that completes a model.
    model: String,
    uses: Vec<String>,
    /// `Str`, `Result` and `Into`, in full where a type of the page has that name.
    str_type: TokenStream,
    result: TokenStream,
    into: TokenStream,
    /// How the page calls the module `json` of `kubernetes-core`, and whether it imports it.
    json: String,
    imports_json: bool,
    structs: Vec<StructView>,
    enums: Vec<EnumView>,
    /// The modules of the types that are inside of these.
    modules: Vec<InnerModule>,
}

struct InnerModule {
    doc: Doc,
    name: String,
    text: String,
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
    /// The type of the field of what is kept beside the others.
    rest: Option<TokenStream>,
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
    /// What the field is set to.
    value: String,
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
    Page::new(path, TEMPLATE, &module(plan, definition, "")?)
}

/// A module of the page: its types, and the modules inside of it.
fn module(plan: &Plan, definition: &Definition, path: &str) -> Result<DefinitionPage> {
    let target = Target::of(definition.home.krate);
    let is_here = |name: &str| split_module(name).0 == path;
    let structs: Vec<&Struct> = definition.structs().iter().filter(|object| is_here(&object.name)).collect();
    let enums: Vec<&Enum> = definition.enums().iter().filter(|values| is_here(&values.name)).collect();
    let local = structs.iter().map(|object| &object.name).chain(enums.iter().map(|values| &values.name));
    let local: Vec<&str> = local.map(|name| split_module(name).1).collect();
    let mut imports = Imports::new(&plan.definitions, target, Some(&definition.home), local).within(path);
    let result = imports.prelude("Result");
    // Modules of custom resources may have any name, `json` too.
    let imports_json = is_built_in(&definition.name);
    let json = if imports_json { "json".to_owned() } else { format!("{}::json", target.core()) };
    let structs: Vec<StructView> = structs.into_iter().map(|object| struct_view(object, &mut imports, &json)).collect();
    let enums: Vec<EnumView> = enums.into_iter().map(enum_view).collect();
    let str_type =
        if enums.iter().all(|values| values.same_as.is_some()) { TokenStream::new() } else { imports.core("Str") };
    let into = imports.prelude("Into");
    let (core, uses) = (target.core(), imports.uses());
    // The types of core have serde's traits always.
    let model = if target == Target::Core { "crate::macros::core_model".to_owned() } else { format!("{core}::model") };
    let modules = inner_modules(plan, definition, path)?;
    Ok(DefinitionPage { core, model, uses, str_type, result, into, json, imports_json, structs, enums, modules })
}

fn inner_modules(plan: &Plan, definition: &Definition, path: &str) -> Result<Vec<InnerModule>> {
    let names = definition.structs().iter().map(|object| &object.name);
    let names = names.chain(definition.enums().iter().map(|values| &values.name));
    let below = names.map(|name| split_module(name).0).filter_map(|module| match path {
        "" => Some(module),
        path => module.strip_prefix(path)?.strip_prefix("::"),
    });
    let children: BTreeSet<&str> =
        below.filter_map(|rest| rest.split("::").next()).filter(|name| !name.is_empty()).collect();
    let module_of = |name: &&str| -> Result<InnerModule> {
        let path = if path.is_empty() { (*name).to_owned() } else { format!("{path}::{name}") };
        let page = Page::new(path.clone(), TEMPLATE, &module(plan, definition, &path)?)?;
        let doc = Doc(format!("Types of the fields of `{}`.", owner_of(definition, &path)));
        Ok(InnerModule { doc, name: (*name).to_owned(), text: page.text })
    };
    children.iter().map(module_of).collect()
}

/// The struct whose fields have the types of a module.
fn owner_of<'a>(definition: &'a Definition, path: &str) -> &'a str {
    let module_of = |object: &Struct| match split_module(&object.name) {
        ("", name) => names::identifier(name),
        (module, name) => format!("{module}::{}", names::identifier(name)),
    };
    let owner = definition.structs().iter().skip(1).find(|object| module_of(object) == path);
    owner.map_or("", |object| split_module(&object.name).1)
}

fn struct_view(object: &Struct, imports: &mut Imports<'_>, json: &str) -> StructView {
    let fields: Vec<FieldView> = object.fields.iter().map(|field| field_view(field, imports)).collect();
    let settable = object.fields.iter().filter(|field| object.resource.is_some() && field.wire != "metadata");
    let setters = settable.map(|field| setter(field, imports)).collect();
    let type_meta = object
        .type_meta
        .as_ref()
        .map(|kind| TypeMeta { api_version: Literal(api_version(kind)), kind: Literal(kind.kind.clone()) });
    let (names, places) = fields_on_the_wire(&fields, type_meta.as_ref(), json);
    StructView {
        doc: Doc(object.description.clone()),
        name: split_module(&object.name).1.to_owned(),
        fields,
        type_meta,
        names,
        places,
        setters,
        declaration: declaration(object),
        rest: object.keeps_rest.then(|| imports.core("Rest")),
    }
}

/// The names of all fields, and the places that their values are read into.
fn fields_on_the_wire(fields: &[FieldView], type_meta: Option<&TypeMeta>, json: &str) -> (Vec<Literal>, Vec<String>) {
    let constants = type_meta.into_iter().flat_map(|meta| [("apiVersion", &meta.api_version), ("kind", &meta.kind)]);
    let constants = constants.map(|(name, value)| (Literal(name.to_owned()), format!("{json}::Constant({value})")));
    let fields = fields.iter().map(|field| (field.wire.clone(), format!("self.{}", field.name)));
    constants.chain(fields).unzip()
}

fn field_view(field: &Field, imports: &mut Imports<'_>) -> FieldView {
    FieldView {
        doc: Doc(field.description.clone()),
        name: field.name.clone(),
        wire: Literal(field.wire.clone()),
        type_: imports.field(&field.type_, field.presence),
        required: field.is_required_in_rust(),
        secret: field.secret,
    }
}

fn setter(field: &Field, imports: &mut Imports<'_>) -> Setter {
    let inner = imports.type_of(&field.type_);
    let type_ = match field.presence {
        Presence::Plain | Presence::Optional | Presence::Nullable => inner,
        Presence::Boxed | Presence::OptionalBoxed | Presence::NullableBoxed => {
            let boxed = imports.prelude("Box");
            quote::quote!(#boxed<#inner>)
        }
    };
    let value = match field.presence {
        Presence::Plain | Presence::Boxed => format!("{}.into()", field.name),
        Presence::Optional | Presence::OptionalBoxed => format!("Some({}.into())", field.name),
        Presence::Nullable | Presence::NullableBoxed => {
            let nullable = imports.core("Nullable").to_string().replace(' ', "");
            format!("{nullable}::Value({}.into())", field.name)
        }
    };
    Setter { method: names::with_method(&field.name), field: field.name.clone(), type_, value }
}

fn declaration(object: &Struct) -> Option<String> {
    let (resource, kind) = (object.resource.as_ref()?, object.type_meta.as_ref()?);
    let literal = |text: &str| Literal(text.to_owned());
    let list = resource.list_kind.iter().map(|list| format!(" in {}", literal(list))).collect::<String>();
    let (group, version, name) = (literal(&kind.group), literal(&kind.version), literal(&kind.kind));
    let of = format!("{}: {group} / {version} / {name}{list}", object.name);
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
    EnumView {
        doc,
        name: split_module(&values.name).1.to_owned(),
        same_as: values.same_as.clone(),
        variants: variants.collect(),
    }
}

/// What objects carry as `apiVersion`.
fn api_version(kind: &GroupVersionKind) -> String {
    if kind.group.is_empty() { kind.version.clone() } else { format!("{}/{}", kind.group, kind.version) }
}
