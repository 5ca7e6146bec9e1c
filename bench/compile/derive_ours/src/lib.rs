//! This SDK's derive.
#![allow(missing_docs, reason = "it is only compiled")]

use std::collections::BTreeMap;

use kubernetes_derive::Schema;

macro_rules! record {
    ($name:ident { $($field:ident: $type:ty,)* }) => {
        #[derive(Schema)]
        #[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
        pub struct $name {
            $(pub $field: $type,)*
        }
    };
}

include!("../../fields/records.rs");
