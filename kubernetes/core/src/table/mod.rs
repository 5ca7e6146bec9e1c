mod text;

use std::borrow::Cow;

use crate::json::{Constant, DecodeError, Reader, Value, Writer};
use crate::{Json, ListMeta, ObjectMeta, PartialObjectMetadata, RawExtension, Str, json};

/// Objects as the server prints them for `kubectl get`; the response to
/// [`ListRequest::table`](crate::ListRequest::table).
///
/// ```
/// use kubernetes_core::Table;
///
/// let table: Table = serde_json::from_str(
///     r#"{"kind": "Table", "apiVersion": "meta.k8s.io/v1",
///         "columnDefinitions": [{"name": "Name", "type": "string"}, {"name": "Restarts", "type": "integer"}],
///         "rows": [{"cells": ["web", 3]}]}"#,
/// )?;
/// assert_eq!(table.to_string(), "NAME   RESTARTS\nweb    3");
///
/// let restarts = table.column("Restarts").unwrap_or_default();
/// assert_eq!(table.rows[0].text(restarts), "3");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// `{table}` is the text that `kubectl get` prints, and `{table:#}` that of `kubectl get --output=wide`. Like there, a
/// table without rows is empty, a cell ends at its first line break, and control characters are escaped.
///
/// Source: <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/apis/meta/v1/types.go>
#[derive(Clone, Default, PartialEq)]
pub struct Table {
    /// The list's own metadata: its resourceVersion and the token for the next page.
    pub metadata: ListMeta,
    /// The columns of each row.
    pub column_definitions: Vec<TableColumnDefinition>,
    /// The objects.
    pub rows: Vec<TableRow>,
}

/// A column, which describes one cell of each row.
#[derive(Clone, Default, PartialEq)]
pub struct TableColumnDefinition {
    /// The heading.
    pub name: Str,
    /// The OpenAPI type of the cells, such as `string` or `integer`.
    pub type_: Str,
    /// The OpenAPI format of the cells, such as `name` for the column with the object's name.
    pub format: Str,
    /// The description, for people.
    pub description: Str,
    /// The importance: columns above 0 are shown only if there is room (`kubectl get -o wide`).
    pub priority: i32,
}

/// An object.
#[derive(Clone, Default, PartialEq)]
pub struct TableRow {
    /// A value for each column: a string, a number, a boolean, or a list or map that is shown as JSON.
    pub cells: Vec<Json>,
    /// Conditions of the row, such as `Completed`.
    pub conditions: Vec<TableRowCondition>,
    /// The object, or only its metadata, which is the default.
    pub object: Option<RawExtension>,
}

/// A condition of a row.
#[derive(Clone, Default, PartialEq)]
pub struct TableRowCondition {
    /// The condition's type; `Completed` is the only one so far.
    pub type_: Str,
    /// Whether it holds: `True`, `False` or `Unknown`.
    pub status: Str,
    /// The reason, as a single word.
    pub reason: Str,
    /// The explanation for people.
    pub message: Str,
}

impl Table {
    /// The index of the column with this heading.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.column_definitions.iter().position(|column| column.name == name)
    }

    /// The version at which the objects were read; empty if the server gave none.
    pub fn resource_version(&self) -> &str {
        self.metadata.resource_version.as_deref().unwrap_or_default()
    }

    /// The token for the next page, if there is one.
    pub fn continue_token(&self) -> Option<&str> {
        self.metadata.continue_.as_deref().filter(|token| !token.is_empty())
    }
}

impl TableRow {
    /// A cell as text: a string without quotes, anything else as JSON; empty if the cell is missing or null.
    pub fn text(&self, column: usize) -> Cow<'_, str> {
        match self.cells.get(column).map(Json::as_str) {
            None | Some("null") => Cow::Borrowed(""),
            Some(text) if text.starts_with('"') => {
                json::from_str::<String>(text).map_or(Cow::Borrowed(text), Cow::Owned)
            }
            Some(text) => Cow::Borrowed(text),
        }
    }

    /// The metadata of the row's object; `None` if the server was asked to leave it out.
    ///
    /// # Errors
    /// Returns an error if the object's metadata is missing or can't be decoded.
    pub fn object_metadata(&self) -> Result<Option<ObjectMeta>, DecodeError> {
        let Some(object) = &self.object else { return Ok(None) };
        json::from_str::<PartialObjectMetadata<()>>(object.as_str()).map(|object| Some(object.metadata))
    }
}

impl Value for Table {
    const FIELDS: &'static [&'static str] = &["apiVersion", "kind", "metadata", "columnDefinitions", "rows"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(
            Self::FIELDS,
            &mut [
                &mut Constant("meta.k8s.io/v1"),
                &mut Constant("Table"),
                &mut self.metadata,
                &mut self.column_definitions,
                &mut self.rows,
            ],
        )
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.type_meta("meta.k8s.io/v1", "Table");
        writer.required("metadata", &self.metadata);
        writer.required("columnDefinitions", &self.column_definitions);
        writer.required("rows", &self.rows);
    }
}

impl Value for TableColumnDefinition {
    const FIELDS: &'static [&'static str] = &["name", "type", "format", "description", "priority"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(
            Self::FIELDS,
            &mut [&mut self.name, &mut self.type_, &mut self.format, &mut self.description, &mut self.priority],
        )
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.required("name", &self.name);
        writer.required("type", &self.type_);
        writer.required("format", &self.format);
        writer.required("description", &self.description);
        writer.required("priority", &self.priority);
    }
}

impl Value for TableRow {
    const FIELDS: &'static [&'static str] = &["cells", "conditions", "object"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.cells, &mut self.conditions, &mut self.object])
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.required("cells", &self.cells);
        writer.optional("conditions", &self.conditions);
        writer.optional("object", &self.object);
    }
}

impl Value for TableRowCondition {
    const FIELDS: &'static [&'static str] = &["type", "status", "reason", "message"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.type_, &mut self.status, &mut self.reason, &mut self.message])
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.required("type", &self.type_);
        writer.required("status", &self.status);
        writer.optional("reason", &Some(&self.reason).filter(|reason| !reason.is_empty()).cloned());
        writer.optional("message", &Some(&self.message).filter(|message| !message.is_empty()).cloned());
    }
}

crate::model_with_serde!(Table);
crate::model_with_serde!(TableColumnDefinition);
crate::model_with_serde!(TableRow);
crate::model_with_serde!(TableRowCondition);
