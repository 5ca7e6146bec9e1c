//! What programs do with requests again and again.
//!
//! - [`retry_on_conflict`] changes an object that others change too; [`retry`] does so for errors of your choice, and
//!   [`Backoff`] says how often and after how long.

mod backoff;
mod retry;

pub use backoff::Backoff;
pub use retry::{retry, retry_on_conflict};
