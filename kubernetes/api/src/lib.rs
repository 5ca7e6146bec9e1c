//! Every Kubernetes operation as a Rust function, a feature for each group and version.
