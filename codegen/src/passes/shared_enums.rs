//! One type for the enums of a group and version that are the same: in Go they are, and every enum costs in `cargo check`.
//!
//! The description has no names for enums: it repeats the values, with what Go's documentation says of each, wherever
//! the type is used. The first by name stays; the others are aliases of it. The values alone would not tell: profiles of
//! seccomp and AppArmor have the same, which mean something else.

use std::collections::BTreeMap;

use crate::ir::{Body, Definition, Home, Variant};
use crate::lower::is_built_in;

pub(super) fn share(definitions: &mut BTreeMap<String, Definition>) {
    let mut first: BTreeMap<(Home, Vec<Variant>), String> = BTreeMap::new();
    // In custom resources, equal values are more likely a coincidence.
    for definition in definitions.values_mut().filter(|definition| is_built_in(&definition.name)) {
        let Body::Structs { enums, .. } = &mut definition.body else { continue };
        for values in enums {
            let name = first.entry((definition.home.clone(), values.variants.clone())).or_insert(values.name.clone());
            values.same_as = Some(name.clone()).filter(|name| *name != values.name);
        }
    }
}
