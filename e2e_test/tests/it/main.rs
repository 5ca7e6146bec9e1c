//! The SDK against a real Kubernetes: `KUBECONFIG=$(scripts/test-cluster up) cargo test -p kubernetes-e2e-test
//! --features cluster -- --test-threads=1`. One at a time, because some of these tests stop the API server.

mod apply;
mod authentication;
mod cbor;
mod chaos;
mod cluster;
mod compaction;
mod config_map;
mod conformance;
mod credentials;
mod custom_resources;
mod derived;
mod dynamic;
mod election;
mod errors;
mod etcd;
mod examples;
#[path = "../../../codegen/tests/long/go.rs"]
mod go;
#[path = "../../../kubernetes/testing/examples/serve/host.rs"]
mod host;
mod informer;
mod kubeconfig;
mod kubectl;
mod kubectl_streams;
mod manifests;
mod many;
mod objects;
mod operations;
mod operator_rights;
mod operators;
mod own_types;
mod pod;
mod program;
mod projects;
mod python_streams;
mod requests;
mod restart;
mod shutdown;
mod streams;
mod subresources;
mod until;
mod verbs;
mod watch;
mod webhooks;
