//! Controllers against an API server in memory, on a paused clock but for `threads` and `admin_tls`.

mod added_sources;
mod admin_tls;
mod backoff;
mod chaos;
mod consistency;
mod errors;
mod finalizers;
mod informer_metrics;
mod lifecycle;
mod manager;
mod namespaces;
mod owned;
mod prune;
mod recreate;
mod runs;
mod shards;
mod sources;
mod status;
mod support;
mod threads;
