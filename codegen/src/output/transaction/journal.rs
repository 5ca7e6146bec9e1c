use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The steps of a transaction, so that another run can undo them.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    /// The folders that did not exist, outermost first.
    pub(super) folders: Vec<String>,
    pub(super) files: Vec<Entry>,
}

/// A file of a transaction; its number is its place in the journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The path from the root.
    pub(super) path: String,
    pub(super) action: Action,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Action {
    /// A file is created; its text has this hash.
    Create {
        sha256: String,
    },
    /// A file is replaced by a text with this hash.
    Replace {
        sha256: String,
    },
    Delete,
}

impl Journal {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self> {
        let error = |error| {
            Error::new("the journal of an interrupted run can't be read").in_file(path.display()).caused_by(error)
        };
        serde_json::from_str(text).map_err(error)
    }

    pub(super) fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::new("the journal can't be written").caused_by(error))
    }
}
