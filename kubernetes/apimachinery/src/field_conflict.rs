use std::fmt;

use crate::json::{Tree, Value};
use crate::{Json, Status, Str, Time, json};

/// A field that an apply would have taken from another manager.
///
/// ```
/// use kubernetes_core::{Status, json};
///
/// let status: Status = json::from_str(r#"{"status": "Failure", "reason": "Conflict", "code": 409, "details": {"causes": [
///     {"reason": "FieldManagerConflict", "field": ".spec.replicas",
///      "message": "conflict with \"kubectl\" with subresource \"scale\" using apps/v1 at 2026-11-28T08:00:00Z"}]}}"#)?;
/// let conflict = &status.conflicts()[0];
/// assert_eq!((&*conflict.field, &*conflict.manager), (".spec.replicas", "kubectl"));
/// assert_eq!(conflict.subresource.as_deref(), Some("scale"));
/// assert_eq!(conflict.to_string(), ".spec.replicas is owned by kubectl");
/// # Ok::<(), json::DecodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FieldConflict {
    /// The path of the field, such as `.spec.containers[name="web"].image`.
    pub field: Str,
    /// The manager that owns it.
    pub manager: Str,
    /// The subresource through which the manager acquired the field.
    pub subresource: Option<Str>,
    /// The API version that the manager wrote, if it updated the object rather than applied it.
    pub api_version: Option<Str>,
    /// The time of the update.
    pub time: Option<Time>,
}

impl FieldConflict {
    /// The value of the field in `object`, which may be the applied object or the current one; `None` if it has no
    /// value.
    pub fn value_in<V: Value>(&self, object: &V) -> Option<Json> {
        let tree = Tree::from_value(object).ok()?;
        json::from_str(&find(&tree, &self.field)?.to_text()).ok()
    }

    fn from_message(field: Str, message: &str) -> Option<Self> {
        let (manager, rest) = quoted(message.strip_prefix("conflict with ")?)?;
        let (subresource, rest) = match rest.strip_prefix(" with subresource ") {
            Some(rest) => quoted(rest).map(|(name, rest)| (Some(name), rest))?,
            None => (None, rest),
        };
        let (api_version, time) = match rest.strip_prefix(" using ").map(|rest| rest.split_once(" at ").ok_or(rest)) {
            Some(Ok((api_version, time))) => (Some(api_version.into()), time.parse().ok()),
            Some(Err(api_version)) => (Some(api_version.into()), None),
            None => (None, None),
        };
        Some(Self { field, manager, subresource, api_version, time })
    }
}

impl fmt::Display for FieldConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is owned by {}", self.field, self.manager)
    }
}

impl Status {
    /// The conflicts that an apply was refused for; empty for any other response.
    ///
    /// From `NewConflictError` in
    /// <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/util/managedfields/internal/conflict.go>.
    pub fn conflicts(&self) -> Vec<FieldConflict> {
        let causes = self.details.iter().flat_map(|details| &details.causes);
        let causes = causes.filter(|cause| cause.reason.as_deref() == Some("FieldManagerConflict"));
        let conflict = |field: Option<&Str>, message: &str| {
            FieldConflict::from_message(field.cloned().unwrap_or_default(), message)
        };
        causes.filter_map(|cause| conflict(cause.field.as_ref(), cause.message.as_deref()?)).collect()
    }
}

/// Splits off the quoted text that `text` begins with, in the form of Go's `%q`.
fn quoted(text: &str) -> Option<(Str, &str)> {
    let end = text.strip_prefix('"')?.char_indices().scan(false, |escaped, (at, character)| {
        let ends = !*escaped && character == '"';
        *escaped = !*escaped && character == '\\';
        Some((at, ends))
    });
    let (end, _) = end.into_iter().find(|(_, ends)| *ends)?;
    let (quoted, rest) = text.split_at(end + 2);
    // Text with escapes that JSON does not have stays as it is.
    let manager = json::from_str::<Str>(quoted).unwrap_or_else(|_| quoted.trim_matches('"').into());
    Some((manager, rest))
}

/// The value at a path such as `.spec.containers[name="web"].image`.
fn find<'a>(mut tree: &'a Tree, mut path: &str) -> Option<&'a Tree> {
    while !path.is_empty() {
        if let Some(rest) = path.strip_prefix('.') {
            // A name may contain dots, as labels do: the longest matching name counts.
            let Tree::Object(fields) = tree else { return None };
            let named = fields.iter().filter(|(name, _)| {
                rest.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            });
            let (name, value) = named.max_by_key(|(name, _)| name.len())?;
            (tree, path) = (value, &rest[name.len()..]);
        } else {
            let Tree::List(items) = tree else { return None };
            let mut found = items.iter().enumerate().filter_map(|(index, item)| {
                let elements = [format!("[={}]", item.to_text()), format!("[{index}]")];
                let rest = elements.iter().find_map(|element| path.strip_prefix(element.as_str()));
                rest.or_else(|| after_keys(item, path)).map(|rest| (item, rest))
            });
            (tree, path) = found.next()?;
        }
    }
    Some(tree)
}

/// The path after `[name="web",…]`, if `item` has these fields.
fn after_keys<'p>(item: &Tree, path: &'p str) -> Option<&'p str> {
    let mut rest = path.strip_prefix('[')?;
    loop {
        let (key, value) = rest.split_once('=')?;
        rest = value.strip_prefix(item.get(key)?.to_text().as_str())?;
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => return rest.strip_prefix(']'),
        }
    }
}
