//! Finds out whether a type has a field, by reading a document with a wrong value there.

use crate::json::{self, DecodeError, Tree, Value};

/// A step from a value to one inside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TypeStep<'a> {
    Field(&'a str),
    /// Any item of a list.
    Item,
}

/// The kind of an empty value that a field takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Empty {
    List,
    Object,
    /// Neither: a string, a number or a boolean.
    Scalar,
}

/// The empty value that the field at `path` takes; `None` if type `V` has no such field.
pub(super) fn empty_value<V: Value>(path: &[TypeStep<'_>]) -> Option<Empty> {
    use Outcome::{Read, Refused};
    match (read::<V>(path, Tree::List(Vec::new())), read::<V>(path, Tree::Object(Vec::new()))) {
        (Refused, Refused) => Some(Empty::Scalar),
        (Read { .. }, Refused) => Some(Empty::List),
        (Refused, _) => Some(Empty::Object),
        (_, Refused) => Some(Empty::List),
        // A field that accepts anything writes the value back; an unknown field does not.
        (Read { is_written: true }, _) | (_, Read { is_written: true }) => Some(Empty::Scalar),
        _ => None,
    }
}

/// The zero value of the scalar at `path`; `None` for an entry of a map.
pub(super) fn zero_value<V: Value>(path: &[TypeStep<'_>]) -> Option<Tree> {
    /// Only a map has a field with this name.
    const UNKNOWN: TypeStep<'_> = TypeStep::Field("\u{1}");
    let (_, parents) = path.split_last()?;
    if empty_value::<V>(&[parents, &[UNKNOWN]].concat()).is_some() {
        return None;
    }
    let zeros = [Tree::String("".into()), Tree::Number("0".into()), Tree::Bool(false)];
    zeros.into_iter().find(|zero| matches!(read::<V>(path, zero.clone()), Outcome::Read { is_written: true }))
}

/// The outcome of reading a document with a value at some path.
enum Outcome {
    /// The value has the wrong type.
    Refused,
    Read {
        is_written: bool,
    },
    /// Another value is wrong or missing.
    Failed,
}

fn read<V: Value>(path: &[TypeStep<'_>], value: Tree) -> Outcome {
    let document = path.iter().rev().fold(value, |value, step| match step {
        TypeStep::Field(name) => Tree::Object(vec![((*name).into(), value)]),
        TypeStep::Item => Tree::List(vec![value]),
    });
    match json::from_str::<V>(&document.to_text()) {
        Err(error) if is_within(&error, path) => Outcome::Refused,
        Err(_) => Outcome::Failed,
        Ok(read) => {
            let written = Tree::from_value(&read).unwrap_or_default();
            Outcome::Read { is_written: path.iter().try_fold(&written, |tree, step| inside(tree, step)).is_some() }
        }
    }
}

/// Whether an error is at `path`, or below it.
fn is_within(error: &DecodeError, path: &[TypeStep<'_>]) -> bool {
    error.is_within(path.iter().map(|step| match step {
        TypeStep::Field(name) => Some(*name),
        TypeStep::Item => None,
    }))
}

/// The value inside of `tree` that a step leads to.
fn inside<'a>(tree: &'a Tree, step: &TypeStep<'_>) -> Option<&'a Tree> {
    match (tree, step) {
        (_, TypeStep::Field(name)) => tree.get(name),
        (Tree::List(items), TypeStep::Item) => items.first(),
        _ => None,
    }
}
