use openapiv3::OpenAPI;

use super::Found;

/// `/logs/` serves the files under `/var/log` of the API server's machine, as web pages and text without a 200 response.
///
/// They are no part of the API, and are there only where `--enable-logs-handler` is on: deprecated since Kubernetes
/// 1.19, but on where the description in Kubernetes' sources is taken from. Source: `pkg/routes/logs.go`.
pub(super) fn log_files_are_not_api(openapi: &mut OpenAPI) -> Found {
    let before = openapi.paths.paths.len();
    openapi.paths.paths.retain(|path, _| !path.starts_with("/logs/"));
    match before - openapi.paths.paths.len() {
        0 => Found::Nothing,
        removed => Found::Bug(removed),
    }
}
