//! Controllers: from a reconcile function to an operator in production.

mod admin;
mod clock;
mod events;
mod histogram;
mod manager;
mod metrics;
mod queue;
mod sync;

pub use admin::{Admin, Heartbeat};
pub use events::{Event, Recorder, RecorderCounts};
pub use histogram::Histogram;
pub use manager::{Manager, ManagerError, ServiceContext, Settings, SettingsError};
pub use metrics::{ClientMetrics, Metrics, MetricsText};
pub use queue::{Add, Delivery, Queue, QueueBuilder, QueueCounts, Reasons};
