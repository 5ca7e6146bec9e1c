//! Pages: one askama template for each kind of page, formatted, with a header.

mod api;
mod definition;
mod definition_table;
mod features;
mod format;
mod imports;
mod layout;
mod models;
mod operation_example;
mod request_setters;
mod schemas;
mod testing;

use std::fmt::{self, Write as _};

pub(crate) use layout::Layout;

use crate::error::Result;
use crate::output::FileTree;
use crate::passes::Plan;
use crate::text::is_unsafe;
use crate::timings::Timings;

/// The source in the header of every page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// The file of the description.
    pub(crate) source: &'a str,
    /// The version of Kubernetes, where the source is of one.
    pub(crate) kubernetes: Option<&'a str>,
    /// The command that regenerates the files.
    pub(crate) command: &'a str,
}

/// The folders other than core, models and api that contain only generated files.
pub(crate) const TESTS: &str = "kubernetes/models/tests/generated";
pub(crate) const TESTING: &str = "kubernetes/testing/src/generated";

/// The command that regenerates a crate of custom resources.
pub(crate) const CRDS_COMMAND: &str = "kubernetes-codegen crds";

/// A page as its template made it.
pub(crate) struct Page {
    pub(crate) path: String,
    /// The file in `codegen/templates`.
    pub(crate) template: &'static str,
    pub(crate) text: String,
}

impl Page {
    fn new(path: String, template: &'static str, page: &impl askama::Template) -> Result<Self> {
        let text = page.render().map_err(|error| {
            crate::Error::new("the template failed").in_file(format!("codegen/templates/{template}")).caused_by(error)
        })?;
        Ok(Self { path, template, text })
    }
}

/// Renders everything.
pub(crate) fn render(plan: &Plan, layout: &Layout, origin: Origin<'_>, timings: &mut Timings) -> Result<FileTree> {
    let pages = timings.measure("render", || pages(plan, layout))?;
    let files = timings.measure("format", || format::format_all(&pages, origin))?;
    let folders = layout.folders();
    Ok(FileTree { files, manifests: layout.manifests(&plan.features), folders, initial: layout.initial(plan) })
}

fn pages(plan: &Plan, layout: &Layout) -> Result<Vec<Page>> {
    let mut pages = models::pages(plan, layout)?;
    pages.extend(api::pages(plan, layout)?);
    pages.extend(models::root_page(layout)?);
    if layout.is_sdk() {
        pages.push(request_setters::page(plan)?);
        pages.push(definition_table::page(plan)?);
        pages.push(schemas::page(plan)?);
        pages.extend(testing::pages(plan)?);
    }
    Ok(pages)
}

/// Text as the lines of a doc comment.
struct Doc(String);

impl fmt::Display for Doc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.0.lines().enumerate() {
            // The compiler refuses those that change the order of text, and carriage returns.
            let line = crate::text::printable(line);
            let separator = if index > 0 { "\n" } else { "" };
            let space = if line.is_empty() { "" } else { " " };
            write!(f, "{separator}///{space}{line}")?;
        }
        Ok(())
    }
}

/// A string as a Rust literal.
#[derive(Clone)]
struct Literal(String);

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let literal = &self.0;
        let quoted = quote::quote!(#literal).to_string();
        // The compiler refuses those that change the order of text.
        for character in quoted.chars() {
            if is_unsafe(character) { write!(f, "{}", character.escape_unicode())? } else { f.write_char(character)? }
        }
        Ok(())
    }
}

/// A module that is declared in a page.
struct Module {
    doc: Doc,
    name: String,
    feature: Option<Literal>,
}
