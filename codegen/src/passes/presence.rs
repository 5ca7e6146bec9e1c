use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{Body, Definition, Field, Presence, Type};
use crate::lower::is_built_in;

/// Decides how each field holds its value: a required value as it is, unless it is an object that contains itself; an
/// optional object in a box, any other optional value in an `Option`. Lists and maps of built-in types are as they are,
/// as absent and empty ones mean the same; of custom resources they do not, and `null` is distinguished too.
pub(super) fn decide(definitions: &mut BTreeMap<String, Definition>) {
    let objects: BTreeSet<String> = definitions
        .values()
        .filter(|definition| !matches!(definition.body, Body::Special(_)))
        .map(|definition| definition.name.clone())
        .collect();
    for definition in definitions.values_mut() {
        let is_custom = !is_built_in(&definition.name);
        for field in definition.structs_mut().iter_mut().flat_map(|object| &mut object.fields) {
            field.presence = presence(field, is_custom);
            let is_object = match &field.type_ {
                Type::Nested(_) => true,
                Type::Definition(name) => objects.contains(name),
                _ => false,
            };
            field.is_boxed = is_object && field.presence != Presence::Plain;
        }
    }
    box_recursion(definitions);
}

fn presence(field: &Field, is_custom: bool) -> Presence {
    let is_collection = matches!(field.type_, Type::List(_) | Type::Map(_));
    match (field.is_required_in_rust(), field.nullable) {
        (true, false) => Presence::Plain,
        _ if is_collection && !is_custom => Presence::Plain,
        (false, true) if is_custom => Presence::Nullable,
        _ => Presence::Optional,
    }
}

/// A struct: its definition and its own name.
type Node = (String, String);

/// Boxes every plain field on a cycle: all of them, so that the result does not depend on where one begins to look.
fn box_recursion(definitions: &mut BTreeMap<String, Definition>) {
    let mut edges: BTreeMap<Node, BTreeSet<Node>> = BTreeMap::new();
    for definition in definitions.values() {
        for object in definition.structs() {
            let node = (definition.name.clone(), object.name.clone());
            let plain = object.fields.iter().filter(|field| field.presence == Presence::Plain);
            let targets = plain.filter_map(|field| target(definition, &field.type_, definitions)).collect();
            edges.insert(node, targets);
        }
    }
    let mut boxed = Vec::new();
    for definition in definitions.values() {
        for (index, object) in definition.structs().iter().enumerate() {
            let node = (definition.name.clone(), object.name.clone());
            let plain = object.fields.iter().enumerate().filter(|(_, field)| field.presence == Presence::Plain);
            let on_a_cycle = plain.filter(|(_, field)| {
                target(definition, &field.type_, definitions).is_some_and(|to| reaches(&edges, &to, &node))
            });
            boxed.extend(on_a_cycle.map(|(position, _)| (definition.name.clone(), index, position)));
        }
    }
    for (name, index, position) in boxed {
        let object = definitions.get_mut(&name).and_then(|definition| definition.structs_mut().get_mut(index));
        if let Some(field) = object.and_then(|object| object.fields.get_mut(position)) {
            field.is_boxed = true;
        }
    }
}

/// The struct that a field holds without any indirection, if it holds one.
fn target(owner: &Definition, type_: &Type, definitions: &BTreeMap<String, Definition>) -> Option<Node> {
    match type_ {
        Type::Nested(name) => Some((owner.name.clone(), name.clone())),
        Type::Definition(name) => {
            definitions.get(name)?.structs().first().map(|object| (name.clone(), object.name.clone()))
        }
        _ => None,
    }
}

fn reaches(edges: &BTreeMap<Node, BTreeSet<Node>>, from: &Node, to: &Node) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        if node == to {
            return true;
        }
        if seen.insert(node) {
            open.extend(edges.get(node).into_iter().flatten());
        }
    }
    false
}
