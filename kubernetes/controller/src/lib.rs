//! Controllers and operators: from a reconcile function to a program in production.
//!
//! - [`Controller`] calls a function for each object that has changed, with a [`Context`].
//! - [`Queue`] is its work queue, which can also be used separately.
//! - [`Manager`] runs controllers and other services, with leader election, events and admin endpoints.

mod admin;
mod applied;
mod clock;
mod consistency;
mod controller;
mod create_or_update;
mod events;
mod informers;
mod manager;
mod metrics;
mod names;
mod owned;
mod panic;
mod queue;
mod status;

pub use admin::{Admin, Heartbeat};
pub use controller::{
    Action, Cleanup, Context, Controller, ControllerCounts, ControllerError, Monitor, Predicate, Reason, Runner,
    Source, Sources, Terminal, Trigger,
};
pub use create_or_update::create_or_update;
pub use events::{Event, Recorder, RecorderCounts};
pub use informers::Informers;
pub use kubernetes_serving::{Certificates, CertificatesError, Histogram, MetricsText, Tls};
pub use manager::{Manager, ManagerError, ServiceContext, Settings, SettingsError};
pub use metrics::{ClientMetrics, Metrics};
pub use names::bounded_name;
pub use owned::{Change, OwnedChange, OwnedError, OwnedSet};
pub use queue::{Add, Delivery, Queue, QueueBuilder, QueueCounts, Reasons};
pub use status::StatusUpdate;
