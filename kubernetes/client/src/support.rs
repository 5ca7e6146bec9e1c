//! For the crates of this SDK. Not for direct use: this module may change in any release.

pub use crate::clock::{time_provider, timestamp};
pub use crate::error::find as find_error;
pub use crate::reloaded::Reloaded;
pub use crate::transport::tls::{Validity, common_name, pem_fault, provider};
