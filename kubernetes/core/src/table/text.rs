use std::{fmt, iter};

use super::{Table, TableColumnDefinition, TableRow};
use crate::json::DecodeError;

/// The space between columns, and the width of a narrow one, as in kubectl
/// (<https://github.com/kubernetes/cli-runtime/blob/v0.37.2/pkg/printers/tabwriter.go>).
const PADDING: usize = 3;
const MIN_WIDTH: usize = 6;

impl Table {
    /// Adds the namespace of each object as the first column, as `kubectl get --all-namespaces` does.
    ///
    /// # Errors
    /// Returns an error if the metadata of an object is missing or can't be decoded.
    pub fn with_namespaces(mut self) -> Result<Self, DecodeError> {
        for row in &mut self.rows {
            let namespace = row.object_metadata()?.and_then(|metadata| metadata.namespace).unwrap_or_default();
            row.cells.insert(0, serde_json::Value::from(namespace.as_str()).into());
        }
        let column = TableColumnDefinition { name: "Namespace".into(), type_: "string".into(), ..Default::default() };
        self.column_definitions.insert(0, column);
        Ok(self)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.is_empty() {
            return Ok(());
        }
        let is_shown = |column: &(usize, &TableColumnDefinition)| formatter.alternate() || column.1.priority == 0;
        let columns: Vec<_> = self.column_definitions.iter().enumerate().filter(is_shown).collect();
        let headings = columns.iter().map(|(_, column)| printable(&column.name.to_uppercase())).collect();
        let cells = |row: &TableRow| columns.iter().map(|(index, _)| printable(&row.text(*index))).collect();
        let lines: Vec<Vec<String>> = iter::once(headings).chain(self.rows.iter().map(cells)).collect();
        let mut widths = vec![MIN_WIDTH; columns.len()];
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(cell.chars().count() + PADDING);
            }
        }
        for (number, line) in lines.iter().enumerate() {
            let mut text = String::new();
            for (cell, width) in line.iter().zip(&widths) {
                text.push_str(cell);
                // Not by the width of a format, which must be less than 65,536.
                text.extend(iter::repeat_n(' ', width - cell.chars().count()));
            }
            formatter.write_str(if number == 0 { "" } else { "\n" })?;
            formatter.write_str(text.trim_end())?;
        }
        Ok(())
    }
}

/// The first line of a text, which can't move the cursor of a terminal.
fn printable(text: &str) -> String {
    let (line, rest) = match text.find(['\n', '\r', '\u{c}']) {
        Some(end) => (&text[..end], "..."),
        None => (text, ""),
    };
    let mut shown = String::with_capacity(text.len());
    for character in line.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown + rest
}
