//! Where in a document the reader is, so that a problem can name its JSON pointer.

use std::cell::RefCell;

use super::dialect::Dialect;
use crate::error::Problem;

/// The problems found so far.
pub(crate) type Problems = RefCell<Vec<Problem>>;

/// A place in a document: a chain of frames on the stack, rendered only when there is a problem to report.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    problems: &'p Problems,
    dialect: Dialect,
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
    pub(crate) fn root(problems: &'p Problems) -> Self {
        Self::root_of(problems, Dialect::Swagger)
    }

    pub(crate) fn root_of(problems: &'p Problems, dialect: Dialect) -> Self {
        Self { problems, dialect, parent: None, segment: Segment::Root }
    }

    /// What the document is written in.
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
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
        self.problems.borrow_mut().push(problem);
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
