//! Sends Kubernetes requests: transport, TLS, authentication, errors.
