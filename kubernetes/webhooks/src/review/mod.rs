//! Reviews of tokens and of access, by which an API server authenticates and authorizes its own requests.

mod authentication;
mod authorization;
mod handler;
mod kind;
mod request;
mod wire;

pub use authentication::Authentication;
pub use authorization::Authorization;
pub(crate) use handler::{Answer, Handler, ReviewHandler};
pub use request::ReviewRequest;
