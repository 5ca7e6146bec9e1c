//! Creation, update and deletion of single objects, as in the API server's registry.
//!
//! From <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/registry/generic/registry/store.go>.

pub(super) mod admission;
mod create;
mod delete;
mod limits;
mod preconditions;
mod update;
mod writer;

pub(super) use create::{create_object, initialize};
pub(super) use delete::{FOREGROUND, ORPHAN, Outcome, delete_object};
pub(super) use preconditions::{check_preconditions, stale};
pub(super) use update::{check_name, finish, replace};
pub(super) use writer::{Tracking, Writer, respond};
