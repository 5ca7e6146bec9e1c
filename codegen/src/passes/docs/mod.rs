//! Turns descriptions, which are plain text with habits of Go and Markdown, into doc comments that rustdoc takes
//! without a warning.

mod blocks;
mod inline;

use super::Plan;
use crate::ir::Body;
use crate::ir::names::upper_first;

/// Cleans every description; none is left empty.
pub(super) fn clean_all(plan: &mut Plan) {
    for definition in plan.definitions.values_mut() {
        let name = definition.name.clone();
        let Body::Structs { structs, enums } = &mut definition.body else { continue };
        for object in structs {
            object.description = clean_or(&object.description, || format!("`{name}`"));
            for field in &mut object.fields {
                field.description = clean_or(&field.description, || format!("`{}`", field.wire));
            }
        }
        for variant in enums.iter_mut().flat_map(|values| &mut values.variants) {
            let name = match variant.wire.as_str() {
                "" => "The empty string".to_owned(),
                wire => format!("`{wire}`"),
            };
            let description = without_own_name(&variant.description, &variant.wire);
            let continues = description.starts_with(|first: char| first.is_lowercase());
            let description = if continues { format!("{name} {description}") } else { description.to_owned() };
            variant.description = clean_or(&description, || name);
        }
    }
    for function in &mut plan.functions {
        let operation = &mut function.operation;
        let description = upper_first(operation.description.trim_end_matches('.')) + ".";
        operation.description = clean_or(&description, || format!("`{}`", operation.id));
        for parameter in &mut operation.path_parameters {
            parameter.description = clean_or(&parameter.description, || format!("`{}`", parameter.wire));
        }
    }
    for parameter in plan.parameters.values_mut().flatten() {
        parameter.description = clean_or(&parameter.description, || format!("`{}`", parameter.wire));
    }
}

fn clean_or(description: &str, fallback: impl FnOnce() -> String) -> String {
    let text = clean(description);
    if text.is_empty() { fallback() } else { text }
}

/// Markdown for rustdoc, wrapped, with a summary first.
fn clean(description: &str) -> String {
    blocks::render(&blocks::parse(description))
}

/// Values are often explained as Go constants are: ``"JSONPatch"` JSONPatch indicates …``.
fn without_own_name<'a>(description: &'a str, wire: &str) -> &'a str {
    let rest = description.strip_prefix(wire).filter(|_| !wire.is_empty());
    rest.and_then(|rest| rest.strip_prefix(' ')).map_or(description, str::trim_start)
}

#[cfg(test)]
mod tests;
