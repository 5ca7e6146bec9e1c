//! How models show in `Debug` output what may be secret.

use std::fmt;

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
