//! The modules of models and of apimachinery: one for each group and version, one file for each definition.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use proc_macro2::TokenStream;

use super::imports::{Imports, Target};
use super::layout::CUSTOM;
use super::{Doc, Layout, Literal, Module, Page, definition};
use crate::error::{Error, Result};
use crate::ir::{Body, Definition, Home, Krate, names};
use crate::lower::is_built_in;
use crate::passes::Plan;

#[derive(Template)]
#[template(path = "module.rs.j2", escape = "none")]
struct ModulePage {
    modules: Vec<Module>,
    files: Vec<File>,
    /// Types written by hand, imported from apimachinery.
    specials: Vec<String>,
    aliases: Vec<Alias>,
}

struct File {
    /// The documentation of a public module; a private module has none, and its types are exported.
    doc: Option<Doc>,
    name: String,
    feature: Option<Literal>,
    exports: Vec<String>,
}

struct Alias {
    doc: Doc,
    name: String,
    type_: TokenStream,
}

/// The module that holds the others, where they are not each in a crate of their own.
pub(super) fn root_page(layout: &Layout) -> Result<Option<Page>> {
    let Layout::Custom { .. } = layout else { return Ok(None) };
    let module = |name: &str, doc: &str| Module { doc: Doc(doc.to_owned()), name: name.to_owned(), feature: None };
    let modules = vec![
        module("api", "Every operation as a function, a module for each group and version."),
        module("models", "Every type, a module for each group and version."),
    ];
    let page = ModulePage { modules, files: Vec::new(), specials: Vec::new(), aliases: Vec::new() };
    Ok(Some(Page::new(format!("{CUSTOM}/mod.rs"), "module.rs.j2", &page)?))
}

/// The definitions of one module.
type Homes<'a> = BTreeMap<&'a Home, Vec<&'a Definition>>;

pub(super) fn pages(plan: &Plan, layout: &Layout) -> Result<Vec<Page>> {
    let mut pages = Vec::new();
    for &(krate, folder) in layout.models() {
        let homes = homes(plan, krate);
        let groups: BTreeSet<&str> = homes.keys().map(|home| home.group.as_str()).collect();
        let mut root = Vec::new();
        for group in groups {
            let of_group: Homes<'_> =
                homes.iter().filter(|(home, _)| home.group == group).map(|(home, of)| (*home, of.clone())).collect();
            pages.extend(group_pages(plan, &format!("{folder}/{group}"), &of_group)?);
            let doc = Doc(group_doc(group, &of_group));
            root.push(Module { doc, name: group.to_owned(), feature: None });
        }
        // Schemas are found on the types: their module exports nothing.
        let schemas = (krate == Krate::Models).then(|| File {
            doc: None,
            name: "schemas".to_owned(),
            feature: Some(Literal("schema".to_owned())),
            exports: Vec::new(),
        });
        let files = schemas.into_iter().collect();
        let page = ModulePage { modules: root, files, specials: Vec::new(), aliases: Vec::new() };
        pages.push(Page::new(format!("{folder}/mod.rs"), "module.rs.j2", &page)?);
    }
    Ok(pages)
}

/// The modules that have something to show: types of apimachinery that are all written by hand need no module.
fn homes(plan: &Plan, krate: Krate) -> Homes<'_> {
    let mut homes: Homes<'_> = BTreeMap::new();
    for definition in plan.definitions.values().filter(|definition| definition.home.krate == krate) {
        homes.entry(&definition.home).or_default().push(definition);
    }
    homes.retain(|_, of| {
        krate != Krate::Apimachinery || of.iter().any(|definition| matches!(definition.body, Body::Structs { .. }))
    });
    homes
}

fn group_doc(group: &str, homes: &Homes<'_>) -> String {
    if homes.keys().any(|home| home.krate == Krate::Apimachinery) {
        return format!("Types that all groups share: `{group}`.");
    }
    let kinds = homes.values().flatten().filter_map(|definition| definition.kind());
    match kinds.map(|kind| kind.group.as_str()).find(|group| !group.is_empty()) {
        Some(group) => format!("Types of the group `{group}`."),
        None => "Types of the core group.".to_owned(),
    }
}

fn group_pages(plan: &Plan, folder: &str, homes: &Homes<'_>) -> Result<Vec<Page>> {
    let mut pages = Vec::new();
    let mut modules = Vec::new();
    let mut own: &[&Definition] = &[];
    for (home, definitions) in homes {
        match &home.version {
            None => own = definitions,
            Some(version) => {
                let folder = format!("{folder}/{version}");
                let page = module_page(plan, home, definitions, Vec::new(), &folder, &mut pages)?;
                pages.push(Page::new(format!("{folder}/mod.rs"), "module.rs.j2", &page)?);
                modules.push(version_module(home, version));
            }
        }
    }
    let home = homes.keys().next().copied();
    if let Some(home) = home {
        let page = module_page(plan, home, own, modules, folder, &mut pages)?;
        pages.push(Page::new(format!("{folder}/mod.rs"), "module.rs.j2", &page)?);
    }
    Ok(pages)
}

fn version_module(home: &Home, version: &str) -> Module {
    let feature = (home.krate != Krate::Apimachinery).then(|| names::feature(&home.group, version));
    let needs = feature.iter().map(|feature| format!("\n\nNeeds the feature `{feature}`.")).collect::<String>();
    let doc = Doc(format!("Types of version `{version}`.{needs}"));
    Module { doc, name: version.to_owned(), feature: feature.map(Literal) }
}

fn module_page(
    plan: &Plan,
    home: &Home,
    definitions: &[&Definition],
    modules: Vec<Module>,
    folder: &str,
    pages: &mut Vec<Page>,
) -> Result<ModulePage> {
    let target = Target::of(home.krate);
    let mut page = ModulePage { modules, files: Vec::new(), specials: Vec::new(), aliases: Vec::new() };
    let mut types: BTreeMap<&str, &Definition> = BTreeMap::new();
    for definition in definitions {
        if let Some(other) = types.insert(&definition.type_name, definition) {
            let message = format!("its name in Rust is `{}`, like that of {}", definition.type_name, other.name);
            return Err(Error::at(definition.pointer.clone(), message));
        }
        match &definition.body {
            Body::Structs { .. } => {
                let name = names::identifier(&definition.type_name);
                if page.files.iter().any(|file| file.name == name) {
                    let message = format!("another definition has the file {folder}/{name}.rs");
                    return Err(Error::at(definition.pointer.clone(), message));
                }
                pages.push(definition::page(plan, definition, format!("{folder}/{name}.rs"))?);
                let (mut doc, mut exports) = (None, vec![definition.type_name.clone()]);
                if is_built_in(&definition.name) {
                    exports = definition.structs().iter().map(|object| object.name.clone()).collect();
                    exports.extend(definition.enums().iter().map(|values| values.name.clone()));
                } else if definition.structs().len() + definition.enums().len() > 1 {
                    doc = Some(Doc(format!("`{}` and the types inside of it.", definition.type_name)));
                }
                page.files.push(File { doc, name, feature: None, exports });
            }
            // Core has it, beside the re-export of this module.
            Body::Special(special) if !special.is_value => {}
            Body::Special(special) if special.argument.is_none() => {
                let name = &definition.type_name;
                let alias = if name == special.name { String::new() } else { format!(" as {name}") };
                page.specials.push(format!("{}::{}{alias}", target.core(), special.name));
            }
            Body::Special(special) => {
                page.aliases.push(alias(plan, definition, special.name, special.argument, target))
            }
            Body::ListOf(_) => {}
        }
    }
    Ok(page)
}

fn alias(plan: &Plan, definition: &Definition, name: &str, argument: Option<&str>, target: Target) -> Alias {
    // The alias stands in the module's own page, where its definitions have their names, and those of core their paths.
    let local =
        argument.and_then(|argument| plan.definitions.get(argument)).map(|argument| argument.type_name.as_str());
    let mut imports = Imports::new(&plan.definitions, target, Some(&definition.home), local);
    let path = format!("{}::{name}", target.core());
    let type_: TokenStream = match argument.map(|argument| imports.definition(argument)) {
        Some(argument) => format!("{path}<{argument}>").parse().unwrap_or_default(),
        None => path.parse().unwrap_or_default(),
    };
    let doc = Doc(format!("[`{name}`]({path}) of a JSON schema."));
    Alias { doc, name: definition.type_name.clone(), type_ }
}
