//! Server-side apply: the fields that are sent, who owns them, and how an apply goes on from there.

mod body;
mod conflict;
mod extract;
mod extract_error;
mod field_set;
mod migrate;
mod path_element;
mod type_path;
mod unchanged;

pub(crate) use body::body;
pub use conflict::FieldConflict;
pub use extract::{Extracted, extract};
pub use extract_error::ExtractError;
pub use field_set::FieldSet;
pub use migrate::{CLIENT_SIDE_APPLY_MANAGER, migrate_client_side_apply};
pub use path_element::{PathElement, Step};
pub(crate) use unchanged::is_unchanged;
