//! Corrections of the description, with one function for each upstream bug.
//!
//! A fixup whose bug has been fixed upstream is an error, so that none outlives its bug.

mod connections;
mod logs;
mod openid;
mod shards;
mod statuses;

use openapiv3::{OpenAPI, Operation, PathItem, ReferenceOr};

use crate::error::{Error, Result};

/// The result of a fixup.
enum Found {
    /// The bug was fixed at this number of places.
    Bug(usize),
    /// The places exist, but without the bug.
    Mended,
    /// The places do not exist.
    Nothing,
}

struct Fixup {
    name: &'static str,
    apply: fn(&mut OpenAPI) -> Found,
    /// Whether every complete API server has the places; otherwise they depend on its flags.
    is_everywhere: bool,
}

const fn everywhere(name: &'static str, apply: fn(&mut OpenAPI) -> Found) -> Fixup {
    Fixup { name, apply, is_everywhere: true }
}

const FIXUPS: &[Fixup] = &[
    everywhere("commands_and_ports_are_lists", connections::commands_and_ports_are_lists),
    everywhere("bindings_and_evictions_return_a_status", statuses::bindings_and_evictions_return_a_status),
    everywhere("openid_responses_are_objects", openid::responses_are_objects),
    everywhere("openid_paths_have_no_trailing_slash", openid::paths_have_no_trailing_slash),
    everywhere("openid_configuration_has_the_tag_openid", openid::configuration_has_the_tag_openid),
    Fixup { name: "log_files_are_not_api", apply: logs::log_files_are_not_api, is_everywhere: false },
    Fixup { name: "sharded_lists_are_described", apply: shards::sharded_lists_are_described, is_everywhere: false },
];

/// Which fixups changed how many places.
pub(crate) type Applied = Vec<(&'static str, usize)>;

/// Applies all fixups.
///
/// A description of a complete API server must have each bug. A partial one, without `/api/v1/`, may lack the places.
pub(crate) fn apply(openapi: &mut OpenAPI) -> Result<Applied> {
    let is_whole = openapi.paths.paths.contains_key("/api/v1/");
    let (mut applied, mut problems) = (Vec::new(), Vec::new());
    for fixup in FIXUPS {
        match (fixup.apply)(openapi) {
            Found::Bug(places) => applied.push((fixup.name, places)),
            Found::Nothing if !is_whole || !fixup.is_everywhere => {}
            Found::Mended | Found::Nothing => {
                problems.push(Error::at(
                    "/paths",
                    format!(
                        "the fixup {} no longer applies, because the bug was fixed or the place was renamed: \
                         remove or adapt it in codegen/src/fixups",
                        fixup.name,
                    ),
                ));
            }
        }
    }
    match Error::of_all(problems) {
        Some(error) => Err(error),
        None => Ok(applied),
    }
}

impl Found {
    fn count(bugs: usize, mended: usize) -> Self {
        match (bugs, mended) {
            (0, 0) => Self::Nothing,
            (0, _) => Self::Mended,
            (bugs, _) => Self::Bug(bugs),
        }
    }
}

fn path_item<'a>(openapi: &'a mut OpenAPI, path: &str) -> Option<&'a mut PathItem> {
    match openapi.paths.paths.get_mut(path) {
        Some(ReferenceOr::Item(item)) => Some(item),
        _ => None,
    }
}

/// The operation at a path, with or without a slash at its end.
fn get_operation<'a>(openapi: &'a mut OpenAPI, path: &str) -> Option<&'a mut Operation> {
    let slashed = format!("{path}/");
    let path = if openapi.paths.paths.contains_key(path) { path } else { &slashed };
    path_item(openapi, path)?.get.as_mut()
}
