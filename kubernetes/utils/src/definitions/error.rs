use std::error::Error;
use std::fmt;

use kubernetes_watch::UntilError;

/// The error for a definition that is not established, or whose objects could not be migrated.
pub struct DefinitionError {
    name: String,
    cause: Cause,
}

pub(super) enum Cause {
    /// A request failed.
    Request(&'static str, Box<kubernetes_client::Error>),
    /// The definition was not established.
    Wait(UntilError),
    /// The server's migration failed.
    Migration(UntilError),
    /// The definition was changed during a migration.
    Changed,
}

impl DefinitionError {
    pub(super) fn new(name: &str, cause: Cause) -> Self {
        Self { name: name.to_owned(), cause }
    }

    /// Converts the error of a request.
    pub(super) fn request(name: &str, doing: &'static str) -> impl Fn(kubernetes_client::Error) -> Self {
        move |error| Self::new(name, Cause::Request(doing, Box::new(error)))
    }

    /// The error of a request, if one failed.
    pub fn client_error(&self) -> Option<&kubernetes_client::Error> {
        match &self.cause {
            Cause::Request(_, error) => Some(error),
            _ => None,
        }
    }

    /// Whether the definition was not established, or its objects not migrated, in time.
    ///
    /// # Troubleshooting
    ///
    /// The conditions `NamesAccepted` and `NonStructuralSchema` of the definition name the cause: usually another
    /// definition has the same kind or short name in this group, or the schema is not structural.
    pub fn is_timeout(&self) -> bool {
        matches!(&self.cause, Cause::Wait(error) | Cause::Migration(error) if error.is_timeout())
    }

    /// Whether the definition was changed during the migration, which can be repeated.
    pub fn is_changed(&self) -> bool {
        matches!(self.cause, Cause::Changed)
    }
}

kubernetes_core::error_text!(DefinitionError);

impl DefinitionError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.cause {
            Cause::Request(doing, _) => write!(f, "can't {doing} {name}"),
            Cause::Wait(_) => write!(f, "{name} was applied, but is not established"),
            Cause::Migration(_) => write!(f, "the server did not migrate the objects of {name}"),
            Cause::Changed => write!(f, "{name} was changed during the migration of its objects; migrate them again"),
        }
    }
}

impl Error for DefinitionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Request(_, error) => Some(error),
            Cause::Wait(error) | Cause::Migration(error) => Some(error),
            Cause::Changed => None,
        }
    }
}
