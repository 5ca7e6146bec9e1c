use kubernetes_core::{Object, Str};

/// Whether an object is paused by this annotation, if there is one.
pub(super) fn is_paused<K: Object>(object: &K, annotation: Option<&Str>) -> bool {
    let value = annotation.and_then(|annotation| object.annotations().get(annotation));
    value.is_some_and(|value| value != "false")
}
