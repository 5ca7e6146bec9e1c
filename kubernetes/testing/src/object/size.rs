use serde_json::Value;

/// The levels of nesting of an object, one less than `serde_json` reads.
pub(crate) const MAX_DEPTH: usize = 127;

/// The size of an object as JSON: etcd's default for requests (`--max-request-bytes`).
pub(crate) const MAX_BYTES: usize = 3 * 1024 * 1024 / 2;

/// The levels of nesting of a value; 0 for a scalar.
pub(crate) fn depth(value: &Value) -> usize {
    let deepest = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(fields) => fields.values().map(depth).max(),
        _ => return 0,
    };
    1 + deepest.unwrap_or(0)
}
