//! Definitions of custom resources: `ensure_definition` establishes one on a server, `migrate_storage` migrates objects
//! that are stored in an older version, and `check_definitions` compares definitions with a file.

#[cfg(feature = "apiextensions-v1")]
mod ensure;
#[cfg(feature = "apiextensions-v1")]
mod error;
#[cfg(feature = "yaml")]
mod file;
#[cfg(feature = "apiextensions-v1")]
mod migration;

#[cfg(feature = "apiextensions-v1")]
pub use ensure::ensure_definition;
#[cfg(feature = "apiextensions-v1")]
pub use error::DefinitionError;
#[cfg(feature = "yaml")]
pub use file::{DefinitionFileError, check_definitions, definitions_command, write_definitions};
#[cfg(feature = "apiextensions-v1")]
pub use migration::{Migration, migrate_storage};
