//! The functions of the API, a module for each group and version.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use proc_macro2::TokenStream;
use quote::quote;

use super::imports::{Imports, Target};
use super::operation_example::Examples;
use super::request_setters::{connection_name, is_offered, request_name};
use super::{Doc, Layout, Literal, Module, Page};
use crate::error::Result;
use crate::ir::{Function, Verb, names};
use crate::passes::Plan;

const TEMPLATE: &str = "operations.rs.j2";

#[derive(Template)]
#[template(path = "operations.rs.j2", escape = "none")]
struct OperationsPage {
    modules: Vec<Module>,
    uses: Vec<String>,
    functions: Vec<FunctionView>,
}

struct FunctionView {
    doc: Doc,
    name: String,
    /// `<'a>` where the request borrows one of several references.
    lifetime: TokenStream,
    arguments: TokenStream,
    return_type: TokenStream,
    request: TokenStream,
}

pub(super) fn pages(plan: &Plan, layout: &Layout) -> Result<Vec<Page>> {
    let (folder, target) = layout.api();
    let mut modules: BTreeMap<&str, BTreeMap<Option<&str>, Vec<&Function>>> = BTreeMap::new();
    for function in &plan.functions {
        let versions = modules.entry(&function.group).or_default();
        versions.entry(None).or_default();
        versions.entry(function.version.as_deref()).or_default().push(function);
    }
    // A crate of custom resources has no documentation tests, which its users would run.
    let examples = (target == Target::Api).then(|| Examples::new(plan));
    let page = |modules, functions: &[&Function]| page(plan, target, examples.as_ref(), modules, functions);
    let mut pages = Vec::new();
    let mut root = Vec::new();
    for (group, versions) in &modules {
        let mut submodules = Vec::new();
        for (version, functions) in versions {
            let Some(version) = version else { continue };
            let page = page(Vec::new(), functions);
            pages.push(Page::new(format!("{folder}/{group}/{version}.rs"), TEMPLATE, &page)?);
            let feature = names::feature(group, version);
            let doc = format!("Operations of version `{version}`.\n\nNeeds the feature `{feature}`.");
            submodules.push(Module { doc: Doc(doc), name: (*version).to_owned(), feature: Some(Literal(feature)) });
        }
        let own = versions.get(&None).map(Vec::as_slice).unwrap_or_default();
        let page = page(submodules, own);
        pages.push(Page::new(format!("{folder}/{group}/mod.rs"), TEMPLATE, &page)?);
        let doc = Doc(format!("Operations of {}.", group_name(versions, group)));
        root.push(Module { doc, name: (*group).to_owned(), feature: None });
    }
    let root = OperationsPage { modules: root, uses: Vec::new(), functions: Vec::new() };
    pages.push(Page::new(format!("{folder}/mod.rs"), TEMPLATE, &root)?);
    Ok(pages)
}

/// The name of a group in docs, by the path of its operations.
fn group_name(versions: &BTreeMap<Option<&str>, Vec<&Function>>, module: &str) -> String {
    let paths: BTreeSet<&str> =
        versions.values().flatten().filter_map(|function| function.operation.path.strip_prefix("/apis/")).collect();
    let groups = paths.iter().filter_map(|path| path.split('/').next()).find(|group| !group.is_empty());
    match (groups, module) {
        (Some(group), _) => format!("the group `{group}`"),
        (None, "core") => "the core group".to_owned(),
        (None, _) => format!("`{module}`"),
    }
}

fn page(
    plan: &Plan,
    target: Target,
    examples: Option<&Examples<'_>>,
    modules: Vec<Module>,
    functions: &[&Function],
) -> OperationsPage {
    let mut imports = Imports::new(&plan.definitions, target, None, []);
    let functions = functions.iter().map(|function| view(function, examples, &mut imports)).collect();
    OperationsPage { modules, uses: imports.uses(), functions }
}

fn view(function: &Function, examples: Option<&Examples<'_>>, imports: &mut Imports<'_>) -> FunctionView {
    let verb = function.verb;
    let request_type = imports.core(request_name(verb));
    let subject = function.subject.as_ref().map(|subject| imports.type_of(subject));
    let response = function.response.as_ref().map(|response| imports.type_of(response));
    let (path, path_arguments) = path(function, imports);
    let body = match verb {
        Verb::Create | Verb::Replace => Some((quote!(body), subject.clone())),
        Verb::Patch => Some((quote!(patch), Some(imports.core("Patch")))),
        _ => None,
    };
    let has_references = !path_arguments.is_empty();
    let mut arguments: Vec<TokenStream> = path_arguments.iter().map(|name| quote!(#name: &str)).collect();
    let (lifetime, borrowed) = match (&body, has_references) {
        (None, _) => (quote!(), quote!()),
        (Some(_), true) => (quote!(<'a>), quote!('a,)),
        (Some(_), false) => (quote!(), quote!('_,)),
    };
    if let Some((name, type_)) = &body {
        let borrow = if has_references { quote!(&'a) } else { quote!(&) };
        arguments.push(quote!(#name: #borrow #type_));
    }
    let (return_type, request) = match verb {
        Verb::Log => (quote!(#request_type), quote!(#request_type::at(#path))),
        Verb::Connect(connection) => {
            let purpose = imports.core(connection_name(connection));
            let method = imports.core("Method");
            let name = quote::format_ident!("{}", function.operation.method);
            (quote!(#request_type<#purpose>), quote!(#request_type::at(#method::#name, #path)))
        }
        Verb::Create | Verb::Replace => {
            let response = response.map(|response| quote!(, #response));
            (quote!(#request_type<#borrowed #subject #response>), quote!(#request_type::at(#path, body)))
        }
        Verb::Patch => (quote!(#request_type<#borrowed #subject>), quote!(#request_type::at(#path, patch))),
        _ => {
            let accept = accept(function);
            (quote!(#request_type<#subject>), quote!(#request_type::at(#path)#accept))
        }
    };
    let mut doc = doc(function, &request_type);
    if let Some(examples) = examples {
        doc.push_str(&format!("\n\n{}", examples.of(function)));
    }
    FunctionView {
        doc: Doc(doc),
        name: function.name.clone(),
        lifetime,
        arguments: quote!(#(#arguments),*),
        return_type,
        request,
    }
}

/// The media type to ask for, of a response that is not plain JSON.
fn accept(function: &Function) -> TokenStream {
    let produces = &function.operation.produces;
    let is_json = produces.iter().any(|media| matches!(media.as_str(), "application/json" | "*/*"));
    match produces.first() {
        Some(media) if function.verb == Verb::Get && !is_json => quote!(.accept(#media)),
        _ => quote!(),
    }
}

/// The expression of the path, and its arguments. A `{path}` at the end may have several segments.
fn path(function: &Function, imports: &mut Imports<'_>) -> (TokenStream, Vec<syn::Ident>) {
    let operation = &function.operation;
    let path_type = imports.core("Path");
    let parameters = &operation.path_parameters;
    let idents: Vec<syn::Ident> =
        parameters.iter().map(|parameter| quote::format_ident!("{}", parameter.name)).collect();
    let tail = operation.path.strip_suffix("/{path}").filter(|_| matches!(function.verb, Verb::Connect(_)));
    let expression = match (tail, idents.split_last()) {
        (Some(template), Some((tail, arguments))) => {
            quote!(#path_type::new(#template, &[#(#arguments),*]).join(#tail))
        }
        _ => {
            let template = &operation.path;
            quote!(#path_type::new(#template, &[#(#idents),*]))
        }
    };
    (expression, idents)
}

fn doc(function: &Function, request_type: &TokenStream) -> String {
    let operation = &function.operation;
    let mut doc = format!("{}\n\n`{} {}`", operation.description, operation.method, operation.path);
    if !operation.path_parameters.is_empty() {
        doc.push('\n');
    }
    for parameter in &operation.path_parameters {
        let description = parameter.description.replace('\n', " ");
        doc.push_str(&format!("\n- `{}`: {description}", parameter.name));
    }
    let link = request_type.to_string().replace(' ', "");
    if operation.query.iter().any(|parameter| is_offered(function.verb, parameter)) {
        doc.push_str(&format!("\n\nOptional parameters are methods of [`{link}`]."));
    }
    doc
}
