use std::fmt;
use std::marker::PhantomData;

use crate::json::{AnyValue, Constant, DecodeError, Reader, Value, Writer};
use crate::{
    ListMeta, Object, ObjectMeta, PartialObjectMetadata, Table, TableColumnDefinition, TableRow, Watchable, json,
};

/// An object of type `K` as the server prints it, one row of a [`Table`]: the form in which
/// [`printed`](crate::ListRequest::printed) lists and watches objects.
///
/// ```
/// use kubernetes_core::{Printed, json};
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// // An event of a watch has a table with one row.
/// let pod: Printed<Pod> = json::from_str(
///     r#"{"kind": "Table", "apiVersion": "meta.k8s.io/v1",
///         "columnDefinitions": [{"name": "Name", "type": "string"}, {"name": "Ready", "type": "string"}],
///         "rows": [{"cells": ["web", "1/1"], "object": {"metadata": {"name": "web"}}}]}"#,
/// )?;
/// assert_eq!((pod.name(), &*pod.row.text(1)), ("web", "1/1"));
/// # Ok::<(), json::DecodeError>(())
/// ```
pub struct Printed<K> {
    /// The object's metadata.
    pub metadata: ObjectMeta,
    /// The cells. The row's `object` is empty, since the metadata is in [`metadata`](Self::metadata).
    pub row: TableRow,
    /// The columns, if they came with this row.
    ///
    /// A list carries them in its first row, a watch in its first event, which may be a bookmark. To be safe, take them
    /// from the [`Table`] that was listed before, as kubectl does.
    pub columns: Vec<TableColumnDefinition>,
    of: PhantomData<fn() -> K>,
}

impl<K> Printed<K> {
    /// `metadata.name`, or the empty string.
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> Option<&str> {
        self.metadata.namespace.as_deref()
    }

    /// The row of a table that may carry the table's columns.
    fn new(mut row: TableRow, columns: Vec<TableColumnDefinition>) -> Result<Self, DecodeError> {
        let Some(metadata) = row.object_metadata()? else {
            return Err(DecodeError::new("the row has no object to take the metadata from", 0));
        };
        row.object = None;
        Ok(Self { metadata, row, columns, of: PhantomData })
    }
}

impl<K> Default for Printed<K> {
    fn default() -> Self {
        Self { metadata: ObjectMeta::default(), row: TableRow::default(), columns: Vec::new(), of: PhantomData }
    }
}

impl<K> Clone for Printed<K> {
    fn clone(&self) -> Self {
        let Self { metadata, row, columns, of } = self;
        Self { metadata: metadata.clone(), row: row.clone(), columns: columns.clone(), of: *of }
    }
}

impl<K> PartialEq for Printed<K> {
    fn eq(&self, other: &Self) -> bool {
        self.metadata == other.metadata && self.row == other.row && self.columns == other.columns
    }
}

impl<K> fmt::Debug for Printed<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printed").field("metadata", &self.metadata).field("row", &self.row).finish_non_exhaustive()
    }
}

impl<K> Value for Printed<K> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let start = reader.clone();
        let mut table = Table::default();
        table.read(reader)?;
        let row = match (table.rows.pop(), table.rows.is_empty()) {
            (Some(row), true) => row,
            _ => return Err(start.error("expected a table with one row").in_field("rows")),
        };
        *self = Self::new(row, table.column_definitions).map_err(|error| error.in_index(0).in_field("rows"))?;
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.begin_object();
        writer.type_meta("meta.k8s.io/v1", "Table");
        writer.required("columnDefinitions", &self.columns);
        writer.required("rows", &[self.whole_row()].to_vec());
        writer.end_object();
    }
}

impl<K> Printed<K> {
    /// The row with its object, as the server sends it.
    fn whole_row(&self) -> TableRow {
        let object = json::to_string(&PartialObjectMetadata::<()>::from(self.metadata.clone()));
        TableRow { object: object.ok().and_then(|text| json::from_str(&text).ok()), ..self.row.clone() }
    }
}

impl<K: 'static> Object for Printed<K> {
    const TYPE: Option<crate::StaticType> = None;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn read_list(metadata: &mut ListMeta, items: &mut Vec<Self>, reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
        let (mut columns, mut rows) = (Vec::new(), Vec::<TableRow>::new());
        let fields: &mut [&mut dyn AnyValue] =
            &mut [&mut Constant("meta.k8s.io/v1"), &mut Constant("Table"), metadata, &mut columns, &mut rows];
        reader.fields(Table::FIELDS, fields)?;
        items.reserve_exact(rows.len());
        for (index, row) in rows.into_iter().enumerate() {
            let printed = Self::new(row, std::mem::take(&mut columns));
            items.push(printed.map_err(|error| error.in_index(index).in_field("rows"))?);
        }
        Ok(true)
    }

    fn write_list(metadata: &ListMeta, items: &[Self], writer: &mut Writer) -> bool {
        writer.type_meta("meta.k8s.io/v1", "Table");
        writer.required("metadata", metadata);
        let columns = items.first().map(|first| first.columns.clone());
        writer.required("columnDefinitions", &columns.unwrap_or_default());
        writer.required("rows", &items.iter().map(Self::whole_row).collect::<Vec<_>>());
        true
    }
}

impl<K: Watchable> Watchable for Printed<K> {}

crate::serde_by_json!(Printed<K>, K);
