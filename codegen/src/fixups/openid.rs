//! The two documents of OpenID Connect discovery, which no resource handler serves.

use openapiv3::{AnySchema, OpenAPI, ReferenceOr};

use super::{Found, get_operation};
use crate::references::{keywords, schema};

const PATHS: [&str; 2] = ["/.well-known/openid-configuration", "/openid/v1/jwks"];

/// Both responses are declared as strings, and are JSON objects (RFC 8414, section 3.2; RFC 7517, section 5).
pub(super) fn responses_are_objects(openapi: &mut OpenAPI) -> Found {
    let (mut bugs, mut mended) = (0, 0);
    for path in PATHS {
        let Some(operation) = get_operation(openapi, path) else { continue };
        for response in operation.responses.responses.values_mut() {
            let ReferenceOr::Item(response) = response else { continue };
            for media in response.content.values_mut() {
                let is_string = |schema| keywords(schema).typ.as_deref() == Some("string");
                if media.schema.as_ref().is_none_or(is_string) {
                    media.schema = Some(ReferenceOr::Item(schema(None, AnySchema::default())));
                    bugs += 1;
                } else {
                    mended += 1;
                }
            }
        }
    }
    Found::count(bugs, mended)
}

/// Both paths are declared with a slash at their end, with which the server responds with 404.
///
/// Source: <https://github.com/kubernetes/kubernetes/issues/117455>.
pub(super) fn paths_have_no_trailing_slash(openapi: &mut OpenAPI) -> Found {
    let (mut bugs, mut mended) = (0, 0);
    for path in PATHS {
        match openapi.paths.paths.shift_remove(&format!("{path}/")) {
            Some(item) => {
                openapi.paths.paths.insert(path.to_owned(), item);
                bugs += 1;
            }
            None => mended += usize::from(openapi.paths.paths.contains_key(path)),
        }
    }
    Found::count(bugs, mended)
}

/// The two belong together, and have the tags `WellKnown` and `openid`.
pub(super) fn configuration_has_the_tag_openid(openapi: &mut OpenAPI) -> Found {
    match get_operation(openapi, PATHS[0]) {
        None => Found::Nothing,
        Some(operation) if operation.tags == ["openid"] => Found::Mended,
        Some(operation) => {
            operation.tags = vec!["openid".to_owned()];
            Found::Bug(1)
        }
    }
}
