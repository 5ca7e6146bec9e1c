//! Fields that a type writes into items of lists although the manager does not own them.

use super::{FieldSet, PathElement, Step};
use crate::json::Tree;

/// A required field of an item that the manager does not own, and the default value that is written for it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unowned {
    place: Vec<PathElement>,
    name: Box<str>,
    value: Tree,
}

/// The fields that are `written` into items of lists and not `owned`, which are the values of `fields`.
pub(super) fn find(fields: &FieldSet, owned: &Tree, written: &Tree) -> Vec<Unowned> {
    let mut found = Vec::new();
    collect(fields, (owned, written), false, &mut Vec::new(), &mut found);
    found
}

fn collect(
    fields: &FieldSet,
    (owned, written): (&Tree, &Tree),
    is_in_item: bool,
    place: &mut Vec<PathElement>,
    found: &mut Vec<Unowned>,
) {
    if let (true, Tree::Object(_), Tree::Object(written)) = (is_in_item, owned, written) {
        let unowned = written.iter().filter(|(name, _)| owned.get(name).is_none());
        found.extend(unowned.map(|(name, value)| Unowned {
            place: place.clone(),
            name: (&**name).into(),
            value: value.clone(),
        }));
    }
    for (element, below) in fields.children() {
        let step = element.step();
        let (Some(owned), Some(written)) = (enter(owned, &step), enter(written, &step)) else { continue };
        place.push(element.clone());
        collect(below, (owned, written), is_in_item || matches!(step, Some(Step::Keys(_))), place, found);
        place.pop();
    }
}

/// Removes the fields whose value has not changed since.
pub(super) fn remove(tree: &mut Tree, unowned: &[Unowned]) {
    for field in unowned {
        let parent = field.place.iter().try_fold(&mut *tree, |tree, element| enter_mut(tree, &element.step()));
        if let Some(Tree::Object(fields)) = parent {
            fields.retain(|(name, value)| **name != *field.name || *value != field.value);
        }
    }
}

fn enter<'a>(tree: &'a Tree, step: &Option<Step<'_>>) -> Option<&'a Tree> {
    match (tree, step) {
        (Tree::Object(_), Some(Step::Field(name))) => tree.get(name),
        (Tree::List(items), Some(step @ Step::Keys(_))) => items.iter().find(|item| step.is_item(0, item)),
        _ => None,
    }
}

fn enter_mut<'a>(tree: &'a mut Tree, step: &Option<Step<'_>>) -> Option<&'a mut Tree> {
    match (tree, step) {
        (tree @ Tree::Object(_), Some(Step::Field(name))) => tree.get_mut(name),
        (Tree::List(items), Some(step @ Step::Keys(_))) => items.iter_mut().find(|item| step.is_item(0, item)),
        _ => None,
    }
}
