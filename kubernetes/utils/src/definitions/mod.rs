//! Definitions of custom resources on a server: [`ensure_definition`] brings one into force, and [`migrate_storage`]
//! rewrites objects that are stored in an older version.

mod ensure;
mod error;
mod migrate;

pub use ensure::ensure_definition;
pub use error::DefinitionError;
pub use migrate::{Migration, migrate_storage};
