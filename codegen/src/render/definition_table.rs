//! A table of all definitions and their types, for the tests that hold each type against the description.

use askama::Template;

use super::{Literal, Page, TESTS};
use crate::error::Result;
use crate::ir::{Body, Definition, Home, Krate, names};
use crate::passes::Plan;

const TEMPLATE: &str = "definition_table.rs.j2";

#[derive(Template)]
#[template(path = "definition_table.rs.j2", escape = "none")]
struct TablePage {
    rows: Vec<Row>,
}

struct Row {
    feature: Option<Literal>,
    type_: String,
    name: Literal,
}

/// The table, in the folder of generated tests.
pub(super) fn page(plan: &Plan) -> Result<Page> {
    let is_value = |definition: &&Definition| match &definition.body {
        Body::Special(special) => special.is_value,
        _ => true,
    };
    let rows = plan.definitions.values().filter(is_value).map(|definition| row(plan, definition)).collect();
    Page::new(format!("{TESTS}/definition_table.rs"), TEMPLATE, &TablePage { rows })
}

fn row(plan: &Plan, definition: &Definition) -> Row {
    let Home { krate, group, version } = &definition.home;
    let version = version.as_deref().filter(|_| *krate == Krate::Models);
    let feature = version.map(|version| Literal(names::feature(group, version)));
    Row { feature, type_: path(plan, definition), name: Literal(definition.name.clone()) }
}

/// The type of a definition, with the whole path.
fn path(plan: &Plan, definition: &Definition) -> String {
    let of = |name: &str| plan.definitions.get(name).map_or_else(|| "()".to_owned(), |inner| path(plan, inner));
    match &definition.body {
        Body::Structs { .. } => {
            let Home { krate, group, version } = &definition.home;
            let krate = if *krate == Krate::Apimachinery { "kubernetes_core" } else { "kubernetes_models" };
            let version = version.iter().map(|version| format!("::{version}")).collect::<String>();
            format!("{krate}::{group}{version}::{}", definition.type_name)
        }
        Body::Special(special) => {
            let argument = special.argument.map(|argument| format!("<{}>", of(argument))).unwrap_or_default();
            format!("kubernetes_core::{}{argument}", special.name)
        }
        Body::ListOf(items) => format!("kubernetes_core::List<{}>", of(items)),
    }
}
