//! Where in a document a reader is, so that a problem can name its JSON pointer.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::json::Json;
use crate::error::{Error, Problem};

/// The form that a document is written in. All are read into OpenAPI 3.0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    #[default]
    Swagger,
    OpenApi,
    /// The schema of a custom resource, as a CustomResourceDefinition has it.
    Definition,
}

impl Dialect {
    /// Where definitions are, in a reference.
    pub(crate) fn definitions(self) -> &'static str {
        if self == Self::Swagger { "#/definitions/" } else { "#/components/schemas/" }
    }
}

/// The state that the readers of a document share.
#[derive(Default)]
pub(crate) struct Document {
    pub(crate) dialect: Dialect,
    /// The names that references may lead to: those of definitions, of parameters, and of ways to authenticate.
    pub(crate) definitions: HashSet<String>,
    pub(crate) parameters: HashSet<String>,
    pub(crate) security: HashSet<String>,
    /// The operationIds so far, each with the pointer of its operation.
    pub(crate) operation_ids: RefCell<HashMap<String, String>>,
    problems: RefCell<Vec<Problem>>,
}

impl Document {
    pub(crate) fn new(dialect: Dialect, json: &Json<'_>) -> Self {
        let names = |pointer: &[&str]| {
            let found = pointer.iter().try_fold(json, |json, key| json.member(key));
            let members = found.and_then(Json::members).into_iter().flatten();
            members.map(|(name, _)| name.clone().into_owned()).collect()
        };
        let [definitions, parameters, security]: [&[&str]; 3] = match dialect {
            Dialect::Swagger => [&["definitions"], &["parameters"], &["securityDefinitions"]],
            _ => [&["components", "schemas"], &["components", "parameters"], &["components", "securitySchemes"]],
        };
        let (definitions, parameters, security) = (names(definitions), names(parameters), names(security));
        Self { dialect, definitions, parameters, security, ..Self::default() }
    }

    pub(crate) fn of_dialect(dialect: Dialect) -> Self {
        Self { dialect, ..Self::default() }
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_right(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    /// Returns the value that was read, if the document has no problem.
    pub(crate) fn finish<T>(self, read: Option<T>) -> Result<T, Error> {
        match (read, self.problems.take()) {
            (Some(read), problems) if problems.is_empty() => Ok(read),
            (_, problems) => Err(Error::new(problems)),
        }
    }
}

/// A place in a document: a chain of frames on the stack, rendered only when there is a problem to report.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    pub(crate) document: &'p Document,
    parent: Option<&'p Place<'p>>,
    segment: Segment<'p>,
}

#[derive(Clone, Copy)]
enum Segment<'p> {
    Root,
    Key(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    pub(crate) fn root(document: &'p Document) -> Self {
        Self { document, parent: None, segment: Segment::Root }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.document.dialect
    }

    pub(crate) fn key<'c>(&'c self, key: &'c str) -> Place<'c> {
        Place { parent: Some(self), segment: Segment::Key(key), ..*self }
    }

    pub(crate) fn index(&self, index: usize) -> Place<'_> {
        Place { parent: Some(self), segment: Segment::Index(index), ..*self }
    }

    /// Records what is wrong at this place.
    pub(crate) fn problem(&self, message: impl Into<String>) {
        let problem = Problem { pointer: self.pointer(), message: message.into() };
        self.document.problems.borrow_mut().push(problem);
    }

    /// The place as a JSON pointer (RFC 6901, section 3).
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = self.parent.map(Place::pointer).unwrap_or_default();
        match self.segment {
            Segment::Root => {}
            Segment::Key(key) => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Index(index) => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
        }
        pointer
    }
}
