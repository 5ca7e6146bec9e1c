use bytes::Bytes;

use super::*;

/// An object of a mebibyte.
fn large(revision: u64) -> Stored {
    Stored {
        key: ObjectKey::new("default", "a"),
        revision,
        version: "".into(),
        uid: "uid".into(),
        labels: kubernetes_core::Map::default(),
        fields: Box::default(),
        owners: Box::default(),
        json: Bytes::from(vec![b' '; 1024 * 1024]),
    }
}

#[test]
fn the_history_has_a_limit_in_bytes() {
    let mut store = Store::new(10_000);
    let collection = store.add_collection();
    for _ in 0..200 {
        store.put(collection, large(store.next_revision()));
    }
    assert_eq!(store.collection(collection).changes_after(0).count(), 128);
    assert_eq!(store.oldest(collection), store.revision() - 128);
}
