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
//! # Where to begin
//!
//! | to | use |
//! |---|---|
//! | read and write objects | [`api`], a function for each operation, and [`models`], a struct for each type |
//! | follow changes, keep objects in memory, wait | [`watch`] |
//! | write a controller or an operator | `controller`, with the feature of that name, and `derive` for a custom resource |
//! | apply files, and do as kubectl's verbs do | [`utils`], with the feature `dynamic` |
//! | run commands, copy files, forward ports, follow logs | `streams`, with the feature of that name |
//! | serve admission and conversion webhooks | `webhooks`, with the feature of that name |
//! | work with kinds that are known at run time only | `dynamic`, with the feature of that name |
//! | make a type of one's own a resource | [`resource!`], or the derives of the feature `derive` |
//!
//! # Features
//!
//! - A feature for each API group and version (`core-v1`, `apps-v1`, …). The stable ones are on by default; `all` is every
//!   one.
//! - `serde`, on by default: serde's traits for models. Requests and watches don't need them.
//! - `yaml`: [`core`] reads and writes YAML.
//! - `dynamic`, `streams`, `controller`, `election`, `derive`, `webhooks`: the modules of these names.
//! - `aws-lc-rs`: TLS with aws-lc-rs instead of ring. `cbor`: requests and responses in CBOR. `idna`: names of servers
//!   outside ASCII.
//!
//! This crate only re-exports the others: `kubernetes_sdk::core` is the crate `kubernetes-core`, and so on.

#[cfg(doctest)]
mod pages;

/// Every Kubernetes operation as a function that makes a request, by group and version.
///
/// ```
/// use kubernetes_sdk::api::core::v1 as core_v1;
///
/// let request = core_v1::list_namespaced_pod("shop").label_selector("app=web");
/// assert_eq!(format!("{:?}", request.request()), "GET /api/v1/namespaces/shop/pods?labelSelector=app%3Dweb");
/// ```
///
/// Required parameters are arguments, optional ones are methods of the request, and `send(&client)` sends it.
pub mod api {
    #[doc(inline)]
    pub use kubernetes_api::*;
}

/// The connection to an API server: transport, TLS, authentication, retries, and the errors of requests.
///
/// [`Client::from_env`] connects as kubectl does; [`Client::builder`] takes other settings.
pub mod client {
    #[doc(inline)]
    pub use kubernetes_client::*;
}

/// Where the API server is and who the user is: kubeconfig files and in-cluster configuration.
///
/// [`Config::from_env`] reads what kubectl reads; [`Client::new`](crate::Client::new) takes the result.
pub mod config {
    #[doc(inline)]
    pub use kubernetes_config::*;
}

/// Controllers and operators: a reconcile function with a work queue, finalizers, owned objects, events, metrics and
/// leader election.
///
/// [`Controller`] calls a function for each object that has changed. [`Manager`] runs controllers in production.
#[cfg(feature = "controller")]
pub mod controller {
    #[doc(inline)]
    pub use kubernetes_controller::*;
}

/// The parts that models and requests are made of: the traits [`Object`] and [`Resource`], lists, patches, quantities,
/// times, selectors, and reading and writing JSON.
///
/// Programs need it for types of their own, and for code that is generic over types.
pub mod core {
    #[doc(inline)]
    pub use kubernetes_core::*;
}

/// Objects and resources whose types are known at run time only: discovery, the resource mapper, and objects that keep
/// all fields.
///
/// [`Mapper`] finds a resource by any name that kubectl accepts; [`DynamicObject`] is an object of any kind.
#[cfg(feature = "dynamic")]
pub mod dynamic {
    #[doc(inline)]
    pub use kubernetes_dynamic::*;
}

/// Leader election on Leases, interoperable with client-go: one of several replicas is active.
///
/// [`Election::run`] runs a function while this process holds the Lease.
#[cfg(feature = "election")]
pub mod election {
    #[doc(inline)]
    pub use kubernetes_election::*;
}

/// Every Kubernetes type as a Rust struct, by group and version.
///
/// ```
/// # #[cfg(feature = "core-v1")] {
/// use kubernetes_sdk::models::core::v1::ConfigMap;
///
/// let settings = ConfigMap::named("settings").with_data([("mode", "fast")]);
/// assert_eq!(settings.data["mode"], "fast");
/// # }
/// ```
///
/// Optional fields are `Option`s, lists and maps are plain.
pub mod models {
    #[doc(inline)]
    pub use kubernetes_models::*;
}

/// Byte streams to and from containers: commands, shells, copies, forwarded ports, and logs of many containers.
///
/// [`Exec`] runs a command, [`Upload`] and [`Download`] copy files, [`PodLogs`] follows logs, and
/// [`port_forward`] connects to ports.
#[cfg(feature = "streams")]
pub mod streams {
    #[doc(inline)]
    pub use kubernetes_streams::*;
}

/// Helpers for common tasks: retry on conflict, conditions to wait for, and with the feature `dynamic` manifests and
/// kubectl's verbs.
///
/// [`modify`] changes an object safely; [`conditions`] says when a pod is ready or a deployment is rolled out.
pub mod utils {
    #[doc(inline)]
    pub use kubernetes_utils::*;
}

/// Watches that resume by themselves, objects kept in memory, and waits for conditions.
///
/// - [`Watch::stream`]: every change after a version that the caller has.
/// - [`Reflector`]: every change, for ever; it lists again when the server has forgotten the version.
/// - [`Informer`]: the objects of a resource in memory, with snapshots, indexes and subscriptions.
/// - [`until`]: waits for a condition on an object or a list.
/// - [`Watch::stream_lines`]: the lines of a log.
pub mod watch {
    #[doc(inline)]
    pub use kubernetes_watch::*;
}

/// Admission and conversion webhooks: handlers, a TLS server, managed certificates, and the API server's configuration.
///
/// [`Webhooks`] holds the handlers, [`WebhookServer`] serves them, [`Configuration`] makes the API server call them.
#[cfg(feature = "webhooks")]
pub mod webhooks {
    #[doc(inline)]
    pub use kubernetes_webhooks::*;
}

#[doc(inline)]
pub use kubernetes_client::{Client, Error};
#[doc(inline)]
pub use kubernetes_config::Config;
#[cfg(feature = "derive")]
#[doc(inline)]
pub use kubernetes_core::schema::{CustomResource, Schema};
#[doc(inline)]
pub use kubernetes_core::{Deleted, List, Map, Patch, Str, resource};
#[cfg(feature = "derive")]
#[doc(inline)]
pub use kubernetes_derive::{CustomResource, Schema};
