//! A Markdown report on the content of a description and the result of its generation.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::fixups::Applied;
use crate::ir::{Body, Verb};
use crate::passes::Plan;

/// Writes the report. A test compares it, to notice structural changes of Kubernetes.
pub(crate) fn report(kubernetes: &str, plan: &Plan, fixups: &Applied) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_report(&mut text, kubernetes, plan, fixups);
    text
}

fn write_report(text: &mut String, kubernetes: &str, plan: &Plan, fixups: &Applied) -> std::fmt::Result {
    let counts = plan.counts;
    writeln!(text, "# What the description of Kubernetes {kubernetes} holds\n")?;
    writeln!(text, "Written by `UPDATE_EXPECT=1 cargo test -p kubernetes-codegen`.\n")?;
    let structs =
        plan.definitions.values().filter(|definition| matches!(definition.body, Body::Structs { .. })).count();
    let specials = plan.definitions.values().filter(|definition| matches!(definition.body, Body::Special(_))).count();
    let enums: usize = plan.definitions.values().map(|definition| definition.enums().len()).sum();
    let values: usize =
        plan.definitions.values().flat_map(|definition| definition.enums()).map(|values| values.variants.len()).sum();
    writeln!(text, "- definitions: {} in {} groups and versions", counts.definitions, counts.groups)?;
    writeln!(text, "  - {structs} structs")?;
    writeln!(text, "  - {} lists, folded into `List`", counts.folded_lists)?;
    writeln!(text, "  - {specials} types written by hand")?;
    writeln!(text, "  - unsupported: {}", counts.definitions - structs - counts.folded_lists - specials)?;
    writeln!(text, "- enums: {enums} with {values} values")?;
    let objects = plan.definitions.values().filter_map(|definition| definition.structs().first());
    let resources: Vec<_> = objects.filter_map(|object| object.resource.as_ref()).collect();
    let with_plural: Vec<_> = resources.iter().filter(|resource| resource.plural.is_some()).collect();
    let namespaced = with_plural.iter().filter(|resource| resource.namespaced).count();
    let watchable = with_plural.iter().filter(|resource| resource.watchable).count();
    writeln!(
        text,
        "- resources: {} ({namespaced} namespaced, {watchable} can be watched); {} objects of subresources",
        with_plural.len(),
        resources.len() - with_plural.len(),
    )?;
    writeln!(text, "- operations: {}", plan.functions.len())?;
    writeln!(text, "  - {} deprecated watches, left out", counts.deprecated_watches)?;
    write_fixups(text, fixups)?;
    write_verbs(text, plan)?;
    write_modules(text, plan)?;
    write_features(text, plan)
}

fn write_fixups(text: &mut String, fixups: &Applied) -> std::fmt::Result {
    writeln!(text, "\n## Fixups\n")?;
    for (name, places) in fixups {
        writeln!(text, "- `{name}`: {places} places")?;
    }
    Ok(())
}

fn write_verbs(text: &mut String, plan: &Plan) -> std::fmt::Result {
    writeln!(text, "\n## Verbs\n\n| verb | operations | parameters |\n|---|---:|---|")?;
    let mut counts: BTreeMap<Verb, usize> = BTreeMap::new();
    for function in &plan.functions {
        *counts.entry(function.verb).or_default() += 1;
    }
    for (verb, count) in counts {
        let parameters = plan.parameters.get(&verb).map(Vec::as_slice).unwrap_or_default();
        let parameters: Vec<&str> = parameters.iter().map(|parameter| parameter.wire.as_str()).collect();
        writeln!(text, "| {verb:?} | {count} | {} |", parameters.join(", "))?;
    }
    Ok(())
}

fn write_modules(text: &mut String, plan: &Plan) -> std::fmt::Result {
    writeln!(text, "\n## Groups and versions\n\n| module | definitions | operations |\n|---|---:|---:|")?;
    let mut modules: BTreeMap<(&str, Option<&str>), (usize, usize)> = BTreeMap::new();
    for definition in plan.definitions.values() {
        modules.entry((&definition.home.group, definition.home.version.as_deref())).or_default().0 += 1;
    }
    for function in &plan.functions {
        modules.entry((&function.group, function.version.as_deref())).or_default().1 += 1;
    }
    for ((group, version), (definitions, operations)) in modules {
        let version = version.map(|version| format!("::{version}")).unwrap_or_default();
        writeln!(text, "| {group}{version} | {definitions} | {operations} |")?;
    }
    Ok(())
}

fn write_features(text: &mut String, plan: &Plan) -> std::fmt::Result {
    writeln!(text, "\n## Unstable models that stable ones need\n")?;
    for (stable, unstable) in plan.features.pulled() {
        writeln!(text, "- `{stable}` needs `{unstable}`")?;
    }
    Ok(())
}
