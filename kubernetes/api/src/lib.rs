//! Every Kubernetes operation as a function: a module for each group and version, gated by a feature of that name.
//!
//! A function makes a request, a value that nothing has been sent for yet. Required values are its arguments; optional
//! ones are methods of the request; `send` executes it on a client.
//!
//! The functions have the names that the official clients of other languages have, and are in the module of the path
//! that they call: `POST /api/v1/namespaces/{namespace}/pods/{name}/eviction` is
//! `core::v1::create_namespaced_pod_eviction`, whatever group the eviction itself is of. Operations on a group as a
//! whole, such as its versions, stand in the group's module and need no feature.
//!
//! Left out are the operations under `/watch/`, deprecated since Kubernetes 1.11: a list request is watched instead.
//!
//! Everything but this file is rendered by `kubernetes-codegen` from the API description.

#[rustfmt::skip]
mod generated;

pub use generated::*;
