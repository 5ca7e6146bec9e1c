//! Every Kubernetes operation as a function: a module for each group and version, gated by a feature with that name.
//!
//! A function creates a request, a value that is not sent yet. Required parameters are arguments of the function,
//! optional ones are methods of the request, and `send` executes the request on a client.
//!
//! The functions have the same names as in the official clients for other languages, and are in the module of their
//! path: `POST /api/v1/namespaces/{namespace}/pods/{name}/eviction` is `core::v1::create_namespaced_pod_eviction`,
//! whatever the group of the eviction itself. Operations on a whole group, such as its versions, are in the group's
//! module and need no feature.
//!
//! The operations under `/watch/`, which are deprecated since Kubernetes 1.11, are left out: watch a list request
//! instead.
//!
//! Everything except this file is rendered by `kubernetes-codegen` from the API description.

#[rustfmt::skip]
mod generated;

pub use generated::*;
