//! Which verb an operation belongs to, and with it which request type.

use std::collections::BTreeMap;

use kubernetes_swagger::extension::Action;

use crate::error::{Error, Result};
use crate::ir::{Api, Body, Connection, Function, Krate, Operation, Special, Type, Verb, names};

const DELETE_OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";

/// Finds a verb, a module and a name for every operation.
pub(super) fn claim(api: &Api, operations: Vec<Operation>) -> Result<Vec<Function>> {
    let groups = group_modules(api)?;
    let mut functions: Vec<Function> = Vec::with_capacity(operations.len());
    let mut taken: BTreeMap<(String, Option<String>, String), String> = BTreeMap::new();
    for operation in operations {
        let verb = verb(&operation)?;
        let (subject, response) = types(api, &operation, verb)?;
        let (group, version) = module(&operation, &groups);
        let name = names::function(&operation.id, &operation.tag);
        let key = (group.clone(), version.clone(), name.clone());
        if let Some(other) = taken.insert(key, operation.id.clone()) {
            let message = format!("`{}` and `{other}` are both `{name}` in the module {group}", operation.id);
            return Err(Error::at(operation.pointer, message));
        }
        functions.push(Function { operation, verb, subject, response, group, version, name });
    }
    Ok(functions)
}

/// The modules of the API groups, by the definitions of their kinds.
fn group_modules(api: &Api) -> Result<BTreeMap<&str, &str>> {
    let mut modules: BTreeMap<&str, &str> = BTreeMap::new();
    for definition in api.definitions.values().filter(|definition| definition.home.krate != Krate::Apimachinery) {
        let Some(kind) = definition.kind() else { continue };
        let module = definition.home.group.as_str();
        if let Some(other) = modules.insert(&kind.group, module).filter(|other| *other != module) {
            let message = format!("the group `{}` has definitions in two modules, {module} and {other}", kind.group);
            return Err(Error::at(definition.pointer.clone(), message));
        }
    }
    Ok(modules)
}

/// The module of an operation, by its path: operations on pods are in `core::v1`, whatever kind they take.
fn module(operation: &Operation, groups: &BTreeMap<&str, &str>) -> (String, Option<String>) {
    let parts: Vec<&str> = operation.path.trim_matches('/').split('/').collect();
    let of_group = |group: &str| groups.get(group).map_or_else(|| names::identifier(group), |name| (*name).to_owned());
    match parts.as_slice() {
        ["api"] => ("core".to_owned(), None),
        ["api", version, ..] => ("core".to_owned(), Some(names::identifier(version))),
        ["apis"] => ("apis".to_owned(), None),
        ["apis", group] => (of_group(group), None),
        ["apis", group, version, ..] => (of_group(group), Some(names::identifier(version))),
        _ => (names::identifier(&operation.tag), None),
    }
}

fn verb(operation: &Operation) -> Result<Verb> {
    let last = operation.path.trim_end_matches("/{path}").rsplit('/').next().unwrap_or_default();
    let verb = match (operation.action, operation.method.as_str()) {
        (Some(Action::List), "GET") => Verb::List,
        (Some(Action::Get), "GET") if last == "log" => Verb::Log,
        (Some(Action::Get), "GET") => Verb::Read,
        (Some(Action::Post), "POST") => Verb::Create,
        (Some(Action::Put), "PUT") => Verb::Replace,
        (Some(Action::Patch), "PATCH") => Verb::Patch,
        (Some(Action::Delete), "DELETE") => Verb::Delete,
        (Some(Action::DeleteCollection), "DELETE") => Verb::DeleteCollection,
        (Some(Action::Connect), _) => match last {
            "exec" => Verb::Connect(Connection::Exec),
            "attach" => Verb::Connect(Connection::Attach),
            "portforward" => Verb::Connect(Connection::PortForward),
            "proxy" => Verb::Connect(Connection::Proxy),
            _ => return Err(unclaimed(operation)),
        },
        (None, "GET") if operation.query.is_empty() && operation.body.is_none() => Verb::Get,
        _ => return Err(unclaimed(operation)),
    };
    Ok(verb)
}

fn unclaimed(operation: &Operation) -> Error {
    let action = operation.action.map_or("no action", |action| action.as_str());
    Error::at(
        operation.pointer.clone(),
        format!(
            "no verb claims {} with {action}: add one to Verb in codegen/src/ir/operations.rs and to verb() in \
             codegen/src/passes/claims.rs, and its request type to kubernetes-core",
            operation.method,
        ),
    )
}

/// The type that a request is about, and the type of its response where that is another one.
fn types(api: &Api, operation: &Operation, verb: Verb) -> Result<(Option<Type>, Option<Type>)> {
    let error = |message: &str| Error::at(operation.pointer.clone(), message);
    let object = |type_: Option<&Type>, message: &str| match type_ {
        Some(type_ @ Type::Definition(_)) => Ok(type_.clone()),
        _ => Err(error(message)),
    };
    let response = || object(operation.response.as_ref(), "the 200 response must be a definition");
    if matches!(verb, Verb::Delete | Verb::DeleteCollection) {
        let is_options =
            operation.body.as_ref().is_none_or(|body| *body == Type::Definition(DELETE_OPTIONS.to_owned()));
        if !is_options {
            return Err(error("the body of a delete must be DeleteOptions"));
        }
    } else if operation.body.is_some() != matches!(verb, Verb::Create | Verb::Replace | Verb::Patch) {
        return Err(error("post, put and patch need a body, and no other method has one"));
    }
    Ok(match verb {
        Verb::List => (Some(list_items(api, operation)?), None),
        Verb::Read => (Some(response()?), None),
        Verb::Create => {
            let body = object(operation.body.as_ref(), "the body must be a definition")?;
            let response = Some(response()?).filter(|response| *response != body);
            (Some(body), response)
        }
        Verb::Replace if operation.body != operation.response => {
            return Err(error("the response to a put must have the type of its body"));
        }
        Verb::Replace => (Some(response()?), None),
        Verb::Patch => {
            let is_patch = match &operation.body {
                Some(Type::Definition(name)) => Special::of(name).is_some_and(|special| special.name == "Patch"),
                _ => false,
            };
            if !is_patch {
                return Err(error("the body of a patch must be the definition Patch"));
            }
            (Some(response()?), None)
        }
        Verb::Delete | Verb::DeleteCollection => {
            let of_kind = operation.kind.as_ref().and_then(|kind| api.definition_of(kind));
            let of_kind = of_kind.ok_or_else(|| error("there is no definition of the kind that is deleted"))?;
            (Some(Type::Definition(of_kind.name.clone())), None)
        }
        Verb::Get => match &operation.response {
            Some(response) => (Some(response.clone()), None),
            None => return Err(error("the 200 response must have a type")),
        },
        Verb::Log | Verb::Connect(_) => (None, None),
    })
}

fn list_items(api: &Api, operation: &Operation) -> Result<Type> {
    if let Some(Type::Definition(list)) = &operation.response
        && let Some(Body::ListOf(items)) = api.definitions.get(list).map(|list| &list.body)
    {
        return Ok(Type::Definition(items.clone()));
    }
    Err(Error::at(
        operation.pointer.clone(),
        "the 200 response of a list must be a definition of the kind's name and `List`, with `metadata` (a ListMeta) and \
         `items` of that kind",
    ))
}
