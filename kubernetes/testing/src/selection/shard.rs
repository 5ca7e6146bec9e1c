//! Sharded lists and watches: a part of a resource's objects, by the hash of a field that never changes.
//!
//! From <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/sharding/parser.go> and
//! <https://github.com/kubernetes/apimachinery/tree/v0.37.2/pkg/sharding>.

use std::fmt;

use super::expression::Expression;
use crate::store::Stored;

/// The objects whose hash is in one of some ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShardSelector {
    field: Field,
    /// At least one.
    ranges: Vec<Range>,
}

/// The field that is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Uid,
    Namespace,
}

/// Hashes from `start` up to but excluding `end`, which may be 2^64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    start: u128,
    end: u128,
}

impl ShardSelector {
    /// # Errors
    /// Returns the reason why the text is not valid: the API server's message, except for syntax errors.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("empty shard selector is not allowed; omit the parameter for unfiltered lists".to_owned());
        }
        let expression = Expression::parse(text).map_err(|error| format!("CEL parse error: Syntax error: {error}"))?;
        let mut selector: Option<Self> = None;
        for alternative in expression.alternatives() {
            let (field, range) = shard_range(alternative)?;
            let selector = selector.get_or_insert_with(|| Self { field, ranges: Vec::new() });
            if selector.field != field {
                let (first, other) = (selector.field.path(), field.path());
                return Err(format!("all shard ranges must use the same field, got {first:?} and {other:?}"));
            }
            selector.ranges.push(range);
        }
        selector.ok_or_else(|| "there is no range".to_owned())
    }

    pub(crate) fn matches(&self, object: &Stored) -> bool {
        let hash = u128::from(match self.field {
            Field::Uid => fnv_1a(&object.uid),
            Field::Namespace => fnv_1a(object.key.namespace().unwrap_or_default()),
        });
        self.ranges.iter().any(|range| range.start <= hash && hash < range.end)
    }
}

impl fmt::Display for ShardSelector {
    /// The form in the `metadata.shardInfo` of lists.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Range { start, end }) in self.ranges.iter().enumerate() {
            let or = if index == 0 { "" } else { " || " };
            write!(f, "{or}shardRange({}, '0x{start:016x}', '0x{end:016x}')", self.field.path())?;
        }
        Ok(())
    }
}

impl Field {
    fn path(self) -> &'static str {
        match self {
            Self::Uid => "object.metadata.uid",
            Self::Namespace => "object.metadata.namespace",
        }
    }
}

/// The 64-bit FNV-1a hash: <https://datatracker.ietf.org/doc/html/rfc9923>.
fn fnv_1a(text: &str) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    text.bytes().fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

fn shard_range(expression: &Expression) -> Result<(Field, Range), String> {
    let Expression::Call { function, arguments } = expression else {
        let kind = expression.kind();
        return Err(format!("unexpected expression kind {kind}; expected shardRange() call or || operator"));
    };
    if function != "shardRange" {
        return Err(format!("unsupported function {function:?}; only shardRange() and || are allowed"));
    }
    let [path, start, end] = arguments.as_slice() else {
        return Err(format!("shardRange() requires exactly 3 arguments, got {}", arguments.len()));
    };
    let path = path.path().map_err(|kind| {
        format!(
            "shardRange() first argument: expected field path (e.g. object.metadata.uid), got expression kind {kind}"
        )
    })?;
    let Some(field) = [Field::Uid, Field::Namespace].into_iter().find(|field| field.path() == path) else {
        return Err(format!(
            "unsupported field path {path:?}; supported: object.metadata.uid, object.metadata.namespace"
        ));
    };
    let range = Range { start: bound(start, "hexStart")?, end: bound(end, "hexEnd")? };
    if range.start >= range.end {
        let Range { start, end } = range;
        return Err(format!("shard range start 0x{start:016x} must be less than end 0x{end:016x}"));
    }
    Ok((field, range))
}

/// Parses `0x` followed by 16 digits, or 2^64 with 17 digits.
fn bound(expression: &Expression, name: &str) -> Result<u128, String> {
    let text = match expression {
        Expression::Text(text) => text,
        Expression::Other { type_, .. } => return Err(format!("{name} must be a string literal, got {type_}")),
        other => {
            let kind = other.kind();
            return Err(format!("{name} must be a string literal (e.g. '0xff'), got expression kind {kind}"));
        }
    };
    let Some(digits) = text.strip_prefix("0x") else {
        return Err(format!("{name} must have '0x' prefix, got {text:?}"));
    };
    if let Some(wrong) = digits.chars().find(|digit| !matches!(digit, '0'..='9' | 'a'..='f')) {
        // The length in bytes is checked first.
        if digits.len() <= 17 {
            return Err(format!("{name}: invalid hex character \"{wrong}\" in {text:?}"));
        }
    }
    match digits.len() {
        0 => Err(format!("{name}: hex value is required after '0x'")),
        16 => u128::from_str_radix(digits, 16).map_err(|error| format!("{name}: {error}")),
        17 if digits == "10000000000000000" => Ok(1 << 64),
        17 => Err(format!("{name}: 17-digit hex value must be '0x10000000000000000' (2^64), got {text:?}")),
        length @ 18.. => Err(format!("{name}: hex value too long ({length} chars, max 17): {digits:?}")),
        _ => Err(format!(
            "{name} must be a 0x-prefixed 16-digit hex value, got {text:?} (did you mean \"0x{digits:0>16}\"?)"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_go() {
        // From `hash_test.go` beside the source of `HashField`, and the basis for the empty text.
        assert_eq!(fnv_1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv_1a("a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn what_is_deeply_nested_is_refused() {
        for part in ["(", "!", "a.", "a&&", "a(", "a.b(", "a||"] {
            assert!(ShardSelector::parse(&part.repeat(100_000)).is_err(), "{part}");
        }
    }
}
