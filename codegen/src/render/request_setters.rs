use std::collections::BTreeSet;

use askama::Template;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::layout::CORE;
use super::{Doc, Page};
use crate::error::Result;
use crate::ir::{Connection, QueryParameter, QueryType, Verb};
use crate::passes::Plan;

const TEMPLATE: &str = "request_setters.rs.j2";

#[derive(Template)]
#[template(path = "request_setters.rs.j2", escape = "none")]
struct SettersPage {
    names: BTreeSet<&'static str>,
    requests: Vec<RequestView>,
}

struct RequestView {
    generics: &'static str,
    type_: String,
    setters: Vec<SetterView>,
}

struct SetterView {
    doc: Doc,
    name: String,
    argument: TokenStream,
    call: TokenStream,
}

/// The methods of every request type, one for each parameter.
pub(super) fn page(plan: &Plan) -> Result<Page> {
    let mut names = BTreeSet::new();
    let mut requests = Vec::new();
    for (verb, parameters) in &plan.parameters {
        let setters: Vec<SetterView> =
            parameters.iter().filter(|parameter| is_offered(*verb, parameter)).map(setter).collect();
        if setters.is_empty() {
            continue;
        }
        let name = request_name(*verb);
        names.insert(name);
        if parameters.iter().any(|parameter| matches!(parameter.type_, QueryType::String | QueryType::Strings)) {
            names.insert("Str");
        }
        let (generics, arguments) = match verb {
            Verb::Create => ("<T, O>", "<'_, T, O>".to_owned()),
            Verb::Replace | Verb::Patch => ("<T>", "<'_, T>".to_owned()),
            Verb::Log => ("", String::new()),
            Verb::Connect(connection) => {
                let purpose = connection_name(*connection);
                names.insert(purpose);
                ("", format!("<{purpose}>"))
            }
            _ => ("<K>", "<K>".to_owned()),
        };
        requests.push(RequestView { generics, type_: format!("{name}{arguments}"), setters });
    }
    Page::new(format!("{CORE}/request_setters.rs"), TEMPLATE, &SettersPage { names, requests })
}

/// The request type in `kubernetes-core`.
pub(super) fn request_name(verb: Verb) -> &'static str {
    match verb {
        Verb::List => "ListRequest",
        Verb::Read => "ReadRequest",
        Verb::Create => "CreateRequest",
        Verb::Replace => "ReplaceRequest",
        Verb::Patch => "PatchRequest",
        Verb::Delete => "DeleteRequest",
        Verb::DeleteCollection => "DeleteCollectionRequest",
        Verb::Log => "LogRequest",
        Verb::Connect(_) => "ConnectRequest",
        Verb::Get => "GetRequest",
    }
}

/// The type in `kubernetes-core` that tells what a connection is for.
pub(super) fn connection_name(connection: Connection) -> &'static str {
    match connection {
        Connection::Exec => "Exec",
        Connection::Attach => "Attach",
        Connection::PortForward => "PortForward",
        Connection::Proxy => "Proxy",
    }
}

/// Whether a request type has a method for the parameter.
pub(super) fn is_offered(verb: Verb, parameter: &QueryParameter) -> bool {
    match (verb, parameter.wire.as_str()) {
        // It asks for white space that nobody reads.
        (_, "pretty") => false,
        // They make a list a watch, which is a request type of its own with methods for them.
        (Verb::List, "watch" | "allowWatchBookmarks" | "sendInitialEvents") => false,
        // The API server overwrites it with the end of the path, which is an argument: `getRequestOptions` in
        // `staging/src/k8s.io/apiserver/pkg/endpoints/handlers/rest.go`.
        (Verb::Connect(Connection::Proxy), "path") => false,
        _ => true,
    }
}

fn setter(parameter: &QueryParameter) -> SetterView {
    let (name, wire) = (format_ident!("{}", parameter.name), &parameter.wire);
    let (argument, call) = match parameter.type_ {
        QueryType::String => (quote!(impl Into<Str>), quote!(set(#wire, #name.into()))),
        QueryType::Boolean => (quote!(bool), quote!(set(#wire, #name))),
        QueryType::Integer => (quote!(i64), quote!(set(#wire, #name))),
        QueryType::Strings => (
            quote!(impl IntoIterator<Item = impl Into<Str>>),
            quote!(set_all(#wire, #name.into_iter().map(Into::<Str>::into))),
        ),
        QueryType::Integers => (
            quote!(impl IntoIterator<Item = impl Into<i64>>),
            quote!(set_all(#wire, #name.into_iter().map(Into::<i64>::into))),
        ),
    };
    SetterView { doc: Doc(parameter.description.clone()), name: parameter.name.clone(), argument, call }
}
