//! Computes the operations that transfer a change of a typed object to the document that it was read from.

use std::collections::{HashMap, VecDeque};

use super::JsonPatch;
use crate::json::Tree;
use crate::{JsonPointer, Str};

impl JsonPatch {
    /// Creates the patch that makes the change from `before` to `after` in `document`.
    ///
    /// ```
    /// use kubernetes_core::JsonPatch;
    /// use kubernetes_core::json::{self, Tree};
    ///
    /// // The type that wrote `before` does not know `color`.
    /// let document: Tree = json::from_str(r#"{"items": [{"name": "a", "color": "red"}]}"#)?;
    /// let before: Tree = json::from_str(r#"{"items": [{"name": "a"}]}"#)?;
    /// let after: Tree = json::from_str(r#"{"items": [{"name": "b", "size": 1}, {"name": "a", "size": 2}]}"#)?;
    ///
    /// let patch = JsonPatch::between(&document, &before, &after);
    /// let mut changed = document.clone();
    /// patch.apply(&mut changed)?;
    /// assert_eq!(
    ///     json::to_string(&changed)?,
    ///     r#"{"items":[{"name":"b","size":1},{"name":"a","color":"red","size":2}]}"#
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// `before` is the result of reading `document` as a type and writing it again: it may lack fields that the type
    /// does not know, and have fields that the type always writes. Everything unchanged keeps its form in the document,
    /// including unknown fields of list items. Items are matched if they are equal, if they have the same `name`,
    /// `key`, `type` or another identifying field, or by their index in a list of the same length; so an item that is
    /// moved or renamed keeps its unknown fields.
    pub fn between(document: &Tree, before: &Tree, after: &Tree) -> Self {
        let mut patch = Self::new();
        patch.compare(&JsonPointer::ROOT, document, before, after);
        patch
    }

    fn compare(&mut self, path: &JsonPointer, document: &Tree, before: &Tree, after: &Tree) {
        if before == after {
            return;
        }
        match (document, before, after) {
            (Tree::Object(_), Tree::Object(before), Tree::Object(after)) => {
                self.compare_fields(path, document, before, after);
            }
            (Tree::List(document), Tree::List(before), Tree::List(after)) if document.len() == before.len() => {
                self.compare_items(path, document, before, after);
            }
            _ => self.push_value("replace", path.clone(), after),
        }
    }

    fn compare_fields(&mut self, path: &JsonPointer, document: &Tree, before: &[(Str, Tree)], after: &[(Str, Tree)]) {
        let find = |fields: &[(Str, Tree)], key: &str| fields.iter().position(|(name, _)| *name == key);
        for (key, _) in before {
            if find(after, key).is_none() && document.get(key).is_some() {
                self.push_remove(path.clone().key(key));
            }
        }
        for (key, after) in after {
            let before = find(before, key).map(|place| &before[place].1);
            if before == Some(after) {
                continue;
            }
            let path = path.clone().key(key);
            match (document.get(key), before) {
                (Some(document), Some(before)) => self.compare(&path, document, before, after),
                // The type omits empty objects.
                (Some(document @ Tree::Object(_)), None) => {
                    self.compare(&path, document, &Tree::Object(Vec::new()), after);
                }
                _ => self.push_value("add", path, after),
            }
        }
    }

    fn compare_items(&mut self, path: &JsonPointer, document: &[Tree], before: &[Tree], after: &[Tree]) {
        let (mut old, mut new, mut at) = (0, 0, 0);
        let end = (before.len(), after.len());
        let pairs = align(before, after);
        let origins = origins(before, after, &pairs);
        for (next_old, next_new) in pairs.into_iter().chain([end]) {
            for _ in old..next_old {
                self.push_remove(path.clone().index(at));
            }
            for place in new..next_new {
                let moved = origins[place].map(|old| moved(&document[old], &before[old], &after[place]));
                self.push_value("add", path.clone().index(at), moved.as_ref().unwrap_or(&after[place]));
                at += 1;
            }
            if (next_old, next_new) != end {
                self.compare(&path.clone().index(at), &document[next_old], &before[next_old], &after[next_new]);
                at += 1;
            }
            (old, new) = (next_old + 1, next_new + 1);
        }
    }
}

/// An item of the document that moves to another place, with its change.
fn moved(document: &Tree, before: &Tree, after: &Tree) -> Tree {
    let mut item = document.clone();
    match JsonPatch::between(document, before, after).apply(&mut item) {
        Ok(()) => item,
        Err(_) => after.clone(),
    }
}

/// Matches each unpaired new item with an unpaired old one: the one with the same identity, or the one in its place if
/// it was renamed.
fn origins(before: &[Tree], after: &[Tree], pairs: &[(usize, usize)]) -> Vec<Option<usize>> {
    let mut is_gone = vec![true; before.len()];
    let mut is_new = vec![true; after.len()];
    for (old, new) in pairs {
        (is_gone[*old], is_new[*new]) = (false, false);
    }
    let mut by_identity: HashMap<_, VecDeque<usize>> = HashMap::new();
    for old in (0..before.len()).filter(|old| is_gone[*old]) {
        by_identity.entry(identity_text(&before[old])).or_default().push_back(old);
    }
    let mut origins = vec![None; after.len()];
    for new in (0..after.len()).filter(|new| is_new[*new]) {
        origins[new] = by_identity.get_mut(&identity_text(&after[new])).and_then(VecDeque::pop_front);
        if let Some(old) = origins[new] {
            is_gone[old] = false;
        }
    }
    let (mut old, mut new) = (0, 0);
    for (next_old, next_new) in pairs.iter().copied().chain([(before.len(), after.len())]) {
        if next_old - old == next_new - new {
            for (old, new) in (old..next_old).zip(new..next_new).filter(|(old, _)| is_gone[*old]) {
                origins[new] = origins[new].or(Some(old));
            }
        }
        (old, new) = (next_old + 1, next_new + 1);
    }
    origins
}

/// The field that identifies an item in its list, or the whole item if there is no such field.
fn identity_text(item: &Tree) -> (&'static str, String) {
    identity(item).map_or_else(|| ("", item.to_text()), |(key, value)| (key, value.to_text()))
}

/// The fields that identify items in Kubernetes' lists, taken from `x-kubernetes-list-map-keys` in the API description.
const IDENTITIES: &[&str] =
    &["name", "key", "type", "uid", "id", "containerPort", "port", "mountPath", "devicePath", "ip", "topologyKey"];

/// Beyond this many comparisons, items in the middle of a list are removed and added again.
const MOST_COMPARISONS: usize = 1 << 18;

/// The pairs of items that are the same, in the order of both lists.
fn align(before: &[Tree], after: &[Tree]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let (mut old, mut new) = (0, 0);
    for anchor in
        common(before, after, |before, after| before == after).into_iter().chain([(before.len(), after.len())])
    {
        let (gone, come) = (&before[old..anchor.0], &after[new..anchor.1]);
        let in_gap = match gone.len() == come.len() && gone.iter().zip(come).all(|(gone, come)| may_be_same(gone, come))
        {
            true => (0..gone.len()).map(|place| (place, place)).collect(),
            false => common(gone, come, is_same),
        };
        pairs.extend(in_gap.into_iter().map(|(gone, come)| (old + gone, new + come)));
        if anchor != (before.len(), after.len()) {
            pairs.push(anchor);
        }
        (old, new) = (anchor.0 + 1, anchor.1 + 1);
    }
    pairs
}

/// The first field that identifies an item, with its value.
fn identity(item: &Tree) -> Option<(&'static str, &Tree)> {
    IDENTITIES.iter().find_map(|key| item.get(key).map(|value| (*key, value)))
}

fn is_same(before: &Tree, after: &Tree) -> bool {
    identity(before).is_some_and(|identity_before| identity(after) == Some(identity_before))
}

fn may_be_same(before: &Tree, after: &Tree) -> bool {
    match (identity(before), identity(after)) {
        (Some(before), Some(after)) => before == after,
        (None, None) => true,
        _ => false,
    }
}

/// The longest common subsequence, after splitting off the common beginning and end.
fn common(before: &[Tree], after: &[Tree], same: impl Fn(&Tree, &Tree) -> bool) -> Vec<(usize, usize)> {
    let head = before.iter().zip(after).take_while(|(before, after)| same(before, after)).count();
    let (before_rest, after_rest) = (&before[head..], &after[head..]);
    let tail =
        before_rest.iter().rev().zip(after_rest.iter().rev()).take_while(|(before, after)| same(before, after)).count();
    let (rows, columns) = (before_rest.len() - tail, after_rest.len() - tail);
    let mut pairs: Vec<_> = (0..head).map(|place| (place, place)).collect();
    if rows.saturating_mul(columns) <= MOST_COMPARISONS {
        let middle = longest(&before_rest[..rows], &after_rest[..columns], same);
        pairs.extend(middle.into_iter().map(|(row, column)| (head + row, head + column)));
    }
    pairs.extend((0..tail).map(|place| (before.len() - tail + place, after.len() - tail + place)));
    pairs
}

fn longest(before: &[Tree], after: &[Tree], same: impl Fn(&Tree, &Tree) -> bool) -> Vec<(usize, usize)> {
    let width = after.len() + 1;
    // The length of the longest common subsequence after each pair of places.
    let mut lengths = vec![0u32; (before.len() + 1) * width];
    let mut equal = vec![false; before.len() * after.len()];
    for row in (0..before.len()).rev() {
        for column in (0..after.len()).rev() {
            let is_equal = same(&before[row], &after[column]);
            equal[row * after.len() + column] = is_equal;
            lengths[row * width + column] = if is_equal {
                lengths[(row + 1) * width + column + 1] + 1
            } else {
                lengths[(row + 1) * width + column].max(lengths[row * width + column + 1])
            };
        }
    }
    let (mut row, mut column, mut pairs) = (0, 0, Vec::new());
    while row < before.len() && column < after.len() {
        if equal[row * after.len() + column] {
            pairs.push((row, column));
            (row, column) = (row + 1, column + 1);
        } else if lengths[(row + 1) * width + column] >= lengths[row * width + column + 1] {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}
