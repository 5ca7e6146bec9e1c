//! The Kubernetes SDK for Rust: typed models, one function per operation, and watches that resume.
//!
//! ```no_run
//! use kubernetes_sdk::{Client, api::core::v1 as core_v1};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::from_env()?;
//! let pods = core_v1::list_namespaced_pod("shop").send(&client).await?;
//! for pod in &pods.items {
//!     println!("{}", pod.name());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Where to begin
//!
//! | To | Use |
//! |---|---|
//! | read and write objects | [`api`], a function for each operation, and [`models`], a struct for each type |
//! | follow changes, keep objects in memory, wait | [`watch`] |
//! | write a controller or an operator | `controller`, with the feature of that name, and `derive` for a custom resource |
//! | apply files, and call kubectl's verbs | [`utils`], with the feature `dynamic` |
//! | run commands, copy files, forward ports, follow logs | `streams`, with the feature of that name |
//! | serve admission and conversion webhooks | `webhooks`, with the feature of that name |
//! | work with kinds that are known at run time only | `dynamic`, with the feature of that name |
//! | turn your own type into a resource | [`resource!`], or the derives of the feature `derive` |
//!
//! # Features
//!
//! - A feature for each API group and version (`core-v1`, `apps-v1`, …). The stable ones are on by default; `all` is every
//!   one.
//! - `serde`, on by default: serde's traits for models. Requests and watches don't need them.
//! - `yaml`: [`core`] reads and writes YAML.
//! - `dynamic`, `streams`, `controller`, `election`, `webhooks`: the modules of these names. `derive`: the derives
//!   `CustomResource` and `Schema`.
//! - `aws-lc-rs`: TLS with aws-lc-rs instead of ring. `cbor`: requests and responses in CBOR. `idna`: names of servers
//!   outside ASCII.
//!
//! This crate only re-exports the others: `kubernetes_sdk::core` is the crate `kubernetes-core`, and so on. Examples that
//! name a crate, such as `kubernetes_core::ListRequest`, work with the path of the module, `kubernetes_sdk::core::ListRequest`.

#[cfg(doctest)]
mod pages;

pub mod api {
    //! Every Kubernetes operation as a function that makes a request, by group and version.
    //!
    //! ```
    //! use kubernetes_sdk::api::core::v1 as core_v1;
    //!
    //! let request = core_v1::list_namespaced_pod("shop").label_selector("app=web");
    //! assert_eq!(format!("{:?}", request.request()), "GET /api/v1/namespaces/shop/pods?labelSelector=app%3Dweb");
    //! ```
    //!
    //! Required parameters are arguments, optional ones are methods of the request, and `send(&client)` sends it.

    #[doc(inline)]
    pub use kubernetes_api::*;
}

pub mod client {
    //! The connection to an API server: transport, TLS, authentication, retries, and the errors of requests.
    //!
    //! [`Client::from_env`] connects as kubectl does; [`Client::builder`] takes other settings.

    #[doc(inline)]
    pub use kubernetes_client::*;
}

pub mod config {
    //! Where the API server is and who the user is: kubeconfig files and in-cluster configuration.
    //!
    //! [`Config::from_env`] reads what kubectl reads; [`Client::new`](crate::Client::new) takes the result.

    #[doc(inline)]
    pub use kubernetes_config::*;
}

#[cfg(feature = "controller")]
pub mod controller {
    //! Controllers and operators: a reconcile function with a work queue, finalizers, owned objects, events, metrics and
    //! leader election.
    //!
    //! [`Controller`] calls a function for each object that has changed. [`Manager`] runs controllers in production.

    #[doc(inline)]
    pub use kubernetes_controller::*;
}

pub mod core {
    //! The parts that models and requests are made of: the traits [`Object`] and [`Resource`], lists, patches, quantities,
    //! times, selectors, and reading and writing JSON.
    //!
    //! Programs need it for types of their own, and for code that is generic over types.

    #[doc(inline)]
    pub use kubernetes_core::*;
}

#[cfg(feature = "dynamic")]
pub mod dynamic {
    //! Objects and resources whose types are known at run time only: discovery, the resource mapper, and objects that keep
    //! all fields.
    //!
    //! [`Mapper`] finds a resource by any name that kubectl accepts; [`DynamicObject`] is an object of any kind.

    #[doc(inline)]
    pub use kubernetes_dynamic::*;
}

#[cfg(feature = "election")]
pub mod election {
    //! Leader election on Leases, interoperable with client-go: one of several replicas is active.
    //!
    //! [`Election::run`] runs a function while this process holds the Lease.

    #[doc(inline)]
    pub use kubernetes_election::*;
}

pub mod models {
    //! Every Kubernetes type as a Rust struct, by group and version.
    //!
    //! ```
    //! # #[cfg(feature = "core-v1")] {
    //! use kubernetes_sdk::models::core::v1::ConfigMap;
    //!
    //! let settings = ConfigMap::named("settings").with_data([("mode", "fast")]);
    //! assert_eq!(settings.data["mode"], "fast");
    //! # }
    //! ```
    //!
    //! | in the description | in Rust | to set it |
    //! |---|---|---|
    //! | required value or object | `T` | `name: "web".into()` |
    //! | optional value | `Option<T>` | `replicas: Some(3)` |
    //! | optional object | `Option<Box<T>>` | `spec: PodSpec { .. }.into()` |
    //! | list, map | `Vec<T>`, `Map<T>` | `labels: [("app", "web")].into()` |
    //!
    //! Absent and empty lists and maps are the same, as in Kubernetes. The page `docs/models.md` of the repository has more
    //! types, and the reasons.

    #[doc(inline)]
    pub use kubernetes_models::*;
}

#[cfg(feature = "streams")]
pub mod streams {
    //! Byte streams to and from containers: commands, shells, copies, forwarded ports, and logs of many containers.
    //!
    //! [`Exec`] runs a command, [`Upload`] and [`Download`] copy files, [`PodLogs`] follows logs, and
    //! [`port_forward`] connects to ports.

    #[doc(inline)]
    pub use kubernetes_streams::*;
}

pub mod utils {
    //! Helpers for common tasks: retry on conflict, conditions to wait for, and with the feature `dynamic` manifests and
    //! kubectl's verbs.
    //!
    //! [`modify`] changes an object safely; [`conditions`] says when a pod is ready or a deployment is rolled out.

    #[doc(inline)]
    pub use kubernetes_utils::*;
}

pub mod watch {
    //! Watches that resume by themselves, objects kept in memory, and waits for conditions.
    //!
    //! - [`Watch::stream`]: every change after a version that the caller has.
    //! - [`Reflector`]: every change, indefinitely; it lists again when the server has forgotten the version.
    //! - [`Informer`]: the objects of a resource in memory, with snapshots, indexes and subscriptions.
    //! - [`until`]: waits for a condition on an object or a list.
    //! - [`Watch::stream_lines`]: the lines of a log.

    #[doc(inline)]
    pub use kubernetes_watch::*;
}

#[cfg(feature = "webhooks")]
pub mod webhooks {
    //! Admission and conversion webhooks: handlers, a TLS server, managed certificates, and the API server's configuration.
    //!
    //! [`Webhooks`] holds the handlers, [`WebhookServer`] serves them, [`Configuration`] makes the API server call them.

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
