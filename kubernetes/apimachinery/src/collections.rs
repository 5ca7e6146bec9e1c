//! Implements [`Value`](crate::json::Value) for the standard library's sorted collections.

use std::collections::{BTreeMap, BTreeSet};

use crate::json::{DecodeError, Reader, Value, Writer};
use crate::{Map, Str};

impl<K: Ord + From<Str> + AsRef<str>, V: Value> Value for BTreeMap<K, V> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let mut entries = Map::new();
        entries.read(reader)?;
        *self = entries.into_iter().map(|(key, value)| (key.into(), value)).collect();
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.begin_object();
        for (key, value) in self {
            writer.key(key.as_ref());
            value.write(writer);
        }
        writer.end_object();
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<V: Ord + Value> Value for BTreeSet<V> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let mut items = Vec::new();
        items.read(reader)?;
        *self = items.into_iter().collect();
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.begin_list();
        for value in self {
            writer.element();
            value.write(writer);
        }
        writer.end_list();
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}
