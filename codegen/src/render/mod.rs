//! Pages: one askama template for each kind of page, formatted, with a header.

mod api;
mod definition;
mod definition_table;
mod features;
mod format;
mod imports;
mod models;
mod request_setters;
mod testing;

use std::fmt;

pub(crate) use features::Manifest;

use crate::error::Result;
use crate::output::FileTree;
use crate::passes::Plan;
use crate::timings::Timings;

/// What the header of every page names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// The file of the description.
    pub(crate) source: &'a str,
    /// The version of Kubernetes.
    pub(crate) kubernetes: &'a str,
}

/// The folders that hold generated files and nothing else.
pub(crate) const CORE: &str = "kubernetes/core/src/generated";
pub(crate) const MODELS: &str = "kubernetes/models/src/generated";
pub(crate) const API: &str = "kubernetes/api/src/generated";
pub(crate) const TESTS: &str = "kubernetes/models/tests/generated";
pub(crate) const TESTING: &str = "kubernetes/testing/src/generated";

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
pub(crate) fn render(plan: &Plan, origin: Origin<'_>, timings: &mut Timings) -> Result<FileTree> {
    let pages = timings.measure("render", || pages(plan))?;
    let files = timings.measure("format", || format::format_all(&pages, origin))?;
    Ok(FileTree { files, manifests: features::manifests(&plan.features) })
}

fn pages(plan: &Plan) -> Result<Vec<Page>> {
    let mut pages = models::pages(plan)?;
    pages.push(request_setters::page(plan)?);
    pages.extend(api::pages(plan)?);
    pages.push(definition_table::page(plan)?);
    pages.extend(testing::pages(plan)?);
    Ok(pages)
}

/// Text as the lines of a doc comment.
struct Doc(String);

impl fmt::Display for Doc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.0.lines().enumerate() {
            let separator = if index > 0 { "\n" } else { "" };
            let space = if line.is_empty() { "" } else { " " };
            write!(f, "{separator}///{space}{line}")?;
        }
        Ok(())
    }
}

/// A string as a Rust literal.
struct Literal(String);

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let literal = &self.0;
        fmt::Display::fmt(&quote::quote!(#literal), f)
    }
}

/// A module that is declared in a page.
struct Module {
    doc: Doc,
    name: String,
    feature: Option<Literal>,
}
