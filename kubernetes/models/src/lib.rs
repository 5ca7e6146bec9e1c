//! Every Kubernetes type as a Rust struct, a feature for each group and version.
