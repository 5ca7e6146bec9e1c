//! Map behaves as a BTreeMap does.

use std::collections::BTreeMap;

use kubernetes_core::{Map, Str};
use proptest::prelude::*;

proptest! {
    #[test]
    fn operations_agree_with_a_tree(operations in prop::collection::vec((0..6, "[a-e]{0,2}", 0..9i64), 0..60)) {
        let mut map = Map::<i64>::new();
        let mut tree = BTreeMap::<String, i64>::new();
        for (operation, key, value) in operations {
            match operation {
                0 => prop_assert_eq!(map.insert(key.as_str(), value), tree.insert(key, value)),
                1 => prop_assert_eq!(map.remove(&key), tree.remove(&key)),
                2 => {
                    *map.entry(key.as_str()).and_modify(|value| *value += 1).or_insert(value) *= 2;
                    *tree.entry(key).and_modify(|value| *value += 1).or_insert(value) *= 2;
                }
                3 => {
                    map.retain(|other, each| *other != *key && *each != value);
                    tree.retain(|other, each| *other != key && *each != value);
                }
                4 => {
                    map.extend([(key.as_str(), value)]);
                    tree.extend([(key, value)]);
                }
                _ => prop_assert_eq!(map.get(&key), tree.get(&key)),
            }
            prop_assert_eq!(map.len(), tree.len());
            prop_assert_eq!(&tree, &map);
        }
        prop_assert!(map.iter().map(|(k, v)| (k.as_str(), *v)).eq(tree.iter().map(|(k, v)| (k.as_str(), *v))));
        prop_assert_eq!(map.clone().into_iter().len(), tree.len());
        prop_assert!(map.clone().into_iter().rev().map(|(k, v)| (String::from(k), v)).eq(tree.clone().into_iter().rev()));
        prop_assert!(map.into_iter().map(|(k, v)| (String::from(k), v)).eq(tree));
    }

    #[test]
    fn collected_entries_agree_with_a_tree(entries in prop::collection::vec(("[a-c]{0,2}", 0..9i64), 0..40)) {
        let map: Map<i64> = entries.iter().cloned().collect();
        let tree: BTreeMap<String, i64> = entries.iter().cloned().collect();
        prop_assert_eq!(&map, &Map::from(tree));
        let text = format!("{{{}}}", entries.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect::<Vec<_>>().join(","));
        prop_assert_eq!(kubernetes_core::json::from_str::<Map<i64>>(&text).unwrap(), map);
    }
}

#[test]
#[should_panic(expected = "no entry \"missing\"")]
fn indexing_names_the_missing_key() {
    let _ = &Map::<Str>::new()["missing"];
}

#[test]
fn values_convert() {
    let labels: Map<Str> = vec![("app", "shop")].into_iter().collect();
    let tree = BTreeMap::from([("app", "shop")]);
    assert_eq!(tree, labels);
    assert_ne!(BTreeMap::from([("app", "web")]), labels);
    let mut changed = labels.clone();
    changed["app"] = "web".into();
    changed.extend(vec![("tier", "front")]);
    assert_eq!(BTreeMap::from([("app", "web"), ("tier", "front")]), changed);
    assert_eq!(*changed.entry("zone").or_default(), "");
}
