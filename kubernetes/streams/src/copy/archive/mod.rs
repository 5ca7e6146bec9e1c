//! Archives of tar, as they pass between this program and a container.

mod entries;
mod entry;
mod entry_path;
mod extended;
mod walk;
mod writer;

pub(super) use entries::{BLOCK_BYTES, Entries};
pub(super) use entry::{Entry, EntryKind};
pub(super) use entry_path::{EntryPath, is_inside};
pub(super) use walk::total_bytes;
pub(super) use writer::ArchiveWriter;
