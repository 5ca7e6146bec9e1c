//! The verbs of requests.

mod apply;
mod binding;
mod connect;
mod create;
mod delete;
mod eviction;
mod list;
mod load;
mod patch;
mod reviews;
mod scale;
mod subresources;
mod tokens;
mod update;
mod watch;

pub(super) use create::create;
pub(super) use delete::{delete, delete_collection};
pub(super) use list::{get, list};
pub(super) use load::load;
pub(super) use patch::patch;
pub(super) use subresources::subresource;
pub(super) use update::update;
pub(super) use watch::watch;
