use std::collections::BTreeMap;

use crate::ir::{Body, Definition, Type};
use crate::lower::is_built_in;

const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";

/// Makes every definition that is a kind's list, and nothing more, a `List` of that kind; tells how many there are.
pub(super) fn fold(definitions: &mut BTreeMap<String, Definition>) -> usize {
    let lists: Vec<(String, String)> = definitions
        .values()
        .filter_map(|list| Some((list.name.clone(), items_of(list, definitions)?.to_owned())))
        .collect();
    let count = lists.len();
    for (list, items) in lists {
        if let Some(list) = definitions.get_mut(&list) {
            list.body = Body::ListOf(items);
        }
    }
    count
}

/// The definition that `list` is the list of: `metadata` is a `ListMeta`, `items` are of the kind that it is named for.
fn items_of<'a>(list: &'a Definition, definitions: &BTreeMap<String, Definition>) -> Option<&'a str> {
    let kind = list.kind()?;
    let [whole] = list.structs() else { return None };
    let [metadata, items] = whole.fields.as_slice() else { return None };
    let Type::List(item) = &items.type_ else { return None };
    let Type::Definition(item) = &**item else { return None };
    let of = definitions.get(item)?.kind()?;
    let is_list = metadata.wire == "metadata"
        && metadata.type_ == Type::Definition(LIST_META.to_owned())
        && items.wire == "items"
        && kind.group == of.group
        && kind.version == of.version
        && (kind.kind.strip_suffix("List") == Some(&of.kind) || !is_built_in(&list.name));
    is_list.then_some(item.as_str())
}
