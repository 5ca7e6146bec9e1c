//! The Kubernetes SDK for Rust: typed models, one function per operation, and watches that resume.
//!
//! ```no_run
//! use kubernetes_sdk::{Client, api::core::v1 as core_v1};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::from_env()?;
//! let pods = core_v1::list_namespaced_pod("shop").label_selector("app=web").send(&client).await?;
//! for pod in &pods.items {
//!     println!("{}", pod.name());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - [`models`] has every type, [`api`] every operation: a module for each group and version, behind a feature of that
//!   name (`core-v1`, `apps-v1`, …). The stable ones are on by default; `all` is every one.
//! - The feature `serde`, on by default too, gives models serde's traits; requests and watches don't need them.
//! - TLS has ring's cryptography, or with the feature `aws-lc-rs` that of aws-lc-rs.
//! - [`Client`] sends requests, [`watch`] turns a list request into a stream that reconnects by itself.
//! - [`utils`] has what programs do again and again, as retrying on conflict.
//! - `dynamic`, behind the feature of that name, has discovery, the resource mapper, and objects of any kind.
//! - `CustomResource` and `Schema`, behind the feature `derive`, make custom resources of Rust types, and their definitions.
//! - `webhooks`, behind the feature of that name, serves admission and conversion webhooks.
//! - [`core`] has what all are made of, for resources of one's own: [`resource!`].
//!
//! This crate only re-exports the others.

pub use kubernetes_api as api;
pub use kubernetes_client::{self as client, Client, Error};
pub use kubernetes_config::{self as config, Config};
#[cfg(feature = "controller")]
pub use kubernetes_controller as controller;
#[cfg(feature = "derive")]
pub use kubernetes_core::schema::{CustomResource, Schema};
pub use kubernetes_core::{self as core, Deleted, List, Map, Patch, Str, resource};
#[cfg(feature = "derive")]
pub use kubernetes_derive::{CustomResource, Schema};
#[cfg(feature = "dynamic")]
pub use kubernetes_dynamic as dynamic;
#[cfg(feature = "election")]
pub use kubernetes_election as election;
pub use kubernetes_models as models;
#[cfg(feature = "streams")]
pub use kubernetes_streams as streams;
pub use kubernetes_utils as utils;
pub use kubernetes_watch as watch;
#[cfg(feature = "webhooks")]
pub use kubernetes_webhooks as webhooks;

/// Compiles the programs in the README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// Compiles and runs the program in the page on tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/testing.md")]
struct Testing;

/// Compiles and runs the programs in the page on kinds that are known at run time only.
#[cfg(all(doctest, feature = "dynamic"))]
#[doc = include_str!("../../../docs/dynamic.md")]
struct Dynamic;

/// Compiles and runs the programs in the page on manifests.
#[cfg(all(doctest, feature = "dynamic"))]
#[doc = include_str!("../../../docs/manifests.md")]
struct Manifests;

/// Compiles and runs the programs in the page on streams.
#[cfg(all(doctest, feature = "streams"))]
#[doc = include_str!("../../../docs/streams.md")]
struct Streams;

/// Compiles and runs the programs in the page on watching.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/watching.md")]
struct Watching;

/// Compiles and runs the programs in the page on custom resources.
#[cfg(all(doctest, feature = "derive"))]
#[doc = include_str!("../../../docs/custom-resources.md")]
struct CustomResources;

/// Compiles and runs the programs in the page on controllers.
#[cfg(all(doctest, feature = "controller"))]
#[doc = include_str!("../../../docs/controllers.md")]
struct Controllers;

/// Compiles and runs the programs in the page on running controllers.
#[cfg(all(doctest, feature = "controller"))]
#[doc = include_str!("../../../docs/running-controllers.md")]
struct RunningControllers;

/// Compiles and runs the programs in the page on webhooks.
#[cfg(all(doctest, feature = "webhooks", feature = "controller", feature = "derive"))]
#[doc = include_str!("../../../docs/webhooks.md")]
struct Webhooks;
