//! The names of objects.
//!
//! From <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/util/validation/validation.go>.

/// The format of a resource's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameFormat {
    Subdomain,
    Label,
    /// Any segment of a path, colons included.
    PathSegment,
}

/// Checks a name.
///
/// # Errors
/// Returns the reason why the name is not valid.
pub(super) fn check(format: NameFormat, name: &str) -> Result<(), &'static str> {
    if matches!(name, "." | "..") {
        return Err("may not be '.' or '..'");
    }
    if name.contains('/') {
        return Err("may not contain '/'");
    }
    if name.contains('%') {
        return Err("may not contain '%'");
    }
    match format {
        NameFormat::PathSegment => Ok(()),
        NameFormat::Label => label(name),
        NameFormat::Subdomain => subdomain(name),
    }
}

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
                     start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for \
                     validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
                         '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used \
                         for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

fn label(name: &str) -> Result<(), &'static str> {
    match name.len() {
        64.. => Err("must be no more than 63 characters"),
        _ if is_label(name) => Ok(()),
        _ => Err(LABEL),
    }
}

/// Checks a DNS subdomain.
///
/// # Errors
/// Returns the reason why it is not valid.
pub(crate) fn subdomain(name: &str) -> Result<(), &'static str> {
    match name.len() {
        254.. => Err("must be no more than 253 characters"),
        _ if name.split('.').all(is_label) => Ok(()),
        _ => Err(SUBDOMAIN),
    }
}

fn is_label(text: &str) -> bool {
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    bytes.iter().all(|byte| is_alphanumeric(*byte) || *byte == b'-')
        && ends.iter().all(|end| end.is_some_and(|byte| is_alphanumeric(*byte)))
}
