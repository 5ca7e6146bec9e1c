//! Conditions on a field, like those of `kubectl wait --for=jsonpath=…`.

mod find;
mod parse;

use std::fmt;

use kubernetes_core::json::Tree;
use kubernetes_core::text::printable;
use kubernetes_core::{Object, Str};
use kubernetes_watch::{ObjectCondition, Verdict};

use find::find;
use parse::{Step, parse};

/// Holds if a field of an object of any type has this value, like `kubectl wait
/// --for=jsonpath='{.status.phase}'=Running`.
///
/// ```
/// use kubernetes_utils::conditions::json_path;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let running = json_path::<Pod>("{.status.phase}", "Running")?;
/// assert_eq!(running.to_string(), "has {.status.phase}=Running");
/// let ready = json_path::<Pod>(r#"{.status.conditions[?(@.type=="Ready")].status}"#, "True")?;
/// # Ok::<(), kubernetes_utils::conditions::InvalidJsonPath>(())
/// ```
///
/// The subset of Kubernetes' JSONPath: names (`.a`, `['a.b']`), indices (`[0]`, `[-1]`), all items (`[*]`, `.*`) and
/// filters that compare a field of an item (`[?(@.a=="b")]`, with `==`, `!=`, `<`, `<=`, `>` and `>=`). The braces and
/// the first dot are optional. The condition fails if the path leads to several values, or to an object or list.
///
/// Source: <https://github.com/kubernetes/kubectl/blob/v0.37.2/pkg/cmd/wait/json.go>
///
/// # Errors
/// Returns an error if the text is not a path of this subset.
pub fn json_path<K: Object>(path: &str, value: impl Into<Str>) -> Result<ObjectCondition<K>, InvalidJsonPath> {
    let value = value.into();
    let description = format!("has {path}={value}");
    let steps = parse(path)?;
    Ok(ObjectCondition::new(description, move |object: &K| check(object, &steps, Some(&value))))
}

/// Holds if a field of an object of any type has any value, like `kubectl wait --for=jsonpath='{.status.podIP}'`; see
/// [`json_path`].
///
/// # Errors
/// Returns an error if the text is not a path of this subset.
pub fn json_path_exists<K: Object>(path: &str) -> Result<ObjectCondition<K>, InvalidJsonPath> {
    let description = format!("has {path}");
    let steps = parse(path)?;
    Ok(ObjectCondition::new(description, move |object: &K| check(object, &steps, None)))
}

/// The maximum number of bytes of a value that are shown.
const SHOWN: usize = 200;

fn check<K: Object>(object: &K, steps: &[Step], wanted: Option<&str>) -> Verdict {
    let tree = match Tree::from_value(object) {
        Ok(tree) => tree,
        Err(error) => return Verdict::waiting(format!("it can't be read: {error}")),
    };
    let found = match find(&tree, steps).as_slice() {
        [] => return Verdict::waiting("it has no such field"),
        [found] => *found,
        _ => return Verdict::failed("the path leads to more than one value"),
    };
    let Some(wanted) = wanted else { return Verdict::Met };
    let value = match found {
        Tree::String(text) | Tree::Number(text) => text.to_string(),
        Tree::Bool(value) => value.to_string(),
        Tree::Null => "<nil>".to_owned(),
        Tree::List(_) | Tree::Object(_) => return Verdict::failed("the path leads to an object or a list"),
    };
    if value.trim() == wanted.trim() {
        return Verdict::Met;
    }
    Verdict::waiting(format!("its value is {:?}", printable(&value, SHOWN)))
}

/// The error for a text that is not a path.
#[derive(Clone, PartialEq, Eq)]
pub struct InvalidJsonPath {
    path: Box<str>,
    reason: &'static str,
}

kubernetes_core::error_text!(InvalidJsonPath);

impl InvalidJsonPath {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a JSONPath: {}", printable(&self.path, SHOWN), self.reason)
    }
}

impl std::error::Error for InvalidJsonPath {}
