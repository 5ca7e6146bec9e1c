use crate::request::Query;
use crate::status::{Cause, Result, Status};

/// The parameters of lists and watches.
#[derive(Clone, Debug, Default)]
pub(in crate::semantics) struct ListOptions {
    /// `None` for the most recent.
    pub(in crate::semantics) resource_version: Option<u64>,
    pub(in crate::semantics) exact: bool,
    pub(in crate::semantics) limit: usize,
    pub(in crate::semantics) continue_token: Option<String>,
    pub(in crate::semantics) bookmarks: bool,
    /// Whether a watch begins with the existing objects; `None` if the resourceVersion decides.
    pub(in crate::semantics) initial_events: Option<bool>,
    pub(in crate::semantics) timeout_seconds: Option<u64>,
}

impl ListOptions {
    /// From `ValidateListOptions` in
    /// <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/apis/meta/internalversion/validation/validation.go>.
    pub(in crate::semantics) fn read(query: &Query, watches: bool) -> Result<Self> {
        let version = query.text("resourceVersion");
        let matching = query.text("resourceVersionMatch");
        let continue_token = query.text("continue");
        let initial_events = query.flag("sendInitialEvents");
        let limit = query.integer("limit")?;
        if watches {
            check_watch(matching, initial_events)?;
        } else {
            check_list(version, matching, continue_token, initial_events)?;
        }
        let parse = |text: &str| {
            text.parse::<u64>().map_err(|_| {
                let why = format!("strconv.ParseUint: parsing {text:?}: invalid syntax");
                let message = format!("invalid resource version: resourceVersion: Invalid value: {text:?}: {why}");
                Status::bad_request(message)
            })
        };
        Ok(Self {
            resource_version: version.map(parse).transpose()?,
            exact: matching == Some("Exact"),
            limit: limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(0),
            continue_token: continue_token.map(str::to_owned),
            bookmarks: query.flag("allowWatchBookmarks").unwrap_or(false),
            initial_events,
            // 0 counts as unset (`ListResource` in `apiserver/pkg/endpoints/handlers/get.go`).
            timeout_seconds: query
                .integer("timeoutSeconds")?
                .filter(|seconds| *seconds != 0)
                .map(|seconds| u64::try_from(seconds).unwrap_or(0)),
        })
    }
}

const MATCH: &str = "resourceVersionMatch";

fn forbidden(field: &str, why: &str) -> Status {
    Status::invalid_options("ListOptions", Cause::forbidden(field, why))
}

fn unsupported(matching: &str, supported: &[&str]) -> Status {
    Status::invalid_options("ListOptions", Cause::not_supported(MATCH, &matching.into(), supported))
}

fn check_watch(matching: Option<&str>, initial_events: Option<bool>) -> Result<()> {
    match (initial_events, matching) {
        (Some(_), Some("NotOlderThan")) | (None, None) => Ok(()),
        (Some(_), None) => {
            Err(forbidden(MATCH, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
        }
        (Some(_), Some(other)) => Err(unsupported(other, &["NotOlderThan"])),
        (None, Some(_)) => {
            Err(forbidden(MATCH, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"))
        }
    }
}

fn check_list(
    version: Option<&str>,
    matching: Option<&str>,
    continue_token: Option<&str>,
    initial_events: Option<bool>,
) -> Result<()> {
    if initial_events.is_some() {
        return Err(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
    }
    let Some(matching) = matching else { return Ok(()) };
    if version.is_none() {
        return Err(forbidden(MATCH, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    }
    if continue_token.is_some() {
        return Err(forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided"));
    }
    match matching {
        "NotOlderThan" => Ok(()),
        "Exact" if version == Some("0") => {
            Err(forbidden(MATCH, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""))
        }
        "Exact" => Ok(()),
        other => Err(unsupported(other, &["Exact", "NotOlderThan", ""])),
    }
}
