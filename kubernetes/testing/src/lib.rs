//! A Kubernetes API server in memory, for tests of programs that use the API, and of the SDK itself.
//!
//! ```
//! # use kubernetes_core::{CreateRequest, ListRequest, ObjectMeta, Path};
//! # kubernetes_core::doc_test_resource!(Pod);
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use kubernetes_testing::{Fault, TestServer};
//!
//! let server = TestServer::in_process();
//! let client = server.client();
//! server.load_yaml("{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: default}}")?;
//!
//! server.inject(Fault::status(503).resource("pods"));
//! assert!(ListRequest::<Pod>::namespaced("default").send(&client).await.is_err());
//! assert_eq!(ListRequest::<Pod>::namespaced("default").send(&client).await?.items.len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! [`TestServer::in_process`] needs no port and is deterministic under tokio's paused clock. [`TestServer::start`]
//! listens on a loopback port, for other programs such as kubectl and for tests of a transport. Both have all resources
//! of the API description, and those added by CustomResourceDefinitions.
//!
//! # Supported features
//!
//! Create, read, replace, patch (JSON, merge, strategic, apply), delete and delete-collection, with selectors, pages,
//! resourceVersions, conflicts, `generateName`, dry run, finalizers, grace periods, owners, preconditions and the
//! subresources status, scale, binding, eviction (with disruption budgets), approval, resize, ephemeral containers and
//! finalize; admission and conversion webhooks ([`TestServer::serve_webhooks`]); shards of lists and watches; watches
//! with bookmarks, streaming lists and timeouts; tables, as kubectl shows them; custom resources with defaults and a
//! schema; discovery and `/version`. Behavior and error messages are those of Kubernetes 1.37.
//!
//! # Limits
//!
//! - Users and permissions: every request is allowed. Access and token reviews are supported, and a test can script
//!   access reviews ([`TestServer::on_access_review`]), but requests are never refused.
//! - Admission by policies, quotas and default service accounts, and defaults of built-in resources: an object is
//!   stored as it was sent, and as webhooks have changed it. These are called for objects and subresources, connections
//!   included, but not for tokens and not for what controllers do; one that changes a scale, an eviction, a binding or
//!   the options of a connection is refused with 501. A test decides about their match conditions
//!   ([`TestServer::on_match_condition`]), as CEL is not evaluated.
//! - Validation beyond structure: types of fields and names are checked, but not the rules of Go code. Patterns,
//!   formats, combinations (`oneOf`) and CEL rules in the schema of a custom resource are not checked.
//! - Conversion other than by webhooks: an object is the same in all versions of its resource except for `apiVersion`,
//!   and field selectors use the stored object. The two event APIs do not share their objects.
//! - Controllers other than the garbage collector and the namespace controller, which act at once: Deployments get no
//!   pods, and the status of disruption budgets is not updated. Pods are removed after their grace period, and events
//!   after an hour, by the server's clock.
//! - Containers: a test's scripts simulate them ([`TestServer::on_exec`], [`on_attach`](TestServer::on_attach),
//!   [`on_port_forward`](TestServer::on_port_forward), [`on_log`](TestServer::on_log)). Connections are WebSockets; the
//!   older SPDY without WebSockets and `proxy` are refused.
//! - Protobuf and CBOR, and OpenAPI (`kubectl explain`). They are answered with 415, 406 or 404.

mod access;
mod clock;
mod conditions;
mod conversion;
mod definitions;
mod discovery;
mod faults;
mod fields;
#[rustfmt::skip]
mod generated;
mod labels;
mod object;
mod printing;
mod reply;
mod request;
mod resources;
mod schema;
mod selection;
mod semantics;
mod server;
mod shape;
mod state;
mod status;
mod store;
mod streams;
mod watch;
mod webhooks;

pub use access::{Access, AccessAttributes};
pub use conditions::MatchCondition;
pub use faults::{Fault, RandomFaults};
pub use server::{
    CustomResource, LoadError, RecordedRequest, ResponseBody, TestServer, TestServerBuilder, TestService,
};
pub use streams::{
    ContainerIo, ExecRequest, Exit, Input, LogRequest, Output, PortForwardRequest, PortIo, TerminalSize, TerminalSizes,
};
