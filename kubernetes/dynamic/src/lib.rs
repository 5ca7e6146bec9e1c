//! Kubernetes objects and resources whose types are known only at run time.
//!
//! - [`DynamicObject`] is an object of any kind. It keeps all fields that the server sent, and works with all requests,
//!   watches and stores.
//! - [`Discovery`] lists the groups and versions of a server, and the [`ApiResource`]s of each, which create requests.
//! - [`Mapper`] finds a resource by any name that people or objects use, even if the server's resources change. A
//!   [`DiskCache`] shares discovery documents with kubectl.
//! - [`KindInformer`] keeps the objects of a kind in memory, whenever the server has the kind.
//!
//! ```no_run
//! # async fn example(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use kubernetes_dynamic::Mapper;
//!
//! let deployments = Mapper::new(client).resource("deploy").await?;
//! let mut web = deployments.in_namespace("shop").read("web").send(client).await?;
//! web.set("/spec/replicas", &3)?;
//! deployments.in_namespace("shop").replace(&web).send(client).await?;
//! # Ok(())
//! # }
//! ```

mod cache;
mod clock;
mod discovery;
mod informer;
mod mapper;
mod object;
mod resource;

pub use cache::DiskCache;
pub use discovery::{ApiGroup, ApiVersion, Discovery, DiscoveryFailure};
pub use informer::{KindInformer, KindInformerBuilder};
pub use mapper::{MapError, Mapper, MapperBuilder, MapperWatch, WaitForKind};
pub use object::{DynamicObject, InvalidChange};
pub use resource::{ApiResource, ApiSubresource, ScopedResource};
