//! serde's derives and that of schemars.
#![allow(missing_docs, reason = "it is only compiled")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! record {
    ($name:ident { $($field:ident: $type:ty,)* }) => {
        #[derive(Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $(pub $field: $type,)*
        }
    };
}

include!("../../fields/records.rs");
