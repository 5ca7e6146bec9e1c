//! Loads kubeconfig files and in-cluster configuration.
