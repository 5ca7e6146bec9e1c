//! Helpers for common tasks, such as retrying on conflict.
//!
//! - [`conditions`] are what is waited for with [`until`](kubernetes_watch::until): a pod that is ready, a deployment that
//!   is rolled out, a condition of any object.
//! - [`modify`] changes an object: what its type does not know, and what others change meanwhile, is kept.
//! - [`ObjectStatus`] is the state of an object of any kind: in progress, failed, current or terminating.
//! - [`retry_on_conflict`] changes an object that others change too; [`retry`] does so for errors of your choice, and
//!   [`Retry`] says how often and after how long.

mod clock;
pub mod conditions;
mod modify;
mod retry;
mod status;

pub use modify::{Modify, modify};
pub use retry::{Retry, retry, retry_on_conflict};
pub use status::{ObjectState, ObjectStatus};
