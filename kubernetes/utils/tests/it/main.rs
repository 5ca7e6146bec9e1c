//! Conditions, changes of objects, manifests and kubectl's verbs, on the server in memory.

#[cfg(all(feature = "apiextensions-v1", feature = "apps-v1", feature = "batch-v1", feature = "core-v1"))]
mod conditions;
#[cfg(feature = "apiextensions-v1")]
mod definitions;

#[cfg(feature = "dynamic")]
mod fuzz;
#[cfg(feature = "dynamic")]
mod json_path;
#[cfg(feature = "dynamic")]
mod manifests;
mod modify;
#[cfg(feature = "streams")]
mod port_forward;
mod status;
#[cfg(feature = "dynamic")]
mod verbs;
#[cfg(feature = "dynamic")]
mod wait;
