//! What programs do with requests again and again.
//!
//! - [`conditions`] are what is waited for with [`until`](kubernetes_watch::until): a pod that is ready, a deployment that
//!   is rolled out, a condition of any object.
//! - [`retry_on_conflict`] changes an object that others change too; [`retry`] does so for errors of your choice, and
//!   [`Backoff`] says how often and after how long.

mod backoff;
pub mod conditions;
mod retry;

pub use backoff::Backoff;
pub use retry::{retry, retry_on_conflict};
