//! The syntax of labels.
//!
//! <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/api/validate/content/kube.go>

use super::InvalidSelector;

/// The maximum length of a key's name and of a value, in bytes.
const MAX_LENGTH: usize = 63;

/// The maximum length of a key's prefix.
const MAX_PREFIX_LENGTH: usize = 253;

/// Checks the key of a label: a name, or a DNS subdomain, `/` and a name.
pub(super) fn check_key(key: &str) -> Result<(), InvalidSelector> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if prefix.is_some_and(|prefix| !is_dns_subdomain(prefix)) {
        return Err(InvalidSelector::new(format!(
            "{key:?} is not a valid label key: the prefix before `/` must be a DNS name in lower case"
        )));
    }
    if name.is_empty() || !is_name(name) {
        return Err(InvalidSelector::new(format!(
            "{key:?} is not a valid label key: its name must have 1 to {MAX_LENGTH} letters, digits, `-`, `_` or \
             `.`, and start and end with a letter or digit"
        )));
    }
    Ok(())
}

/// Checks the value of the label `key`.
pub(super) fn check_value(key: &str, value: &str) -> Result<(), InvalidSelector> {
    if value.is_empty() || is_name(value) {
        return Ok(());
    }
    Err(InvalidSelector::new(format!(
        "{value:?} is not a valid value of the label {key:?}: it must have at most {MAX_LENGTH} letters, digits, `-`, \
         `_` or `.`, and start and end with a letter or digit"
    )))
}

fn is_name(text: &str) -> bool {
    text.len() <= MAX_LENGTH
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && starts_and_ends_with(text, |byte| byte.is_ascii_alphanumeric())
}

fn is_dns_subdomain(text: &str) -> bool {
    let is_alphanumeric = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    text.len() <= MAX_PREFIX_LENGTH
        && text.split('.').all(|part| {
            part.bytes().all(|byte| is_alphanumeric(byte) || byte == b'-')
                && starts_and_ends_with(part, is_alphanumeric)
        })
}

fn starts_and_ends_with(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|byte| allowed(*byte)) && bytes.last().is_some_and(|byte| allowed(*byte))
}
