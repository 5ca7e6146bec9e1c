use std::collections::HashSet;

use kubernetes_core::json::{self, DecodeError, Reader, Tree, Value, Writer};
use kubernetes_core::{Json, JsonPatch, Map, Str};

/// The first line is a document, and each other one its state after a change: the patch between them leads from one to
/// the other, for any JSON and by way of a type that knows a part of it.
pub(crate) fn check(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let Some(document) = lines.next().and_then(|line| std::str::from_utf8(line).ok()) else { return };
    let Ok(tree) = json::from_str::<Tree>(document) else { return };
    assert_eq!(json::from_str::<Tree>(&tree.to_text()).unwrap(), tree, "a tree is written as it was read");
    for line in lines.take(4).filter_map(|line| std::str::from_utf8(line).ok()) {
        let Ok(after) = json::from_str::<Tree>(line) else { continue };
        of_any_json(&tree, &after);
        of_a_type(&tree, &after);
    }
    unknown_fields_survive(&tree);
    unknown_fields_move_along(&tree);
}

fn of_any_json(before: &Tree, after: &Tree) {
    let patch = JsonPatch::between(before, before, after);
    let mut changed = before.clone();
    patch.apply(&mut changed).unwrap();
    assert_eq!(changed, *after);
    assert_eq!(patch.is_empty(), before == after);
    let as_serde = |text: &str| serde_json::from_str::<serde_json::Value>(text);
    // The other implementation has serde_json's numbers and its depth.
    let Ok(operations) = serde_json::to_string(&patch) else { return };
    if let (Ok(mut theirs), Ok(expected), Ok(operations)) = (
        as_serde(&before.to_text()),
        as_serde(&after.to_text()),
        serde_json::from_str::<json_patch::Patch>(&operations),
    ) {
        json_patch::patch(&mut theirs, &operations).unwrap();
        assert_eq!(theirs, expected);
    }
}

fn of_a_type(document: &Tree, after: &Tree) {
    let (Ok(before), Ok(after)) = (document.to_value::<Part>(), after.to_value::<Part>()) else { return };
    let patch = JsonPatch::between(document, &as_tree(&before), &as_tree(&after));
    let mut changed = document.clone();
    patch.apply(&mut changed).unwrap();
    assert_eq!(changed.to_value::<Part>().unwrap(), after, "{document:?}");
}

/// Adds an unknown field to every object, changes known ones, and looks whether all is as it was beside.
fn unknown_fields_survive(document: &Tree) {
    let mut decorated = document.clone();
    decorate(&mut decorated);
    let Ok(before) = decorated.to_value::<Part>() else { return };
    let mut after = before.clone();
    after.size = Some(after.size.unwrap_or_default().wrapping_add(1));
    let mut expected = decorated.clone();
    if expected.set("/size", as_tree(&after).get("size").unwrap().clone()).is_err() {
        return;
    }
    let mut changed = decorated.clone();
    JsonPatch::between(&decorated, &as_tree(&before), &as_tree(&after)).apply(&mut changed).unwrap();
    assert_eq!(changed, expected);
}

/// Reverses and renames the parts, and looks whether each has its unknown fields still.
fn unknown_fields_move_along(document: &Tree) {
    let mut decorated = document.clone();
    decorate(&mut decorated);
    let (Ok(before), Some(Tree::List(items))) = (decorated.to_value::<Part>(), decorated.get("parts")) else { return };
    let names: HashSet<&str> = before.parts.iter().map(|part| &*part.name).collect();
    // Others can't be told apart.
    if names.len() < items.len() || names.contains("renamed") {
        return;
    }
    let check = |after: &Part, parts: Vec<Tree>| {
        let (mut changed, mut expected) = (decorated.clone(), decorated.clone());
        JsonPatch::between(&decorated, &as_tree(&before), &as_tree(after)).apply(&mut changed).unwrap();
        expected.set("/parts", Tree::List(parts)).unwrap();
        assert_eq!(changed, expected);
    };
    let (mut after, mut parts) = (before.clone(), items.clone());
    after.parts.reverse();
    parts.reverse();
    check(&after, parts);
    let (mut after, mut parts) = (before.clone(), items.clone());
    if let (Some(part), Some(item @ Tree::Object(_))) = (after.parts.first_mut(), parts.first_mut()) {
        part.name = "renamed".into();
        item.set("/name", Tree::String("renamed".into())).unwrap();
        check(&after, parts);
    }
}

fn decorate(tree: &mut Tree) {
    match tree {
        Tree::Object(fields) => {
            fields.iter_mut().filter(|(key, _)| key != "tags").for_each(|(_, value)| decorate(value));
            if fields.iter().all(|(key, _)| key != "unknown") {
                fields.push(("unknown".into(), Tree::Bool(true)));
            }
        }
        Tree::List(items) => items.iter_mut().for_each(decorate),
        _ => {}
    }
}

fn as_tree(part: &Part) -> Tree {
    Tree::from_value(part).unwrap()
}

/// A model with a field of each kind that matters to a change.
#[derive(Clone, Debug, Default, PartialEq)]
struct Part {
    name: Str,
    size: Option<i64>,
    sizes: Vec<i64>,
    part: Option<Box<Part>>,
    parts: Vec<Part>,
    tags: Map<Str>,
    any: Option<Json>,
}

impl Value for Part {
    const FIELDS: &'static [&'static str] = &["name", "size", "sizes", "part", "parts", "tags", "any"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(
            Self::FIELDS,
            &mut [
                &mut self.name,
                &mut self.size,
                &mut self.sizes,
                &mut self.part,
                &mut self.parts,
                &mut self.tags,
                &mut self.any,
            ],
        )
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.required("name", &self.name);
        writer.optional("size", &self.size);
        writer.optional("sizes", &self.sizes);
        writer.optional("part", &self.part);
        writer.optional("parts", &self.parts);
        writer.optional("tags", &self.tags);
        writer.optional("any", &self.any);
    }
}
