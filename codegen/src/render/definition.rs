use std::collections::{BTreeMap, HashMap};

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
    /// Names of types that are others.
    aliases: Vec<AliasView>,
    /// The modules of the types that are inside of these.
    modules: Vec<InnerModule>,
}

struct AliasView {
    doc: Doc,
    name: String,
    /// The path of the type.
    of: String,
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
    /// The type that the argument is converted into.
    type_: TokenStream,
    /// The new value of the field.
    value: String,
}

struct EnumView {
    doc: Doc,
    name: String,
    /// The path of the enum that it is an alias of.
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
    Page::new(path, TEMPLATE, &module(plan, definition, &modules_of(definition), "")?)
}

/// The types of each module of a page, by the module's path.
type Modules<'a> = BTreeMap<&'a str, Types<'a>>;

#[derive(Default)]
struct Types<'a> {
    structs: Vec<&'a Struct>,
    enums: Vec<&'a Enum>,
    /// The modules inside of it, each with the struct whose fields have its types.
    modules: BTreeMap<&'a str, &'a str>,
}

fn modules_of(definition: &Definition) -> Modules<'_> {
    let mut modules: Modules<'_> = BTreeMap::new();
    for object in definition.structs() {
        modules.entry(split_module(&object.name).0).or_default().structs.push(object);
    }
    for values in definition.enums() {
        modules.entry(split_module(&values.name).0).or_default().enums.push(values);
    }
    let owners: HashMap<String, &str> = definition
        .structs()
        .iter()
        .skip(1)
        .map(|object| {
            let (module, name) = split_module(&object.name);
            let module = if module.is_empty() { String::new() } else { format!("{module}::") };
            (module + &names::identifier(name), name)
        })
        .collect();
    let paths: Vec<&str> = modules.keys().copied().collect();
    for mut path in paths {
        while !path.is_empty() {
            let (parent, name) = split_module(path);
            let owner = owners.get(path).copied().unwrap_or_default();
            modules.entry(parent).or_default().modules.insert(name, owner);
            path = parent;
        }
    }
    modules
}

/// A module of the page: its types, and the modules inside of it.
fn module(plan: &Plan, definition: &Definition, modules: &Modules<'_>, path: &str) -> Result<DefinitionPage> {
    let nothing = Types::default();
    let types = modules.get(path).unwrap_or(&nothing);
    let target = Target::of(definition.home.krate);
    let (shared, structs): (Vec<&Struct>, Vec<&Struct>) =
        types.structs.iter().partition(|object| object.same_as.is_some());
    let enums = &types.enums;
    let depth = if path.is_empty() { 0 } else { path.split("::").count() };
    // Enums of built-in types are shared by the types of a module, those of custom resources inside of one.
    let root = if is_built_in(&definition.name) { "super::".to_owned() } else { "super::".repeat(depth) };
    let alias = |object: &&Struct| AliasView {
        doc: Doc(object.description.clone()),
        name: split_module(&object.name).1.to_owned(),
        of: format!("{root}{}", object.same_as.as_deref().unwrap_or_default()),
    };
    let aliases: Vec<AliasView> = shared.iter().map(alias).collect();
    let local = structs.iter().map(|object| &object.name).chain(enums.iter().map(|values| &values.name));
    let local = local.map(|name| split_module(name).1).chain(aliases.iter().map(|alias| alias.name.as_str()));
    let local: Vec<&str> = local.collect();
    let mut imports = Imports::new(&plan.definitions, target, Some(&definition.home), local).within(path);
    let result = imports.prelude("Result");
    // Modules of custom resources may have any name, `json` too.
    let imports_json = is_built_in(&definition.name);
    let json = if imports_json { "json".to_owned() } else { format!("{}::json", target.core()) };
    let structs: Vec<StructView> = structs.into_iter().map(|object| struct_view(object, &mut imports, &json)).collect();
    let enums: Vec<EnumView> = enums.iter().map(|values| enum_view(values, &root)).collect();
    let str_type =
        if enums.iter().all(|values| values.same_as.is_some()) { TokenStream::new() } else { imports.core("Str") };
    let into = imports.prelude("Into");
    let (core, uses) = (target.core(), imports.uses());
    // The types of apimachinery have serde's traits always.
    let model = if target == Target::Apimachinery { "model_with_serde" } else { "model" };
    let model = format!("{core}::{model}");
    let inner = types.modules.iter().map(|(name, owner)| inner_module(plan, definition, modules, path, name, owner));
    let modules = inner.collect::<Result<Vec<InnerModule>>>()?;
    Ok(DefinitionPage {
        core,
        model,
        uses,
        str_type,
        result,
        into,
        json,
        imports_json,
        structs,
        enums,
        aliases,
        modules,
    })
}

fn inner_module(
    plan: &Plan,
    definition: &Definition,
    modules: &Modules<'_>,
    parent: &str,
    name: &str,
    owner: &str,
) -> Result<InnerModule> {
    let path = if parent.is_empty() { name.to_owned() } else { format!("{parent}::{name}") };
    let page = Page::new(path.clone(), TEMPLATE, &module(plan, definition, modules, &path)?)?;
    let doc = Doc(format!("Types of the fields of `{owner}`."));
    Ok(InnerModule { doc, name: name.to_owned(), text: page.text })
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
        type_: imports.field(field),
        required: field.is_required_in_rust(),
        secret: field.secret,
    }
}

fn setter(field: &Field, imports: &mut Imports<'_>) -> Setter {
    let (type_, name) = (imports.value_of(field), &field.name);
    let value = match field.presence {
        Presence::Plain => format!("{name}.into()"),
        Presence::Optional => format!("Some({name}.into())"),
        Presence::Nullable => {
            let nullable = imports.core("Nullable").to_string().replace(' ', "");
            format!("{nullable}::Value({name}.into())")
        }
    };
    Setter { method: names::with_method(name), field: name.clone(), type_, value }
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

fn enum_view(values: &Enum, root: &str) -> EnumView {
    let variants = values.variants.iter().map(|variant| VariantView {
        doc: Doc(variant.description.clone()),
        name: variant.name.clone(),
        wire: Literal(variant.wire.clone()),
    });
    let doc = Doc(format!("The values of {}.", values.owner));
    let same_as = values.same_as.as_ref().map(|name| format!("{root}{name}"));
    EnumView { doc, name: split_module(&values.name).1.to_owned(), same_as, variants: variants.collect() }
}

/// The `apiVersion` of a kind's objects.
fn api_version(kind: &GroupVersionKind) -> String {
    if kind.group.is_empty() { kind.version.clone() } else { format!("{}/{}", kind.group, kind.version) }
}
