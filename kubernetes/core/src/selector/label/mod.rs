mod parser;

use std::fmt;
use std::str::FromStr;

use super::{InvalidSelector, label_syntax};
use crate::{Map, Str};

/// Conditions on labels: a list of requirements, all of which must hold.
///
/// ```
/// use kubernetes_core::Map;
/// use kubernetes_core::selector::LabelSelector;
///
/// let selector: LabelSelector = "app = web, tier notin (test, dev), !legacy".parse()?;
/// assert_eq!(selector.to_string(), "app=web,!legacy,tier notin (dev,test)");
/// assert!(selector.matches(&[("app", "web"), ("tier", "prod")].into()));
/// assert!(!selector.matches(&Map::new()));
/// # Ok::<(), kubernetes_core::selector::InvalidSelector>(())
/// ```
///
/// `Display` is the form for query parameters. A selector converts into a [`Str`], so requests accept it directly.
/// Syntax and meaning are the same as in Go:
/// <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/labels/selector.go>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    /// Sorted by key.
    requirements: Vec<LabelRequirement>,
}

/// A condition on one label.
///
/// ```
/// use kubernetes_core::selector::{LabelOperator, LabelRequirement, LabelSelector};
///
/// let requirement = LabelRequirement::new("tier", LabelOperator::In, ["web", "db"])?;
/// assert!(requirement.matches(&[("tier", "db")].into()));
/// assert_eq!(LabelSelector::new().and(requirement).to_string(), "tier in (db,web)");
/// # Ok::<(), kubernetes_core::selector::InvalidSelector>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelRequirement {
    key: Str,
    operator: LabelOperator,
    /// Sorted, without duplicates.
    values: Vec<Str>,
}

/// The relation between a label and the values of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelOperator {
    /// `key=value` (or `==`): the label is present and has this value.
    Equals,
    /// `key!=value`: the label has another value or is absent.
    NotEquals,
    /// `key in (a,b)`: the label is present and has one of these values.
    In,
    /// `key notin (a,b)`: the label has none of these values or is absent.
    NotIn,
    /// `key`: the label is present.
    Exists,
    /// `!key`: the label is absent.
    DoesNotExist,
    /// `key>value`: the label is present and is a larger integer.
    GreaterThan,
    /// `key<value`: the label is present and is a smaller integer.
    LessThan,
}

impl LabelSelector {
    /// Creates a selector that matches every object.
    pub const fn new() -> Self {
        Self { requirements: Vec::new() }
    }

    /// Requires each of these labels with its value.
    ///
    /// # Errors
    /// Returns an error if one of them is not a valid label.
    pub fn from_labels(labels: &Map<Str>) -> Result<Self, InvalidSelector> {
        labels.iter().try_fold(Self::new(), |selector, (key, value)| selector.equals(key, value))
    }

    /// Requires the label to be present with this value.
    ///
    /// # Errors
    /// Returns an error if this is not a valid label.
    pub fn equals(self, key: impl Into<Str>, value: impl Into<Str>) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::Equals, [value])
    }

    /// Requires the label to have another value or to be absent.
    ///
    /// # Errors
    /// Returns an error if this is not a valid label.
    pub fn not_equals(self, key: impl Into<Str>, value: impl Into<Str>) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::NotEquals, [value])
    }

    /// Requires the label to be present with one of these values.
    ///
    /// # Errors
    /// Returns an error if there are no values, or if one is not valid in a label.
    pub fn is_in<V: Into<Str>>(
        self,
        key: impl Into<Str>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::In, values)
    }

    /// Requires the label to have none of these values or to be absent.
    ///
    /// # Errors
    /// Returns an error if there are no values, or if one is not valid in a label.
    pub fn not_in<V: Into<Str>>(
        self,
        key: impl Into<Str>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::NotIn, values)
    }

    /// Requires the label to be present.
    ///
    /// # Errors
    /// Returns an error if this is not a valid label key.
    pub fn exists(self, key: impl Into<Str>) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::Exists, [""; 0])
    }

    /// Requires the label to be absent.
    ///
    /// # Errors
    /// Returns an error if this is not a valid label key.
    pub fn does_not_exist(self, key: impl Into<Str>) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::DoesNotExist, [""; 0])
    }

    /// Requires the label to be present and an integer larger than `limit`.
    ///
    /// # Errors
    /// Returns an error if `limit` is negative, which no label can be, or if this is not a valid label key.
    pub fn greater_than(self, key: impl Into<Str>, limit: i64) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::GreaterThan, [limit.to_string()])
    }

    /// Requires the label to be present and an integer smaller than `limit`.
    ///
    /// # Errors
    /// Returns an error if `limit` is negative, which no label can be, or if this is not a valid label key.
    pub fn less_than(self, key: impl Into<Str>, limit: i64) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::LessThan, [limit.to_string()])
    }

    /// Adds a requirement.
    #[must_use]
    pub fn and(mut self, requirement: LabelRequirement) -> Self {
        let at = self.requirements.partition_point(|other| other.key <= requirement.key);
        self.requirements.insert(at, requirement);
        self
    }

    /// The requirements, sorted by key.
    pub fn requirements(&self) -> &[LabelRequirement] {
        &self.requirements
    }

    /// Whether every object matches.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether the selector matches an object with these labels.
    pub fn matches(&self, labels: &Map<Str>) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(labels))
    }

    pub(super) fn with<V: Into<Str>>(
        self,
        key: impl Into<Str>,
        operator: LabelOperator,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, InvalidSelector> {
        LabelRequirement::new(key, operator, values).map(|requirement| self.and(requirement))
    }
}

impl LabelRequirement {
    /// Creates a requirement.
    ///
    /// # Errors
    /// Returns an error if the key or a value is not valid in a label, or if the operator takes a different number of
    /// values.
    pub fn new<V: Into<Str>>(
        key: impl Into<Str>,
        operator: LabelOperator,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, InvalidSelector> {
        use LabelOperator::{DoesNotExist, Equals, Exists, GreaterThan, In, LessThan, NotEquals, NotIn};
        let key = key.into();
        let mut values: Vec<Str> = values.into_iter().map(Into::into).collect();
        label_syntax::check_key(&key)?;
        let (fits, wanted) = match operator {
            In | NotIn => (!values.is_empty(), "at least one value"),
            Equals | NotEquals | GreaterThan | LessThan => (values.len() == 1, "one value"),
            Exists | DoesNotExist => (values.is_empty(), "no value"),
        };
        if !fits {
            let count = values.len();
            return Err(InvalidSelector::new(format!(
                "the requirement on the label {key:?} needs {wanted}, not {count}"
            )));
        }
        for value in &values {
            label_syntax::check_value(&key, value)?;
            if matches!(operator, GreaterThan | LessThan) && value.parse::<i64>().is_err() {
                return Err(InvalidSelector::new(format!(
                    "the label {key:?} can only be compared with an integer, not with {value:?}"
                )));
            }
        }
        values.sort_unstable();
        values.dedup();
        Ok(Self { key, operator, values })
    }

    /// The key of the label.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The relation between the label and the values.
    pub fn operator(&self) -> LabelOperator {
        self.operator
    }

    /// The values, sorted.
    pub fn values(&self) -> &[Str] {
        &self.values
    }

    /// Whether an object with these labels meets the requirement.
    pub fn matches(&self, labels: &Map<Str>) -> bool {
        let label = labels.get(&self.key);
        let number = || label?.parse::<i64>().ok();
        let limit = || self.values.first()?.parse::<i64>().ok();
        match self.operator {
            LabelOperator::Equals | LabelOperator::In => label.is_some_and(|label| self.values.contains(label)),
            LabelOperator::NotEquals | LabelOperator::NotIn => !label.is_some_and(|label| self.values.contains(label)),
            LabelOperator::Exists => label.is_some(),
            LabelOperator::DoesNotExist => label.is_none(),
            LabelOperator::GreaterThan => matches!((number(), limit()), (Some(number), Some(limit)) if number > limit),
            LabelOperator::LessThan => matches!((number(), limit()), (Some(number), Some(limit)) if number < limit),
        }
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements.iter().enumerate() {
            write!(f, "{}{requirement}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Display for LabelRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, values) = (&self.key, self.values.join(","));
        match self.operator {
            LabelOperator::Equals => write!(f, "{key}={values}"),
            LabelOperator::NotEquals => write!(f, "{key}!={values}"),
            LabelOperator::In => write!(f, "{key} in ({values})"),
            LabelOperator::NotIn => write!(f, "{key} notin ({values})"),
            LabelOperator::Exists => write!(f, "{key}"),
            LabelOperator::DoesNotExist => write!(f, "!{key}"),
            LabelOperator::GreaterThan => write!(f, "{key}>{values}"),
            LabelOperator::LessThan => write!(f, "{key}<{values}"),
        }
    }
}

impl FromStr for LabelSelector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, InvalidSelector> {
        parser::parse(text)
    }
}

impl From<LabelSelector> for Str {
    fn from(selector: LabelSelector) -> Self {
        selector.to_string().into()
    }
}

impl From<&LabelSelector> for Str {
    fn from(selector: &LabelSelector) -> Self {
        selector.to_string().into()
    }
}
