//! One type for the same inline schema, however often a custom resource repeats it.
//!
//! Schemas of custom resources have no references: the selector of a label, the source of an environment variable, a
//! whole pod are written out wherever they are used. Of those that are equal in one definition, the one with the
//! shortest name stays.

use std::collections::BTreeMap;

use crate::ir::{Body, Definition, Enum, Struct, Type};
use crate::lower::is_built_in;

pub(super) fn merge(definitions: &mut BTreeMap<String, Definition>) {
    for definition in definitions.values_mut().filter(|definition| !is_built_in(&definition.name)) {
        if let Body::Structs { structs, enums } = &mut definition.body {
            // Merging what is inside can make what is around it equal.
            while merge_once(structs, enums) {}
        }
    }
}

/// Merges what is equal now; tells whether there was anything.
fn merge_once(structs: &mut Vec<Struct>, enums: &mut Vec<Enum>) -> bool {
    let mut shortest: BTreeMap<Content<'_>, &str> = BTreeMap::new();
    // The first struct is the definition itself, which other definitions refer to.
    let nested = structs.iter().skip(1).map(|object| (Content::of_struct(object), object.name.as_str()));
    let all: Vec<_> =
        nested.chain(enums.iter().map(|values| (Content::of_enum(values), values.name.as_str()))).collect();
    for (content, name) in &all {
        let kept = shortest.entry(content.clone()).or_insert(name);
        if (name.len(), *name) < (kept.len(), *kept) {
            *kept = name;
        }
    }
    let renamed: BTreeMap<String, String> = all
        .iter()
        .filter_map(|(content, name)| Some((*name, *shortest.get(content)?)))
        .filter(|(name, kept)| name != kept)
        .map(|(name, kept)| (name.to_owned(), kept.to_owned()))
        .collect();
    structs.retain(|object| !renamed.contains_key(&object.name));
    enums.retain(|values| !renamed.contains_key(&values.name));
    for object in structs.iter_mut() {
        relink(&mut object.description, &renamed);
        object.fields.iter_mut().for_each(|field| rename(&mut field.type_, &renamed));
    }
    enums.iter_mut().for_each(|values| relink(&mut values.owner, &renamed));
    !renamed.is_empty()
}

/// All of a type but its name and what is said of it as a whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Content<'a> {
    Struct(Vec<(&'a str, &'a str, &'a str, String, bool, bool)>),
    Enum(Vec<(&'a str, &'a str)>),
}

impl<'a> Content<'a> {
    fn of_struct(object: &'a Struct) -> Self {
        let fields = object.fields.iter().map(|field| {
            let (wire, name, description) = (field.wire.as_str(), field.name.as_str(), field.description.as_str());
            (wire, name, description, format!("{:?}", field.type_), field.required, field.nullable)
        });
        Self::Struct(fields.collect())
    }

    fn of_enum(values: &'a Enum) -> Self {
        Self::Enum(values.variants.iter().map(|value| (value.wire.as_str(), value.description.as_str())).collect())
    }
}

fn rename(type_: &mut Type, renamed: &BTreeMap<String, String>) {
    match type_ {
        Type::Nested(name) | Type::Enum(name) => {
            if let Some(kept) = renamed.get(name) {
                name.clone_from(kept);
            }
        }
        Type::List(inner) | Type::Map(inner) => rename(inner, renamed),
        _ => {}
    }
}

/// Made-up descriptions name the type that a property is of.
fn relink(text: &mut String, renamed: &BTreeMap<String, String>) {
    if text.starts_with("What the field `") || text.starts_with("the field `") {
        let parts: Vec<&str> = text.split('`').map(|part| renamed.get(part).map_or(part, String::as_str)).collect();
        *text = parts.join("`");
    }
}
