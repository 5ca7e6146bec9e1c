//! What holds across crates: which may depend on which, and how the facade is used.

mod architecture;
mod yaml;
