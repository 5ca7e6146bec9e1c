//! How types show in `Debug` output: models what may be secret, errors what caused them.

use std::error::Error;
use std::fmt::{self, Write as _};

use crate::{Map, Str};

/// Stands for a value that is secret.
pub struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// Annotations without the object that kubectl keeps in one of them: it may be a Secret.
pub struct Annotations<'a>(pub &'a Map<Str>);

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl fmt::Debug for Annotations<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (key, value) in self.0 {
            if key == LAST_APPLIED {
                map.entry(key, &Redacted);
            } else {
                map.entry(key, value);
            }
        }
        map.finish()
    }
}

/// An error with all that caused it, on one line, and without what could steer a terminal: this is what a `main` that
/// returns the error prints.
pub fn error(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(OneLine(f), "{error}")?;
    let mut source = error.source();
    while let Some(error) = source {
        write!(OneLine(f), "; caused by: {error}")?;
        source = error.source();
    }
    Ok(())
}

struct OneLine<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.0.write_char(if c.is_control() { ' ' } else { c }))
    }
}
