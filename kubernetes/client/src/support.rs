//! For the crates of this SDK that serve TLS. Not for others, and without a promise to stay as it is.

pub use crate::clock::{time_provider, timestamp};
pub use crate::reloaded::Reloaded;
pub use crate::transport::tls::{Validity, common_name, pem_fault, provider};
