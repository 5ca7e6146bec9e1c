use kubernetes_client::Client;
use kubernetes_core::selector::LabelSelector;
use kubernetes_core::{IntOrString, ObjectKey, ReadRequest};
use kubernetes_models::core::v1::{Pod, Service};
use kubernetes_streams::Error;
use kubernetes_streams::port_forward::{Target, TargetFuture, TargetPod};

use super::choice::{choose, container_ports, number, target};

/// A pod of a service, by the ports of the service.
///
/// A port of the service, by number or name, leads to its `targetPort`, which may be the name of a container's port. A
/// headless service has the ports of its pods. UDP ports are refused. These are kubectl's rules
/// (<https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/kubectl/pkg/util/service_port.go>).
#[derive(Clone, Debug)]
pub struct ServiceTarget(ObjectKey);

impl ServiceTarget {
    /// Targets a pod of the service `name`, which must have a selector.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self(ObjectKey::new(namespace, name))
    }
}

impl Target for ServiceTarget {
    fn resolve<'a>(&'a self, client: &'a Client, current: Option<&'a TargetPod>) -> TargetFuture<'a> {
        Box::pin(async move {
            let Self(key) = self;
            let namespace = key.namespace().unwrap_or(client.default_namespace());
            let service = ReadRequest::<Service>::namespaced(namespace, key.name()).send(client).await?;
            let owner = format!("the service {key}");
            let selector = service.spec.as_deref().map(|spec| &spec.selector).filter(|labels| !labels.is_empty());
            let selector = selector.ok_or_else(|| Error::invalid(format!("{owner} has no selector")))?;
            let selector =
                LabelSelector::from_labels(selector).map_err(|error| Error::invalid(format!("{owner}: {error}")))?;
            let pod = choose(client, namespace, selector.to_string(), &owner, current).await?;
            Ok(with_ports(target(namespace, &pod), &service, &pod))
        })
    }
}

/// Adds those ports of a service that the pod has.
fn with_ports(mut target: TargetPod, service: &Service, pod: &Pod) -> TargetPod {
    let Some(spec) = &service.spec else { return target.without_other_ports() };
    let is_headless = spec.cluster_ip.as_deref() == Some("None");
    for port in &spec.ports {
        let of_service = number(port.port);
        if port.protocol.as_ref().is_some_and(|protocol| protocol != "TCP") {
            target = target.with_unsupported_port(of_service);
            continue;
        }
        let of_pod = match &port.target_port {
            _ if is_headless => Some(of_service),
            None | Some(IntOrString::Int(0)) => Some(of_service),
            Some(IntOrString::Int(number)) => u16::try_from(*number).ok(),
            Some(IntOrString::String(name)) => {
                let mut ports = container_ports(pod);
                ports.find(|port| port.name.as_deref() == Some(name)).map(|port| number(port.container_port))
            }
        };
        let Some(of_pod) = of_pod else { continue };
        target = target.with_port(of_service, of_pod);
        if let Some(name) = port.name.as_deref().filter(|name| !name.is_empty()) {
            target = target.with_port(name, of_pod);
        }
    }
    if is_headless { target } else { target.without_other_ports() }
}

#[cfg(test)]
mod tests {
    use kubernetes_core::json;
    use kubernetes_streams::port_forward::Port;

    use super::*;

    /// The port of the pod that a port of the service leads to; `None` for an error.
    fn port(service: &str, containers: &str, port: &str) -> Option<u16> {
        let service: Service = json::from_str(&format!(r#"{{"spec": {{{service}}}}}"#)).unwrap();
        let pod: Pod =
            json::from_str(&format!(r#"{{"spec": {{"containers": [{{"ports": [{containers}]}}]}}}}"#)).unwrap();
        let target = with_ports(TargetPod::new(ObjectKey::default()), &service, &pod);
        target.port(&Port::from(port)).ok()
    }

    const HTTP: &str = r#"{"name": "http", "containerPort": 8080}"#;
    const BOTH: &str = r#"{"name": "http", "containerPort": 8080}, {"name": "https", "containerPort": 8443}"#;

    /// The cases of kubectl's `TestTranslateServicePortToTargetPort`.
    #[test]
    fn ports_of_services_lead_where_kubectl_has_them_lead() {
        let number = r#""ports": [{"port": 80, "targetPort": 8080}]"#;
        let headless = r#""clusterIP": "None", "ports": [{"port": 80, "targetPort": 8080}]"#;
        let named_target = r#""ports": [{"port": 80, "targetPort": "http"}, {"port": 443, "targetPort": "https"}]"#;
        let named_port = r#""ports": [{"port": 80, "name": "http", "targetPort": 8080},
                                      {"port": 443, "name": "https", "targetPort": 8443}]"#;
        let both_named = r#""ports": [{"port": 80, "name": "http", "targetPort": "http"}]"#;
        let http_only = r#""ports": [{"port": 80, "targetPort": "http"}]"#;
        let https_container = r#"{"name": "https", "containerPort": 443}"#;
        for (service, containers, asked, expected) in [
            (number, HTTP, "80", Some(8080)),
            (r#""ports": [{"port": 8080, "targetPort": 8080}]"#, HTTP, "8080", Some(8080)),
            (headless, HTTP, "80", Some(80)),
            (named_target, BOTH, "80", Some(8080)),
            (named_target, BOTH, "443", Some(8443)),
            (named_port, "", "http", Some(8080)),
            (named_port, "", "https", Some(8443)),
            (both_named, r#"{"name": "http", "containerPort": 80}"#, "http", Some(80)),
            (r#""ports": [{"port": 80}]"#, r#"{"name": "http", "containerPort": 80}"#, "80", Some(80)),
            (http_only, https_container, "80", None),
            (http_only, HTTP, "https", None),
            (http_only, https_container, "443", None),
            // Not in kubectl: a headless service has all ports of its pods.
            (headless, HTTP, "9999", Some(9999)),
        ] {
            assert_eq!(port(service, containers, asked), expected, "{service} {containers} {asked}");
        }
    }

    /// The cases of kubectl's `TestCheckUDPPort` for services.
    #[test]
    fn ports_of_udp_are_refused_unless_tcp_has_them_too() {
        let udp = r#""ports": [{"port": 53, "protocol": "UDP"}]"#;
        let tcp = r#""ports": [{"port": 53, "protocol": "TCP"}]"#;
        let both = r#""ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP", "targetPort": 5353}]"#;
        assert_eq!(port(udp, "", "53"), None);
        assert_eq!(port(tcp, "", "53"), Some(53));
        assert_eq!(port(both, "", "53"), Some(5353));
        assert_eq!(port(&format!(r#""clusterIP": "None", {udp}"#), "", "53"), None);
    }
}
