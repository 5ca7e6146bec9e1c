use std::fmt;
use std::str::FromStr;

use super::InvalidSelector;
use crate::Str;

/// Conditions on the fields of an object: a list of terms, all of which must hold.
///
/// ```
/// use kubernetes_core::selector::FieldSelector;
///
/// let selector = FieldSelector::new().equals("metadata.name", "web")?.not_equals("status.phase", "Running")?;
/// assert_eq!(selector.to_string(), "metadata.name=web,status.phase!=Running");
/// assert_eq!("status.phase!=Running,metadata.name==web".parse::<FieldSelector>()?.to_string(), selector.to_string());
/// # Ok::<(), kubernetes_core::selector::InvalidSelector>(())
/// ```
///
/// The available fields depend on the resource: always `metadata.name` and `metadata.namespace`, a few more of built-in
/// resources (such as `spec.nodeName`), and the `selectableFields` of custom resources. `Display` is the form for query
/// parameters. A selector converts into a [`Str`], so requests accept it directly. Syntax and meaning are the same as
/// in Go: <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/fields/selector.go>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    field: Str,
    equal: bool,
    value: Str,
}

impl FieldSelector {
    /// Creates a selector that matches every object.
    pub const fn new() -> Self {
        Self { terms: Vec::new() }
    }

    /// Requires the field to have this value, which may be any text.
    ///
    /// # Errors
    /// Returns an error if the field's path has a character that is part of the syntax: `=`, `!`, `,` or `\`.
    pub fn equals(self, field: impl Into<Str>, value: impl Into<Str>) -> Result<Self, InvalidSelector> {
        self.with(field.into(), true, value.into())
    }

    /// Requires the field to have another value.
    ///
    /// # Errors
    /// See [`equals`](Self::equals).
    pub fn not_equals(self, field: impl Into<Str>, value: impl Into<Str>) -> Result<Self, InvalidSelector> {
        self.with(field.into(), false, value.into())
    }

    /// The terms: the path of a field, whether it must equal the value, and the value.
    pub fn terms(&self) -> impl ExactSizeIterator<Item = (&str, bool, &str)> {
        self.terms.iter().map(|term| (term.field.as_str(), term.equal, term.value.as_str()))
    }

    /// Whether every object matches.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether the selector matches an object whose fields have the values returned by `value_of`; missing fields are
    /// empty.
    pub fn matches<'a>(&self, value_of: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.terms().all(|(field, equal, value)| (value_of(field).unwrap_or_default() == value) == equal)
    }

    fn with(mut self, field: Str, equal: bool, value: Str) -> Result<Self, InvalidSelector> {
        if field.is_empty() || field.contains(['=', '!', ',', '\\']) {
            return Err(InvalidSelector::new(format!("{field:?} is not a valid field path in a selector")));
        }
        self.terms.push(Term { field, equal, value });
        Ok(self)
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, term) in self.terms.iter().enumerate() {
            write!(f, "{}{term}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.field, if self.equal { "=" } else { "!=" })?;
        for part in self.value.split_inclusive(['\\', ',', '=']) {
            match part.strip_suffix(['\\', ',', '=']) {
                Some(plain) => write!(f, "{plain}\\{}", &part[plain.len()..])?,
                None => f.write_str(part)?,
            }
        }
        Ok(())
    }
}

impl FromStr for FieldSelector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, InvalidSelector> {
        let mut terms = Vec::new();
        for part in split_terms(text).into_iter().filter(|part| !part.is_empty()) {
            let invalid = |what: &str| InvalidSelector::new(format!("the field selector {text:?} is invalid: {what}"));
            let (before, value) =
                part.split_once('=').ok_or_else(|| invalid(&format!("{part:?} has no operator (=, == or !=)")))?;
            let (field, equal, value) = match before.strip_suffix('!') {
                Some(field) => (field, false, value),
                None => (before, true, value.strip_prefix('=').unwrap_or(value)),
            };
            let value = unescape(value).ok_or_else(|| {
                invalid(&format!(
                    "in the value {value:?}, exactly the characters `\\`, `,` and `=` must be escaped with `\\`"
                ))
            })?;
            if !(field.is_empty() && value.is_empty()) {
                terms.push(Term { field: field.into(), equal, value: value.into() });
            }
        }
        // Sorted, so that selectors with the same terms have the same form; Go sorts before treating `==` as `=`.
        terms.sort_by_cached_key(ToString::to_string);
        Ok(Self { terms })
    }
}

/// Splits at commas that are not escaped with a backslash.
fn split_terms(text: &str) -> Vec<&str> {
    let mut escaped = false;
    text.split(|character| {
        let ends = character == ',' && !escaped;
        escaped = character == '\\' && !escaped;
        ends
    })
    .collect()
}

fn unescape(text: &str) -> Option<String> {
    let mut value = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        value.push(match character {
            '\\' => characters.next().filter(|escaped| matches!(escaped, '\\' | ',' | '='))?,
            ',' | '=' => return None,
            plain => plain,
        });
    }
    Some(value)
}

impl From<FieldSelector> for Str {
    fn from(selector: FieldSelector) -> Self {
        selector.to_string().into()
    }
}

impl From<&FieldSelector> for Str {
    fn from(selector: &FieldSelector) -> Self {
        selector.to_string().into()
    }
}
