//! The API as a server in memory needs it: tables of its resources and of the form of their objects.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use proc_macro2::TokenStream;
use quote::quote;

use super::{Page, TESTING};
use crate::error::Result;
use crate::ir::{Body, Definition, Field, GroupVersionKind, ListType, PatchStrategy, Struct, Type};
use crate::passes::{Plan, Served, ServedSubresource};

#[derive(Template)]
#[template(path = "served_resources.rs.j2", escape = "none")]
struct ResourcesPage {
    resources: Vec<TokenStream>,
}

#[derive(Template)]
#[template(path = "served_definitions.rs.j2", escape = "none")]
struct DefinitionsPage {
    definitions: Vec<TokenStream>,
}

#[derive(Template)]
#[template(path = "served_module.rs.j2", escape = "none")]
struct ModulePage {}

pub(super) fn pages(plan: &Plan) -> Result<Vec<Page>> {
    let table = Table::new(plan);
    let resources = plan.served.iter().map(|served| table.resource(served)).collect();
    let definitions = table.order.iter().map(|(definition, object)| table.definition(definition, object)).collect();
    let page = |name: &str| format!("{TESTING}/{name}.rs");
    Ok(vec![
        Page::new(page("mod"), "served_module.rs.j2", &ModulePage {})?,
        Page::new(page("resources"), "served_resources.rs.j2", &ResourcesPage { resources })?,
        Page::new(page("definitions"), "served_definitions.rs.j2", &DefinitionsPage { definitions })?,
    ])
}

/// The structs that the objects of the resources are made of, each with its place in the table.
struct Table<'a> {
    plan: &'a Plan,
    order: Vec<(&'a Definition, &'a Struct)>,
    /// By the names of the definition and of the struct.
    places: BTreeMap<(&'a str, &'a str), u16>,
}

impl<'a> Table<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut reached = BTreeSet::new();
        let subresources = plan.served.iter().flat_map(|served| served.subresources.values());
        let mut open: Vec<&str> = plan.served.iter().filter_map(|served| served.definition.as_deref()).collect();
        open.extend(subresources.filter_map(|subresource| subresource.takes.as_deref()));
        while let Some(name) = open.pop() {
            let Some(definition) = plan.definitions.get(name).filter(|_| reached.insert(name)) else { continue };
            let fields = definition.structs().iter().flat_map(|object| &object.fields);
            open.extend(fields.filter_map(|field| match field.type_.innermost() {
                Type::Definition(name) => Some(name.as_str()),
                _ => None,
            }));
        }
        let definitions = reached.iter().filter_map(|name| plan.definitions.get(*name));
        let order: Vec<_> = definitions
            .flat_map(|definition| definition.structs().iter().map(move |object| (definition, object)))
            .filter(|(_, object)| object.same_as.is_none())
            .collect();
        let places = order.iter().zip(0..);
        let places =
            places.map(|((definition, object), place)| ((definition.name.as_str(), object.name.as_str()), place));
        let places = places.collect();
        Self { plan, order, places }
    }

    fn resource(&self, served: &Served) -> TokenStream {
        let Served { group, version, plural, kind, namespaced, verbs, definition, subresources } = served;
        let kind = &kind.kind;
        let verbs = verbs.iter();
        let definition = self.optional_place(definition.as_deref());
        let subresources = subresources.iter().map(|(name, subresource)| self.subresource(name, subresource));
        quote!(Resource {
            group: #group, version: #version, plural: #plural, kind: #kind, namespaced: #namespaced,
            verbs: &[#(#verbs),*], definition: #definition, subresources: &[#(#subresources),*],
        })
    }

    fn subresource(&self, name: &str, subresource: &ServedSubresource) -> TokenStream {
        let ServedSubresource { kind, verbs, takes, connects } = subresource;
        let verbs = verbs.iter();
        let GroupVersionKind { group, version, kind } = kind;
        let takes = self.optional_place(takes.as_deref());
        quote!(Subresource {
            name: #name, group: #group, version: #version, kind: #kind, verbs: &[#(#verbs),*],
            takes: #takes, connects: #connects,
        })
    }

    fn optional_place(&self, definition: Option<&str>) -> TokenStream {
        match definition.and_then(|name| self.place_of(name)) {
            Some(place) => quote!(Some(#place)),
            None => quote!(None),
        }
    }

    fn place_of(&self, definition: &str) -> Option<u16> {
        let definition = self.plan.definitions.get(definition)?;
        let object = definition.structs().first()?;
        self.places.get(&(definition.name.as_str(), object.name.as_str())).copied()
    }

    fn definition(&self, definition: &Definition, object: &Struct) -> TokenStream {
        let name = match definition.structs().first() {
            Some(first) if first.name == object.name => definition.name.clone(),
            _ => format!("{}.{}", definition.name, object.name.replace("::", ".")),
        };
        let atomic = object.atomic;
        let fields = object.fields.iter().map(|field| self.field(definition, field));
        quote!(Definition { name: #name, atomic: #atomic, fields: &[#(#fields),*] })
    }

    fn field(&self, definition: &Definition, field: &Field) -> TokenStream {
        let name = &field.wire;
        let type_ = self.type_of(definition, &field.type_);
        let merge = &field.merge;
        let mut text = quote!(Field::new(#name, #type_));
        if field.required {
            text.extend(quote!(.required()));
        }
        match merge.list_type {
            Some(ListType::Set) => text.extend(quote!(.set())),
            Some(ListType::Map) => {
                let keys = &merge.list_map_keys;
                text.extend(quote!(.keyed(&[#(#keys),*])));
            }
            Some(ListType::Atomic) | None => {}
        }
        if merge.atomic {
            text.extend(quote!(.atomic()));
        }
        if merge.patch_strategy.contains(&PatchStrategy::Merge) {
            let key = merge.patch_merge_key.as_deref().unwrap_or_default();
            text.extend(quote!(.merge(#key)));
        }
        if merge.patch_strategy.contains(&PatchStrategy::Replace) {
            text.extend(quote!(.replace()));
        }
        text
    }

    fn type_of(&self, definition: &Definition, type_: &Type) -> TokenStream {
        match type_ {
            Type::String | Type::Enum(_) => quote!(Type::String),
            Type::Bytes => quote!(Type::Bytes),
            Type::Integer32 => quote!(Type::Integer32),
            Type::Integer64 => quote!(Type::Integer64),
            Type::Number => quote!(Type::Number),
            Type::Boolean => quote!(Type::Boolean),
            Type::IntOrString | Type::IntOrText => quote!(Type::IntOrString),
            Type::Quantity => quote!(Type::Quantity),
            Type::Nullable(inner) => self.type_of(definition, inner),
            Type::Any => quote!(Type::Any),
            Type::Nested(name) => match self.places.get(&(definition.name.as_str(), own_name(definition, name))) {
                Some(place) => quote!(Type::Object(#place)),
                None => quote!(Type::Any),
            },
            Type::Definition(name) => self.type_of_definition(name),
            Type::List(item) => {
                let item = self.type_of(definition, item);
                quote!(Type::List(&#item))
            }
            Type::Map(value) => {
                let value = self.type_of(definition, value);
                quote!(Type::Map(&#value))
            }
        }
    }

    fn type_of_definition(&self, name: &str) -> TokenStream {
        if let Some(place) = self.place_of(name) {
            return quote!(Type::Object(#place));
        }
        match self.plan.definitions.get(name).map(|definition| &definition.body) {
            Some(Body::Special(special)) => match special.name {
                "Quantity" => quote!(Type::Quantity),
                "Time" => quote!(Type::Time),
                "MicroTime" => quote!(Type::MicroTime),
                "IntOrString" => quote!(Type::IntOrString),
                _ => quote!(Type::Any),
            },
            _ => quote!(Type::Any),
        }
    }
}

/// The name of the struct that a nested one is.
fn own_name<'a>(definition: &'a Definition, name: &'a str) -> &'a str {
    let object = definition.structs().iter().find(|object| object.name == name);
    object.and_then(|object| object.same_as.as_deref()).unwrap_or(name)
}
