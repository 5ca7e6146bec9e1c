//! From OpenAPI to the intermediate representation.

mod definitions;
mod descriptions;
mod homes;
mod operations;
mod reuse;
mod schemas;

use openapiv3::OpenAPI;

use crate::error::{Error, Result};
use crate::ir::Api;

pub(crate) use descriptions::{POSSIBLE_VALUES, says_nothing};
pub(crate) use homes::{is_built_in, version_of};
pub(crate) use reuse::Reuse;

/// Lowers a lifted description. Nothing is dropped silently: anything that can't be expressed in Rust is an error,
/// which has all problems.
pub(crate) fn lower(openapi: &OpenAPI, reuse: Option<&Reuse<'_>>) -> Result<Api> {
    let (definitions, mut problems) = definitions::lower(openapi, reuse);
    let (operations, more) = operations::lower(openapi, &definitions);
    // A definition that could not be lowered is missing for operations, which is not their fault.
    if problems.is_empty() {
        problems = more;
    }
    match Error::of_all(problems) {
        Some(error) => Err(error),
        None => Ok(Api { definitions, operations }),
    }
}
