//! serde's derives.
#![allow(missing_docs, reason = "it is only compiled")]

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

macro_rules! record {
    ($name:ident { $($field:ident: $type:ty,)* }) => {
        #[derive(Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $(pub $field: $type,)*
        }
    };
}

include!("../../fields/records.rs");
