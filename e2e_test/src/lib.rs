//! Tests of the Kubernetes SDK against a real cluster.
