//! Programs that show the Kubernetes SDK at work; see `watch_pods.rs`.
