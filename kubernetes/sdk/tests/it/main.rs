//! Rules across crates: their dependencies, and the use of the facade.

mod architecture;
#[cfg(all(feature = "dynamic", feature = "streams"))]
mod kubectl_page;
mod yaml;
