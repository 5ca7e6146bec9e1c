//! The required properties of built-in types, which a new description does not change.
//!
//! Versions of Kubernetes differ in what they require (`Condition.message` became optional in 1.38). A type that followed
//! its description would break programs, and the hand-written code of this workspace, with the next version. So it keeps
//! the required properties that it had when it was recorded in `required.txt`: they are always written, and all others,
//! new ones too, only if they are set. A definition that is not recorded follows its description.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::Definition;

/// A line for each definition: its name, and the properties that are required in it.
const RECORD: &str = include_str!("required.txt");

/// How many properties a note lists before it only counts the rest.
const LISTED: usize = 20;

/// Decides which properties of the recorded types are required; returns a note on those that the description disagrees on.
pub(super) fn keep(definitions: &mut BTreeMap<String, Definition>) -> Option<String> {
    let mut differing = Vec::new();
    for (name, required) in recorded(RECORD) {
        let Some(definition) = definitions.get_mut(name) else { continue };
        let type_name = definition.type_name.clone();
        // Structs of inner properties have no definition of their own, and are as described.
        for field in definition.structs_mut().iter_mut().take(1).flat_map(|object| &mut object.fields) {
            let is_required = required.contains(field.wire.as_str());
            if is_required != field.required {
                let described = if field.required { "required" } else { "optional" };
                differing.push(format!("{type_name}.{} ({described})", field.wire));
            }
            field.stable_required = Some(is_required);
        }
    }
    let more = differing.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let listed = differing.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    (!differing.is_empty()).then(|| {
        format!(
            "required properties stay as recorded in codegen/src/passes/required.txt; the description differs in: \
             {listed}{more}",
        )
    })
}

fn recorded(record: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let lines = record.lines().filter(|line| !line.starts_with('#'));
    let definitions = lines.map(|line| {
        let mut words = line.split(' ');
        (words.next().unwrap_or_default(), words.collect())
    });
    definitions.collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::*;
    use crate::description::Content;
    use crate::{fixups, lower};

    const HEADER: &str = "# The required properties of each built-in type; see required.rs. New definitions are added by\n\
                          # UPDATE_EXPECT=1 cargo test -p kubernetes-codegen required\n";

    /// A description with new definitions that is pinned needs a new record.
    #[test]
    fn every_pinned_definition_is_recorded() {
        let bytes = include_bytes!("../../../scripts/swagger.json");
        let mut openapi = Content::Document(bytes).parse("swagger.json").expect("it is pinned").openapi;
        fixups::apply(&mut openapi).expect("it is pinned");
        let definitions = lower::lower(&openapi, None).expect("it is pinned").definitions;
        let mut record = recorded(RECORD);
        for definition in definitions.values() {
            if let Some(object) = definition.structs().first() {
                let required = object.fields.iter().filter(|field| field.required).map(|field| field.wire.as_str());
                record.entry(&definition.name).or_insert_with(|| required.collect());
            }
        }
        let line = |(name, required): (&str, BTreeSet<&str>)| {
            [name].into_iter().chain(required).collect::<Vec<_>>().join(" ") + "\n"
        };
        let text = record.into_iter().map(line).collect::<String>();
        expect_file!["required.txt"].assert_eq(&format!("{HEADER}{text}"));
    }
}
