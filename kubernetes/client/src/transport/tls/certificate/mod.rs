//! Fields of certificates.

mod der;
mod subject;
mod validity;

pub use subject::common_name;
pub use validity::Validity;
