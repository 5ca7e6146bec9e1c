use std::sync::Arc;

use crate::error::Error;
use crate::locate::{locate, locate_yaml};

/// Where a definition is written, so that a problem can show the lines around it.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    pub(super) file: String,
    pub(super) text: Arc<str>,
    /// Which of the documents in the file, empty ones left out.
    pub(super) document: usize,
    /// Where in the document: the definition may be an item of a list.
    pub(super) pointer: String,
}

impl Origin {
    /// The problem, whose pointer begins at the definition, as one of the file.
    pub(super) fn explain(&self, definition: &str, problem: Error) -> Error {
        let pointer = format!("{}{}", self.pointer, problem.pointer());
        let location = if is_json(&self.text) {
            locate(&self.text, &pointer)
        } else {
            locate_yaml(&self.text, self.document, &pointer)
        };
        let file = if definition.is_empty() { self.file.clone() } else { format!("{}: {definition}", self.file) };
        problem.in_file(file).with_excerpt_at(&self.text, location)
    }
}

/// JSON is YAML too, but its own reader is stricter and quicker.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}
