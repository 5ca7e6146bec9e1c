use std::fmt;

/// A place in a schema that the API server would refuse, and the rule that it violates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub(super) path: String,
    pub(super) rule: String,
}

impl Violation {
    /// The place, such as `spec.ports.items`; empty for the root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The rule, such as `type must not be empty`.
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.rule),
            path => write!(f, "{path}: {}", self.rule),
        }
    }
}

/// The error for a schema or definition that the API server would refuse: all violated rules, with their places.
#[derive(Clone, PartialEq, Eq)]
pub struct InvalidSchema {
    of: String,
    violations: Vec<Violation>,
}

impl InvalidSchema {
    pub(super) fn new(of: impl Into<String>, violations: Vec<Violation>) -> Self {
        Self { of: of.into(), violations }
    }

    pub(super) fn one(path: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::new("", vec![Violation { path: path.into(), rule: rule.into() }])
    }

    /// The same error, inside a field.
    pub(super) fn inside(mut self, segment: &str) -> Self {
        for violation in &mut self.violations {
            violation.path = match violation.path.as_str() {
                "" => segment.to_owned(),
                path => format!("{segment}.{path}"),
            };
        }
        self
    }

    /// The same error, for the definition with this name.
    pub(super) fn of(mut self, name: impl Into<String>) -> Self {
        self.of = name.into();
        self
    }

    /// The violations, of which there is at least one.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }
}

crate::error_text!(InvalidSchema);

impl InvalidSchema {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of.as_str() {
            "" => f.write_str("the schema is not structural: ")?,
            of => write!(f, "the API server would refuse the definition of {of}: ")?,
        }
        for (index, violation) in self.violations.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{violation}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidSchema {}
