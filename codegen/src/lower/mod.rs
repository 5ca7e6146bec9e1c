//! From OpenAPI to the intermediate representation.

mod definitions;
mod descriptions;
mod homes;
mod operations;
mod schemas;

use openapiv3::OpenAPI;

use crate::error::Result;
use crate::ir::Api;

pub(crate) use homes::{is_built_in, version_of};

/// Lowers a lifted description. Nothing in it is dropped without a word: what has no counterpart in Rust is an error.
pub(crate) fn lower(openapi: &OpenAPI) -> Result<Api> {
    let definitions = definitions::lower(openapi)?;
    let operations = operations::lower(openapi, &definitions)?;
    Ok(Api { definitions, operations })
}
