use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::ir::{Body, Definition, Field, Home, Krate, Presence, Type};

/// The crate that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Apimachinery,
    Models,
    Api,
    /// A crate of custom resources, with its types in `models`.
    Custom,
}

impl Target {
    /// The crate that has the types of a definition.
    pub(super) fn of(krate: Krate) -> Self {
        match krate {
            Krate::Apimachinery => Self::Apimachinery,
            Krate::Models => Self::Models,
            Krate::Custom => Self::Custom,
        }
    }

    /// How the page calls `kubernetes-core`, or `kubernetes-apimachinery`, which models alone depend on. A module of a
    /// custom resource may have any name, that of the crate too.
    pub(super) fn core(self) -> &'static str {
        match self {
            Self::Apimachinery => "crate",
            Self::Models => "kubernetes_apimachinery",
            Self::Api => "kubernetes_core",
            Self::Custom => "::kubernetes_core",
        }
    }
}

/// The types that a page refers to, and what it has to import for them.
pub(super) struct Imports<'a> {
    definitions: &'a BTreeMap<String, Definition>,
    target: Target,
    home: Option<&'a Home>,
    /// The module inside of the page that the types are named in; empty for the page's own.
    module: String,
    /// The names that are taken there, each with the path that it stands for.
    names: BTreeMap<String, String>,
}

/// Stands for a type that the page itself declares.
const LOCAL: &str = "self";

impl<'a> Imports<'a> {
    /// The imports of a page that declares the types `local`.
    pub(super) fn new(
        definitions: &'a BTreeMap<String, Definition>,
        target: Target,
        home: Option<&'a Home>,
        local: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let names = local.into_iter().map(|name| (name.to_owned(), LOCAL.to_owned())).collect();
        Self { definitions, target, home, module: String::new(), names }
    }

    /// The imports of a module inside of the page.
    pub(super) fn within(mut self, module: &str) -> Self {
        self.module = module.to_owned();
        self
    }

    /// A name of Rust's prelude, in full if the page has a type of that name.
    pub(super) fn prelude(&mut self, name: &str) -> TokenStream {
        let module = match name {
            "Option" => "option",
            "Result" => "result",
            "Into" => "convert",
            "Box" => "boxed",
            _ => "vec",
        };
        let path = format!("::std::{module}::{name}");
        if self.names.get(name).is_some_and(|taken| *taken != path) {
            return tokens(&path);
        }
        self.names.insert(name.to_owned(), path);
        tokens(name)
    }

    /// A type of `kubernetes-core`.
    pub(super) fn core(&mut self, name: &str) -> TokenStream {
        self.named(&format!("{}::{name}", self.target.core()))
    }

    /// A type by its path: by its name if that is free, in full otherwise.
    fn named(&mut self, path: &str) -> TokenStream {
        let name = path.rsplit("::").next().unwrap_or(path);
        match self.names.get(name) {
            Some(taken) if taken != path => tokens(path),
            Some(_) => tokens(name),
            None => {
                self.names.insert(name.to_owned(), path.to_owned());
                tokens(name)
            }
        }
    }

    /// The type of a definition.
    pub(super) fn definition(&mut self, name: &str) -> TokenStream {
        // Lowering checked that every reference leads to a definition.
        let Some(definition) = self.definitions.get(name) else { return tokens("()") };
        match &definition.body {
            Body::Structs { .. } => {
                let name = &definition.type_name;
                let is_local = self.module.is_empty()
                    && self.home == Some(&definition.home)
                    && self.names.get(name).is_some_and(|path| path == LOCAL);
                let path = self.path(definition);
                if is_local { tokens(name) } else { self.named(&path) }
            }
            Body::Special(special) => {
                let type_ = self.core(special.name);
                match special.argument {
                    Some(argument) => {
                        let argument = self.definition(argument);
                        quote!(#type_<#argument>)
                    }
                    None => type_,
                }
            }
            Body::ListOf(items) => {
                let (list, items) = (self.core("List"), self.definition(items));
                quote!(#list<#items>)
            }
        }
    }

    fn path(&self, definition: &Definition) -> String {
        let Home { krate, group, version } = &definition.home;
        let root = match (krate, self.target) {
            _ if self.home == Some(&definition.home) => {
                let depth = if self.module.is_empty() { 1 } else { self.module.split("::").count() + 1 };
                return format!("{}{}", "super::".repeat(depth), definition.type_name);
            }
            (Krate::Apimachinery, target) => target.core(),
            (Krate::Models, Target::Models) => "crate",
            (Krate::Models, Target::Custom) => "::kubernetes_models",
            (Krate::Models, _) => "kubernetes_models",
            (Krate::Custom, _) => "crate::models",
        };
        let version = version.iter().map(|version| format!("::{version}")).collect::<String>();
        format!("{root}::{group}{version}::{}", definition.type_name)
    }

    /// A type, required and on its own.
    pub(super) fn type_of(&mut self, type_: &Type) -> TokenStream {
        match type_ {
            Type::String => self.core("Str"),
            Type::Integer32 => quote!(i32),
            Type::Integer64 => quote!(i64),
            Type::Number => quote!(f64),
            Type::Boolean => quote!(bool),
            Type::Bytes => self.core("ByteString"),
            Type::IntOrString => self.core("IntOrString"),
            Type::IntOrText => self.core("IntOrText"),
            Type::Quantity => self.core("Quantity"),
            Type::Nullable(inner) => {
                let (option, inner) = (self.prelude("Option"), self.type_of(inner));
                quote!(#option<#inner>)
            }
            Type::Any => self.core("Json"),
            Type::Definition(name) => self.definition(name),
            Type::Nested(name) | Type::Enum(name) => {
                let inside = name.strip_prefix(&self.module).and_then(|rest| rest.strip_prefix("::"));
                tokens(inside.filter(|_| !self.module.is_empty()).unwrap_or(name))
            }
            Type::List(items) => {
                let (list, items) = (self.prelude("Vec"), self.type_of(items));
                quote!(#list<#items>)
            }
            Type::Map(values) => {
                let (map, values) = (self.core("Map"), self.type_of(values));
                quote!(#map<#values>)
            }
        }
    }

    /// The type of a field.
    pub(super) fn field(&mut self, field: &Field) -> TokenStream {
        let value = self.value_of(field);
        let wrapper = match field.presence {
            Presence::Plain => return value,
            Presence::Optional => self.prelude("Option"),
            Presence::Nullable => self.core("Nullable"),
        };
        quote!(#wrapper<#value>)
    }

    /// The type of a field's value, if it has one.
    pub(super) fn value_of(&mut self, field: &Field) -> TokenStream {
        let value = self.type_of(&field.type_);
        if !field.is_boxed {
            return value;
        }
        let boxed = self.prelude("Box");
        quote!(#boxed<#value>)
    }

    /// The paths to import, those from one module together.
    pub(super) fn uses(&self) -> Vec<String> {
        let mut modules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for path in self.names.values().filter(|path| !path.starts_with("::std::")) {
            if let Some((module, name)) = path.rsplit_once("::") {
                modules.entry(module).or_default().push(name);
            }
        }
        modules
            .into_iter()
            .map(|(module, names)| match names.as_slice() {
                [name] => format!("{module}::{name}"),
                names => format!("{module}::{{{}}}", names.join(", ")),
            })
            .collect()
    }
}

/// A path as tokens.
fn tokens(path: &str) -> TokenStream {
    let absolute = path.starts_with("::").then(|| quote!(::));
    let parts = path.split("::").filter(|part| !part.is_empty()).map(|part| match part {
        "()" => quote!(()),
        part => {
            let part = format_ident!("{part}");
            quote!(#part)
        }
    });
    quote!(#absolute #(#parts)::*)
}
