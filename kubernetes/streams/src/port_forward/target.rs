use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use kubernetes_client::Client;
use kubernetes_core::{ObjectKey, ReadRequest, Str};

use super::port::Port;
use crate::error::{Error, ForwardError};
use crate::pod::Pod;

/// The target of a [`PortForwarder`](super::PortForwarder): a pod, or a way to find one.
///
/// It is resolved before the first connection, after the tunnel to a pod was lost, after a connection has failed, and
/// at most every five seconds while connections are opened.
///
/// ```
/// use kubernetes_client::Client;
/// use kubernetes_core::{ListRequest, ObjectKey, Path};
/// use kubernetes_streams::Error;
/// use kubernetes_streams::port_forward::{Target, TargetFuture, TargetPod};
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// /// Any pod with a label.
/// struct Labelled(&'static str);
///
/// impl Target for Labelled {
///     fn resolve<'a>(&'a self, client: &'a Client, current: Option<&'a TargetPod>) -> TargetFuture<'a> {
///         Box::pin(async move {
///             let pods = ListRequest::<Pod>::namespaced("shop").label_selector(self.0).send(client).await?;
///             let is_current = |pod: &&Pod| current.is_some_and(|current| current.uid() == Some(pod.uid()));
///             let pod = pods.items.iter().find(is_current).or(pods.items.first());
///             let pod = pod.ok_or_else(|| Error::unavailable("no pod has the label"))?;
///             Ok(TargetPod::new(ObjectKey::new("shop", pod.name())).with_uid(pod.uid()))
///         })
///     }
/// }
/// ```
pub trait Target: Send + Sync + 'static {
    /// Finds the pod for new connections.
    ///
    /// `current` is the pod of the tunnel, if there is one; a target returns it for as long as it is suitable, so that
    /// the tunnel stays.
    ///
    /// # Errors
    /// Returns [`Error::unavailable`] if there is currently no suitable pod, so that new connections wait for one. They
    /// also wait after retryable errors of requests. With any other error, new connections fail.
    fn resolve<'a>(&'a self, client: &'a Client, current: Option<&'a TargetPod>) -> TargetFuture<'a>;
}

/// The future of [`Target::resolve`].
pub type TargetFuture<'a> = Pin<Box<dyn Future<Output = Result<TargetPod, Error>> + Send + 'a>>;

/// The pod that a [`Target`] has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetPod {
    pod: ObjectKey,
    uid: Option<Str>,
    ports: BTreeMap<Port, u16>,
    unsupported_ports: BTreeSet<u16>,
    has_all_ports: bool,
}

impl TargetPod {
    /// A pod, of which any port can be connected to by its number.
    pub fn new(pod: ObjectKey) -> Self {
        Self { pod, uid: None, ports: BTreeMap::new(), unsupported_ports: BTreeSet::new(), has_all_ports: true }
    }

    /// The uid of the pod, which distinguishes it from others of its name.
    pub fn with_uid(mut self, uid: impl Into<Str>) -> Self {
        self.uid = Some(uid.into());
        self
    }

    /// Adds a port of the target that maps to one of the pod: by name or by number, like the port of a service.
    pub fn with_port(mut self, port: impl Into<Port>, of_pod: u16) -> Self {
        self.ports.insert(port.into(), of_pod);
        self
    }

    /// Adds a port that can't be forwarded, because it uses UDP or SCTP.
    pub fn with_unsupported_port(mut self, port: u16) -> Self {
        self.unsupported_ports.insert(port);
        self
    }

    /// Refuses ports that were not added.
    pub fn without_other_ports(mut self) -> Self {
        self.has_all_ports = false;
        self
    }

    /// The pod.
    pub fn pod(&self) -> &ObjectKey {
        &self.pod
    }

    /// The uid of the pod, if it is known.
    pub fn uid(&self) -> Option<&str> {
        self.uid.as_deref()
    }

    /// The port of the pod that a port of the target stands for.
    ///
    /// # Errors
    /// [`Error::is_invalid`] if it stands for none, or is one of UDP or SCTP.
    pub fn port(&self, port: &Port) -> Result<u16, Error> {
        match (self.ports.get(port), port) {
            (Some(of_pod), _) => Ok(*of_pod),
            (None, Port::Number(number)) if self.unsupported_ports.contains(number) => {
                Err(Error::invalid(format!("the port {number} uses UDP or SCTP, which can't be forwarded")))
            }
            (None, Port::Number(number)) if self.has_all_ports => Ok(*number),
            (None, _) => {
                let known: Vec<String> = self.ports.keys().map(Port::to_string).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                Err(Error::invalid(format!("the target has no port {port}; its ports are: {known}")))
            }
        }
    }

    /// Whether a tunnel to the one leads to the other.
    pub(super) fn is_same_pod(&self, other: &Self) -> bool {
        let is_known_other = self.uid.is_some() && other.uid.is_some() && self.uid != other.uid;
        self.pod == other.pod && !is_known_other
    }
}

/// The pod with a name and its successors with the same name, as created by a StatefulSet.
#[derive(Clone, PartialEq, Eq)]
pub struct PodTarget(ObjectKey);

impl PodTarget {
    /// The pod `name`.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self(ObjectKey::new(namespace, name))
    }
}

impl Target for PodTarget {
    /// Takes the pod once it runs; to read it is allowed to most users who may forward ports, but not to all.
    fn resolve<'a>(&'a self, client: &'a Client, _: Option<&'a TargetPod>) -> TargetFuture<'a> {
        Box::pin(async move {
            let Self(key) = self;
            let target = TargetPod::new(key.clone());
            let namespace = key.namespace().unwrap_or(client.default_namespace());
            let pod = match ReadRequest::<Pod>::namespaced(namespace, key.name()).send(client).await {
                Ok(pod) => pod,
                Err(error) if error.is_forbidden() => return Ok(target),
                Err(error) => return Err(error.into()),
            };
            if pod.has_finished() && !pod.is_terminating() {
                let message = format!("the pod {key} has finished: its phase is {}", pod.status.phase);
                return Err(ForwardError::Finished(message).into());
            }
            if pod.is_terminating() || pod.status.phase != "Running" {
                let state = if pod.is_terminating() { "being deleted" } else { &*pod.status.phase };
                return Err(Error::unavailable(format!("the pod {key} is not running: it is {state}")));
            }
            let ports = || pod.spec.containers.iter().flat_map(|container| &container.ports);
            let mut target = target.with_uid(pod.uid());
            for port in ports().filter(|port| port.is_tcp()) {
                target = target.with_port(port.number(), port.number());
                if !port.name.is_empty() {
                    target = target.with_port(&*port.name, port.number());
                }
            }
            Ok(ports()
                .filter(|port| !port.is_tcp())
                .fold(target, |target, port| target.with_unsupported_port(port.number())))
        })
    }
}

impl fmt::Debug for PodTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PodTarget({})", self.0)
    }
}
