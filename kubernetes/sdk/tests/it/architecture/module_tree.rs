//! The modules of a crate, and which of them refer to which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

use super::source::is_generated;

/// A path as its segments, such as `crate`, `json`, `Reader`.
type Segments = Vec<String>;

/// The modules by their paths, `crate` and `crate::json::reader`; tests are left out.
pub(super) struct ModuleTree {
    modules: BTreeMap<String, Module>,
}

#[derive(Default)]
struct Module {
    /// The items defined here, except for modules.
    names: BTreeSet<String>,
    /// The paths of `use`, by their names here.
    imports: BTreeMap<String, Segments>,
    globs: Vec<Segments>,
    /// The paths that the code of the module has.
    paths: BTreeSet<Segments>,
    /// Others may refer to it, but its own references don't count.
    is_generated: bool,
}

impl ModuleTree {
    /// Reads the modules that start with a file.
    pub(super) fn parse(entry: &Path) -> Self {
        let mut tree = Self { modules: BTreeMap::new() };
        let folder = entry.parent().expect("a file is in a folder");
        tree.add_file("crate", entry, folder);
        tree
    }

    /// The modules with these texts, by their paths below `crate`.
    pub(super) fn from_texts(texts: &[(&str, &str)]) -> Self {
        let mut tree = Self { modules: BTreeMap::new() };
        for (path, text) in texts {
            let path = if path.is_empty() { "crate".to_owned() } else { format!("crate::{path}") };
            let file = syn::parse_file(text).expect("a test's text is Rust");
            tree.add(&path, file.items, None);
        }
        tree
    }

    pub(super) fn modules(&self) -> BTreeSet<&str> {
        self.modules.keys().map(String::as_str).collect()
    }

    fn add_file(&mut self, path: &str, file: &Path, folder: &Path) {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.add(path, syntax.items, Some(folder));
        self.modules.entry(path.to_owned()).or_default().is_generated = is_generated(file);
    }

    /// Adds a module whose children's files are in `folder`.
    fn add(&mut self, path: &str, items: Vec<Item>, folder: Option<&Path>) {
        let mut module = Module::default();
        for item in items.into_iter().filter(|item| !attributes(item).iter().any(is_for_tests)) {
            if let Item::Mod(child) = &item {
                let name = child.ident.to_string();
                let child_path = format!("{path}::{name}");
                let child_folder = folder.map(|folder| folder.join(&name));
                match (item, child_folder) {
                    (Item::Mod(syn::ItemMod { content: Some((_, items)), .. }), folder) => {
                        self.add(&child_path, items, folder.as_deref());
                    }
                    (_, Some(folder)) => self.add_file(&child_path, &file_of(&folder), &folder),
                    (_, None) => {}
                }
                continue;
            }
            module.names.extend(name(&item));
            Collector(&mut module).visit_item(&item);
        }
        self.modules.insert(path.to_owned(), module);
    }

    /// Which modules refer to which others, sorted.
    pub(super) fn references(&self) -> BTreeSet<(String, String)> {
        let mut references = BTreeSet::new();
        for (from, module) in self.modules.iter().filter(|(_, module)| !module.is_generated) {
            let imports = module.imports.values().chain(&module.globs);
            for path in imports.chain(&module.paths) {
                if let Some(to) = self.resolve(from, path, 0).filter(|to| to != from) {
                    references.insert((from.clone(), to));
                }
            }
        }
        references
    }

    /// The module that has what a path names, where that is followed through `use` lines; `None` outside of the crate.
    fn resolve(&self, from: &str, path: &[String], depth: usize) -> Option<String> {
        // `use` lines that lead to each other in a circle name nothing.
        if depth > 32 {
            return None;
        }
        let (mut at, mut rest) = self.start(from, path)?;
        while let [name, tail @ ..] = rest {
            let child = format!("{at}::{name}");
            if self.modules.contains_key(&child) {
                (at, rest) = (child, tail);
                continue;
            }
            let module = self.modules.get(&at)?;
            if let Some(import) = module.imports.get(name) {
                let path: Segments = import.iter().chain(tail).cloned().collect();
                return self.resolve(&at, &path, depth + 1).or(Some(at));
            }
            if module.names.contains(name) {
                return Some(at);
            }
            let through_globs = module.globs.iter().filter_map(|glob| {
                let target = self.resolve(&at, glob, depth + 1).filter(|target| *target != at)?;
                let found = self.resolve(&target, &[&["self".to_owned()], rest].concat(), depth + 1)?;
                self.defines(&found, name).then_some(found)
            });
            return through_globs.into_iter().next().or(Some(at));
        }
        Some(at)
    }

    fn defines(&self, module: &str, name: &str) -> bool {
        module.ends_with(&format!("::{name}"))
            || self.modules.get(module).is_some_and(|module| module.names.contains(name))
    }

    /// Where a path starts, and what is left of it.
    fn start<'a>(&self, from: &str, path: &'a [String]) -> Option<(String, &'a [String])> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(("crate".to_owned(), rest)),
            "self" => Some((from.to_owned(), rest)),
            "super" => {
                let parent = from.rsplit_once("::").map_or(from, |(parent, _)| parent);
                let supers = rest.iter().take_while(|segment| *segment == "super").count();
                let at = (0..supers).fold(parent, |at, _| at.rsplit_once("::").map_or(at, |(parent, _)| parent));
                Some((at.to_owned(), &rest[supers..]))
            }
            name => {
                let module = self.modules.get(from)?;
                let is_ours = self.modules.contains_key(&format!("{from}::{name}")) || module.names.contains(name);
                is_ours.then(|| (from.to_owned(), path))
            }
        }
    }
}

/// `json.rs` or `json/mod.rs`, for the folder `json`.
fn file_of(folder: &Path) -> PathBuf {
    let inside = folder.join("mod.rs");
    if inside.exists() { inside } else { folder.with_extension("rs") }
}

/// Collects what a module's code refers to.
struct Collector<'a>(&'a mut Module);

impl Visit<'_> for Collector<'_> {
    fn visit_item(&mut self, item: &Item) {
        if !attributes(item).iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        self.add_use(&item.tree, Vec::new());
    }

    fn visit_path(&mut self, path: &syn::Path) {
        self.add_path(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &syn::Visibility) {
        // `pub(in super::…)` needs nothing from there.
    }

    fn visit_macro(&mut self, item: &syn::Macro) {
        visit::visit_macro(self, item);
        self.add_tokens(item.tokens.clone());
    }
}

impl Collector<'_> {
    fn add_path(&mut self, segments: Segments) {
        if segments.len() > 1 && matches!(segments[0].as_str(), "crate" | "self" | "super") {
            self.0.paths.insert(segments);
        }
    }

    fn add_use(&mut self, tree: &UseTree, mut segments: Segments) {
        match tree {
            UseTree::Path(path) => {
                segments.push(path.ident.to_string());
                self.add_use(&path.tree, segments);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_use(tree, segments.clone());
                }
            }
            UseTree::Glob(_) => self.0.globs.push(segments),
            UseTree::Name(name) if name.ident == "self" => {
                let Some(last) = segments.last().cloned() else { return };
                self.0.imports.insert(last, segments);
            }
            UseTree::Name(name) => {
                segments.push(name.ident.to_string());
                self.0.imports.insert(name.ident.to_string(), segments);
            }
            UseTree::Rename(rename) => {
                if rename.ident != "self" {
                    segments.push(rename.ident.to_string());
                }
                if rename.rename == "_" {
                    self.0.paths.insert(segments);
                } else {
                    self.0.imports.insert(rename.rename.to_string(), segments);
                }
            }
        }
    }

    /// Finds paths in what a macro gets or says, where syn sees tokens only.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path = Segments::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) if path.is_empty() || colons == 2 => {
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() && colons < 2 => colons += 1,
                other => {
                    self.add_path(std::mem::take(&mut path));
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.add_tokens(group.stream()),
                        TokenTree::Ident(name) => path.push(name.to_string()),
                        _ => {}
                    }
                }
            }
        }
        self.add_path(path);
    }
}

/// Whether something is compiled for tests only.
fn is_for_tests(attribute: &Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else { return attribute.path().is_ident("test") };
    fn has_test(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(name) => name == "test",
            TokenTree::Group(group) => has_test(group.stream()),
            _ => false,
        })
    }
    attribute.path().is_ident("cfg") && has_test(list.tokens.clone())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}
