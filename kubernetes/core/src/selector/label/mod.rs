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
/// `Display` is the form that query parameters have; it converts into a [`Str`], so requests take the selector itself.
/// Syntax and meaning are those of Go:
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
    /// Sorted, each once.
    values: Vec<Str>,
}

/// How a label and the values of a requirement must be related.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelOperator {
    /// `key=value` (or `==`): the label is there and has this value.
    Equals,
    /// `key!=value`: the label has another value, or is not there.
    NotEquals,
    /// `key in (a,b)`: the label is there and has one of these values.
    In,
    /// `key notin (a,b)`: the label has none of these values, or is not there.
    NotIn,
    /// `key`: the label is there.
    Exists,
    /// `!key`: the label is not there.
    DoesNotExist,
    /// `key>value`: the label is there, and is a larger integer.
    GreaterThan,
    /// `key<value`: the label is there, and is a smaller integer.
    LessThan,
}

impl LabelSelector {
    /// A selector that every object matches.
    pub const fn new() -> Self {
        Self { requirements: Vec::new() }
    }

    /// Requires each of these labels with its value.
    ///
    /// # Errors
    /// If one of them can't be a label.
    pub fn from_labels(labels: &Map<Str>) -> Result<Self, InvalidSelector> {
        labels.iter().try_fold(Self::new(), |selector, (key, value)| selector.equals(key, value))
    }

    /// Requires that the label is there and has this value.
    ///
    /// # Errors
    /// If this can't be a label.
    pub fn equals(self, key: impl Into<Str>, value: impl Into<Str>) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::Equals, [value])
    }

    /// Requires that the label has another value, or is not there.
    ///
    /// # Errors
    /// If this can't be a label.
    pub fn not_equals(self, key: impl Into<Str>, value: impl Into<Str>) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::NotEquals, [value])
    }

    /// Requires that the label is there and has one of these values.
    ///
    /// # Errors
    /// If there is no value, or one can't be a label.
    pub fn is_in<V: Into<Str>>(
        self,
        key: impl Into<Str>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::In, values)
    }

    /// Requires that the label has none of these values, or is not there.
    ///
    /// # Errors
    /// If there is no value, or one can't be a label.
    pub fn not_in<V: Into<Str>>(
        self,
        key: impl Into<Str>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::NotIn, values)
    }

    /// Requires that the label is there.
    ///
    /// # Errors
    /// If this can't be the key of a label.
    pub fn exists(self, key: impl Into<Str>) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::Exists, [""; 0])
    }

    /// Requires that the label is not there.
    ///
    /// # Errors
    /// If this can't be the key of a label.
    pub fn does_not_exist(self, key: impl Into<Str>) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::DoesNotExist, [""; 0])
    }

    /// Requires that the label is there and is an integer larger than `limit`.
    ///
    /// # Errors
    /// If `limit` is negative (no label can be), or this can't be the key of a label.
    pub fn greater_than(self, key: impl Into<Str>, limit: i64) -> Result<Self, InvalidSelector> {
        self.with(key, LabelOperator::GreaterThan, [limit.to_string()])
    }

    /// Requires that the label is there and is an integer smaller than `limit`.
    ///
    /// # Errors
    /// If `limit` is negative (no label can be), or this can't be the key of a label.
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

    /// Whether an object with these labels is selected.
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
    /// A requirement.
    ///
    /// # Errors
    /// If key or values can't be those of a label, or the operator takes another number of values.
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
                "the label {key:?} needs {wanted} to be selected by, not {count}"
            )));
        }
        for value in &values {
            label_syntax::check_value(&key, value)?;
            if matches!(operator, GreaterThan | LessThan) && value.parse::<i64>().is_err() {
                return Err(InvalidSelector::new(format!(
                    "the label {key:?} can only be compared with an integer, and {value:?} is none"
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

    /// How the label and the values must be related.
    pub fn operator(&self) -> LabelOperator {
        self.operator
    }

    /// The values, sorted.
    pub fn values(&self) -> &[Str] {
        &self.values
    }

    /// Whether an object with these labels fulfils this.
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
