//! Types that all groups share: `meta`.

/// Types of version `v1`.
pub mod v1 {
    #[doc(inline)]
    pub use kubernetes_apimachinery::meta::v1::*;

    pub use crate::Patch;
}
