use std::fmt;

use kubernetes_client::Client;
use kubernetes_core::json::{DecodeError, Reader, Value};
use kubernetes_core::meta::v1::LabelSelector as SelectorField;
use kubernetes_core::selector::LabelSelector;
use kubernetes_core::{ObjectKey, Path, ReadRequest};
use kubernetes_streams::Error;
use kubernetes_streams::port_forward::{Target, TargetFuture, TargetPod};

use super::choice::{choose, container_ports, number, target};

/// A pod of a workload, whose ports are given by number or by the name of a container's port.
#[derive(Clone)]
pub struct WorkloadTarget {
    kind: &'static str,
    resource: &'static str,
    key: ObjectKey,
}

impl WorkloadTarget {
    /// A pod of a Deployment.
    pub fn deployment(namespace: &str, name: &str) -> Self {
        Self::new("deployment", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}", namespace, name)
    }

    /// A pod of a StatefulSet.
    pub fn stateful_set(namespace: &str, name: &str) -> Self {
        Self::new("statefulset", "/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}", namespace, name)
    }

    /// A pod of a DaemonSet.
    pub fn daemon_set(namespace: &str, name: &str) -> Self {
        Self::new("daemonset", "/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}", namespace, name)
    }

    /// A pod of a ReplicaSet.
    pub fn replica_set(namespace: &str, name: &str) -> Self {
        Self::new("replicaset", "/apis/apps/v1/namespaces/{namespace}/replicasets/{name}", namespace, name)
    }

    /// A pod of a Job.
    pub fn job(namespace: &str, name: &str) -> Self {
        Self::new("job", "/apis/batch/v1/namespaces/{namespace}/jobs/{name}", namespace, name)
    }

    fn new(kind: &'static str, resource: &'static str, namespace: &str, name: &str) -> Self {
        Self { kind, resource, key: ObjectKey::new(namespace, name) }
    }
}

impl Target for WorkloadTarget {
    fn resolve<'a>(&'a self, client: &'a Client, current: Option<&'a TargetPod>) -> TargetFuture<'a> {
        Box::pin(async move {
            let Self { kind, resource, key } = self;
            let namespace = key.namespace().unwrap_or(client.default_namespace());
            let workload =
                ReadRequest::<Workload>::at(Path::new(resource, &[namespace, key.name()])).send(client).await?;
            let owner = format!("the {kind} {key}");
            let selector = LabelSelector::try_from(&workload.spec.selector);
            let selector = selector.map_err(|error| Error::invalid(format!("{owner}: {error}")))?.to_string();
            if selector.is_empty() {
                return Err(Error::invalid(format!("{owner} has no selector")));
            }
            let pod = choose(client, namespace, selector, &owner, current).await?;
            let is_udp = |protocol: Option<&str>| protocol.is_some_and(|protocol| protocol != "TCP");
            Ok(container_ports(&pod).fold(target(namespace, &pod), |target, port| {
                let of_pod = number(port.container_port);
                if is_udp(port.protocol.as_ref().map(|protocol| protocol.as_str())) {
                    return target.with_unsupported_port(of_pod);
                }
                let target = target.with_port(of_pod, of_pod);
                match port.name.as_deref() {
                    Some(name) => target.with_port(name, of_pod),
                    None => target,
                }
            }))
        })
    }
}

impl fmt::Debug for WorkloadTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WorkloadTarget({} {})", self.kind, self.key)
    }
}

/// The part of a workload that selects its pods, which is the same for all kinds.
#[derive(Default)]
struct Workload {
    spec: WorkloadSpec,
}

#[derive(Default)]
struct WorkloadSpec {
    selector: SelectorField,
}

impl Value for Workload {
    const FIELDS: &'static [&'static str] = &["spec"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.spec])
    }
}

impl Value for WorkloadSpec {
    const FIELDS: &'static [&'static str] = &["selector"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.selector])
    }
}
