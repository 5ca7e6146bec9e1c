use std::cmp::Ordering;

use kubernetes_core::json::Tree;

use super::parse::{Comparison, Literal, Step};

/// The values at a path. A missing value on the way leads to none.
pub(super) fn find<'a>(tree: &'a Tree, steps: &[Step]) -> Vec<&'a Tree> {
    let mut found = vec![tree];
    for step in steps {
        found = found.into_iter().flat_map(|tree| next(tree, step)).collect();
    }
    found
}

fn next<'a>(tree: &'a Tree, step: &Step) -> Vec<&'a Tree> {
    match (step, tree) {
        (Step::Field(name), tree) => tree.get(name).into_iter().collect(),
        (Step::Index(index), Tree::List(items)) => {
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let index = if *index < 0 { length.saturating_add(*index) } else { *index };
            usize::try_from(index).ok().and_then(|index| items.get(index)).into_iter().collect()
        }
        (Step::All, Tree::List(items)) => items.iter().collect(),
        (Step::All, Tree::Object(fields)) => fields.iter().map(|(_, value)| value).collect(),
        (Step::Filter(path, comparison, literal), Tree::List(items)) => {
            let is_match =
                |item: &&Tree| find(item, path).first().is_some_and(|value| holds(value, *comparison, literal));
            items.iter().filter(is_match).collect()
        }
        _ => Vec::new(),
    }
}

fn holds(value: &Tree, comparison: Comparison, literal: &Literal) -> bool {
    let ordering = match (value, literal) {
        (Tree::String(value), Literal::Text(literal)) => Some(value.as_str().cmp(literal)),
        (Tree::Number(value), Literal::Number(literal)) => {
            value.parse::<f64>().ok().and_then(|value| value.partial_cmp(literal))
        }
        (Tree::Bool(value), Literal::Bool(literal)) => Some(value.cmp(literal)),
        _ => None,
    };
    match (comparison, ordering) {
        (Comparison::Equal, Some(Ordering::Equal)) => true,
        (Comparison::NotEqual, ordering) => ordering != Some(Ordering::Equal),
        (Comparison::Less, Some(Ordering::Less)) => true,
        (Comparison::LessOrEqual, Some(Ordering::Less | Ordering::Equal)) => true,
        (Comparison::Greater, Some(Ordering::Greater)) => true,
        (Comparison::GreaterOrEqual, Some(Ordering::Greater | Ordering::Equal)) => true,
        _ => false,
    }
}
