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
//! # Getting started
//!
//! | To | Use |
//! |---|---|
//! | read and write objects | [`api`], a function for each operation, and [`models`], a struct for each type |
//! | follow changes, keep objects in memory, wait | [`watch`] |
//! | write a controller or an operator | `controller`, with the feature `controller`, and `derive` for custom resources |
//! | apply files, and call kubectl's verbs | `utils`, with the feature `dynamic` |
//! | run commands, copy files, forward ports, follow logs | `streams`, with the feature `streams` |
//! | serve webhooks for admission, conversion, authentication and authorization | `webhooks`, with the feature `webhooks` |
//! | work with kinds that are known only at run time | `dynamic`, with the feature `dynamic` |
//! | turn your own type into a resource | [`resource!`], or the derives of the feature `derive` |
//!
//! # Features
//!
//! - A feature for each API group and version (`core-v1`, `apps-v1`, …). The stable ones are on by default; `all`
//!   enables all.
//! - `serde`, on by default: serde's traits for models. Requests and watches don't need them.
//! - `utils`, on by default: the module with this name.
//! - `yaml`: [`core`] reads and writes YAML.
//! - `dynamic`, `streams`, `controller`, `election`, `webhooks`: the modules with these names. `derive`: the derive
//!   macros `CustomResource` and `Schema`.
//! - `aws-lc-rs`: TLS with aws-lc-rs instead of ring. `cbor`: requests and responses in CBOR. `idna`: non-ASCII server
//!   names.
//!
//! This crate only re-exports the others: `kubernetes_sdk::core` is the crate `kubernetes-core`, and so on.
//! Examples that name a crate, such as `kubernetes_core::ListRequest`, compile with the path of the module, or if the
//! module is given the name of the crate:
//!
//! ```
//! use kubernetes_sdk::core as kubernetes_core;
//!
//! use kubernetes_core::ListRequest; // the same as `kubernetes_sdk::core::ListRequest`
//! # let _ = ListRequest::<kubernetes_sdk::models::core::v1::Pod>::all_namespaces();
//! ```

#[cfg(doctest)]
mod pages;

pub mod api {
    //! Every Kubernetes operation as a function that creates a request, by group and version.
    //!
    //! ```
    //! use kubernetes_sdk::api::core::v1 as core_v1;
    //!
    //! let request = core_v1::list_namespaced_pod("shop").label_selector("app=web");
    //! assert_eq!(format!("{:?}", request.request()), "GET /api/v1/namespaces/shop/pods?labelSelector=app%3Dweb");
    //! ```
    //!
    //! Required parameters are arguments, optional ones are methods of the request, and `send(&client)` sends it.
    //!
    //! Examples call this module by the name of its crate, `kubernetes_api`:
    //! `use kubernetes_sdk::api as kubernetes_api;` makes them compile.

    #[doc(inline)]
    pub use kubernetes_api::*;
}

pub mod client {
    //! The connection to an API server: transport, TLS, authentication, retries, and the errors of requests.
    //!
    //! [`Client::from_env`] uses kubectl's configuration; [`Client::builder`] has all settings.
    //!
    //! ```no_run
    //! use std::time::Duration;
    //!
    //! use kubernetes_sdk::{Client, Config};
    //!
    //! let client = Client::builder(Config::from_env()?).request_timeout(Duration::from_secs(20)).build()?;
    //! # Ok::<(), Box<dyn std::error::Error>>(())
    //! ```
    //!
    //! Examples call this module by the name of its crate, `kubernetes_client`:
    //! `use kubernetes_sdk::client as kubernetes_client;` makes them compile.

    #[doc(inline)]
    pub use kubernetes_client::*;
}

pub mod config {
    //! Configuration of the API server and the user: kubeconfig files and in-cluster configuration.
    //!
    //! [`Config::from_env`] reads what kubectl reads; [`Client::new`](crate::Client::new) takes the result.
    //!
    //! ```no_run
    //! use kubernetes_sdk::Client;
    //! use kubernetes_sdk::config::{Config, Kubeconfig};
    //!
    //! let kubeconfig = Kubeconfig::from_env()?;
    //! for context in kubeconfig.contexts() {
    //!     let client = Client::new(Config::from_kubeconfig(&kubeconfig, Some(context))?)?;
    //! }
    //! # Ok::<(), Box<dyn std::error::Error>>(())
    //! ```
    //!
    //! Examples call this module by the name of its crate, `kubernetes_config`:
    //! `use kubernetes_sdk::config as kubernetes_config;` makes them compile.

    #[doc(inline)]
    pub use kubernetes_config::*;
}

#[cfg(feature = "controller")]
pub mod controller {
    //! Controllers and operators: a reconcile function with a work queue, finalizers, owned objects, events, metrics
    //! and leader election.
    //!
    //! [`Controller`] calls a function for each object that has changed. [`Manager`] runs controllers in production.
    //!
    //! ```no_run
    //! # #[cfg(feature = "core-v1")] {
    //! use kubernetes_sdk::Client;
    //! use kubernetes_sdk::controller::{Action, Controller};
    //! use kubernetes_sdk::core::ListRequest;
    //! use kubernetes_sdk::models::core::v1::ConfigMap;
    //!
    //! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    //! let controller = Controller::new(&Client::from_env()?, ListRequest::<ConfigMap>::all_namespaces());
    //! controller
    //!     .run(async |map, _context| {
    //!         println!("{} has {} keys", map.name(), map.data.len());
    //!         Ok::<_, kubernetes_sdk::Error>(Action::await_change())
    //!     })
    //!     .await?;
    //! # Ok(())
    //! # }
    //! # }
    //! ```
    //!
    //! Examples call this module by the name of its crate, `kubernetes_controller`:
    //! `use kubernetes_sdk::controller as kubernetes_controller;` makes them compile.

    #[doc(inline)]
    pub use kubernetes_controller::*;
}

pub mod core {
    //! The building blocks of models and requests: the traits [`Object`] and [`Resource`], lists, patches, quantities,
    //! times, selectors, and a JSON reader and writer.
    //!
    //! Programs use it for types of their own, and for code that is generic over types.
    //!
    //! ```
    //! use kubernetes_sdk::core::{NamespacedResource, Quantity, ReadRequest};
    //!
    //! fn read<K: NamespacedResource>(name: &str) -> ReadRequest<K> {
    //!     ReadRequest::namespaced("shop", name)
    //! }
    //! assert_eq!("1500m".parse::<Quantity>()?.to_milli(), Some(1500));
    //! # Ok::<(), Box<dyn std::error::Error>>(())
    //! ```
    //!
    //! Examples call this module by the name of its crate, `kubernetes_core`:
    //! `use kubernetes_sdk::core as kubernetes_core;` makes them compile.

    #[doc(inline)]
    pub use kubernetes_core::*;
}

#[cfg(feature = "dynamic")]
pub mod dynamic {
    //! Objects and resources whose types are known only at run time: discovery, the resource mapper, and objects that
    //! keep all fields.
    //!
    //! [`Mapper`] finds a resource by any name that kubectl accepts; [`DynamicObject`] is an object of any kind.
    //!
    //! ```no_run
    //! use kubernetes_sdk::Client;
    //! use kubernetes_sdk::dynamic::Mapper;
    //!
    //! # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    //! let deployments = Mapper::new(&client).resource("deploy").await?;
    //! for object in deployments.all_namespaces().list().send(&client).await? {
    //!     println!("{} has {:?} replicas", object.name(), object.get::<i64>("/spec/replicas")?);
    //! }
    //! # Ok(())
    //! # }
    //! ```
    //!
    //! Examples call this module by the name of its crate, `kubernetes_dynamic`:
    //! `use kubernetes_sdk::dynamic as kubernetes_dynamic;` makes them compile.

    #[doc(inline)]
    pub use kubernetes_dynamic::*;
}

#[cfg(feature = "election")]
pub mod election {
    //! Leader election with Leases, interoperable with client-go, so that one of several replicas is active.
    //!
    //! [`Election::run`] runs a function while this process holds the Lease.
    //!
    //! ```no_run
    //! use kubernetes_sdk::Client;
    //! use kubernetes_sdk::election::{Election, LeaseConfig};
    //!
    //! # async fn work(client: Client) {}
    //! # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    //! let mut election = Election::new(&client, LeaseConfig::new("shop", "operator"))?;
    //! election.run(|leadership| async move { work(leadership.client()).await }).await?;
    //! # Ok(())
    //! # }
    //! ```
    //!
    //! Examples call this module by the name of its crate, `kubernetes_election`:
    //! `use kubernetes_sdk::election as kubernetes_election;` makes them compile.

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
    //! | API description | Rust type | how to set it |
    //! |---|---|---|
    //! | required value or object | `T` | `name: "web".into()` |
    //! | optional value | `Option<T>` | `replicas: Some(3)` |
    //! | optional object | `Option<Box<T>>` | `spec: PodSpec { .. }.into()` |
    //! | list, map | `Vec<T>`, `Map<T>` | `labels: [("app", "web")].into()` |
    //!
    //! As in Kubernetes, absent lists and maps are the same as empty ones. The repository's page `docs/models.md` has
    //! more types, and the reasons.
    //!
    //! Examples call this module by the name of its crate, `kubernetes_models`:
    //! `use kubernetes_sdk::models as kubernetes_models;` makes them compile.

    #[doc(inline)]
    pub use kubernetes_models::*;
}

#[cfg(feature = "streams")]
pub mod streams {
    //! Byte streams to and from containers: commands, shells, copies, forwarded ports, and logs of many containers.
    //!
    //! [`Exec`] runs a command, [`Upload`] and [`Download`] copy files, [`PodLogs`] follows logs, and
    //! [`port_forward`] connects to ports.
    //!
    //! ```no_run
    //! use kubernetes_sdk::Client;
    //! use kubernetes_sdk::streams::Exec;
    //!
    //! # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    //! let output = Exec::new("shop", "web", ["date"]).output(&client).await?;
    //! println!("{}", String::from_utf8_lossy(&output.stdout));
    //! # Ok(())
    //! # }
    //! ```
    //!
    //! Examples call this module by the name of its crate, `kubernetes_streams`:
    //! `use kubernetes_sdk::streams as kubernetes_streams;` makes them compile.

    #[doc(inline)]
    pub use kubernetes_streams::*;
}

#[cfg(feature = "utils")]
pub mod utils {
    //! Helpers for common tasks: retries on conflict, conditions to wait for, and, with the feature `dynamic`,
    //! manifests and kubectl's verbs.
    //!
    //! [`modify`] changes an object safely; [`conditions`] has conditions such as a ready pod or a rolled out deployment.
    //!
    //! ```no_run
    //! # #[cfg(feature = "core-v1")] {
    //! use kubernetes_sdk::Client;
    //! use kubernetes_sdk::api::core::v1 as core_v1;
    //! use kubernetes_sdk::utils::modify;
    //!
    //! # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    //! let request = core_v1::read_namespaced_pod("shop", "web");
    //! modify(&client, request, |pod| drop(pod.metadata.labels.insert("tier", "front"))).await?;
    //! # Ok(())
    //! # }
    //! # }
    //! ```
    //!
    //! Examples call this module by the name of its crate, `kubernetes_utils`:
    //! `use kubernetes_sdk::utils as kubernetes_utils;` makes them compile.

    #[doc(inline)]
    pub use kubernetes_utils::*;
}

pub mod watch {
    //! Watches that resume automatically, objects kept in memory, and waits for conditions.
    //!
    //! - [`Watch::stream`]: every change after a known version.
    //! - [`Reflector`]: every change, indefinitely; it lists again if the server has forgotten the version.
    //! - [`Informer`]: the objects of a resource in memory, with snapshots, indexes and subscriptions.
    //! - [`until`]: waits for a condition on an object or a list.
    //! - [`Watch::stream_lines`]: the lines of a log.
    //!
    //! ```no_run
    //! # #[cfg(feature = "core-v1")] {
    //! use kubernetes_sdk::Client;
    //! use kubernetes_sdk::api::core::v1 as core_v1;
    //! use kubernetes_sdk::watch::Informer;
    //!
    //! # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    //! let pods = Informer::start(&client, core_v1::list_pod_for_all_namespaces());
    //! pods.wait_until_ready().await?;
    //! println!("there are {} pods", pods.store().len());
    //! # Ok(())
    //! # }
    //! # }
    //! ```
    //!
    //! Examples call this module by the name of its crate, `kubernetes_watch`:
    //! `use kubernetes_sdk::watch as kubernetes_watch;` makes them compile.

    #[doc(inline)]
    pub use kubernetes_watch::*;
}

#[cfg(feature = "webhooks")]
pub mod webhooks {
    //! Webhooks for admission, conversion, authentication and authorization: handlers, a TLS server, managed
    //! certificates, and the API server's configuration.
    //!
    //! [`Webhooks`] holds the handlers, [`WebhookServer`] serves them, [`Configuration`] makes the API server call them.
    //!
    //! ```
    //! # #[cfg(feature = "core-v1")] {
    //! use kubernetes_sdk::models::core::v1::Pod;
    //! use kubernetes_sdk::webhooks::{AdmissionRequest, Webhooks};
    //!
    //! let webhooks = Webhooks::new().validate(|request: AdmissionRequest<Pod>| async move {
    //!     match request.object {
    //!         Some(pod) if pod.metadata.labels.contains_key("team") => Ok(()),
    //!         _ => Err("the label team is missing"),
    //!     }
    //! });
    //! # }
    //! ```
    //!
    //! Examples call this module by the name of its crate, `kubernetes_webhooks`:
    //! `use kubernetes_sdk::webhooks as kubernetes_webhooks;` makes them compile.

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
