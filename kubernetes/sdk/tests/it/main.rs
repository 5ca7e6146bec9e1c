//! Rules across crates: their dependencies, and the use of the facade.

mod architecture;
mod yaml;
