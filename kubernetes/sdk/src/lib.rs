//! The Kubernetes SDK for Rust: typed models, one function per operation, watches that resume.
