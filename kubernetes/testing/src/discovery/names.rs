type Names = (&'static [&'static str], &'static [&'static str]);

/// The short names and categories of a built-in resource, which are not in the API description.
///
/// Taken from a Kubernetes 1.37 server.
pub(crate) fn names_of(group: &str, plural: &str) -> Names {
    match (group, plural) {
        ("", "componentstatuses") => (&["cs"], &[]),
        ("", "configmaps") => (&["cm"], &[]),
        ("", "endpoints") => (&["ep"], &[]),
        ("", "events") => (&["ev"], &[]),
        ("", "limitranges") => (&["limits"], &[]),
        ("", "namespaces") => (&["ns"], &[]),
        ("", "nodes") => (&["no"], &[]),
        ("", "persistentvolumeclaims") => (&["pvc"], &[]),
        ("", "persistentvolumes") => (&["pv"], &[]),
        ("", "pods") => (&["po"], &["all"]),
        ("", "replicationcontrollers") => (&["rc"], &["all"]),
        ("", "resourcequotas") => (&["quota"], &[]),
        ("", "serviceaccounts") => (&["sa"], &[]),
        ("", "services") => (&["svc"], &["all"]),
        ("admissionregistration.k8s.io" | "apiregistration.k8s.io", _) => (&[], &["api-extensions"]),
        ("apiextensions.k8s.io", "customresourcedefinitions") => (&["crd", "crds"], &["api-extensions"]),
        ("apps", "daemonsets") => (&["ds"], &["all"]),
        ("apps", "deployments") => (&["deploy"], &["all"]),
        ("apps", "replicasets") => (&["rs"], &["all"]),
        ("apps", "statefulsets") => (&["sts"], &["all"]),
        ("autoscaling", "horizontalpodautoscalers") => (&["hpa"], &["all"]),
        ("batch", "cronjobs") => (&["cj"], &["all"]),
        ("batch", "jobs") => (&[], &["all"]),
        ("certificates.k8s.io", "certificatesigningrequests") => (&["csr"], &[]),
        ("events.k8s.io", "events") => (&["ev"], &[]),
        ("networking.k8s.io", "ingresses") => (&["ing"], &[]),
        ("networking.k8s.io", "ipaddresses") => (&["ip"], &[]),
        ("networking.k8s.io", "networkpolicies") => (&["netpol"], &[]),
        ("policy", "poddisruptionbudgets") => (&["pdb"], &[]),
        ("scheduling.k8s.io", "priorityclasses") => (&["pc"], &[]),
        ("storage.k8s.io", "storageclasses") => (&["sc"], &[]),
        ("storage.k8s.io", "volumeattributesclasses") => (&["vac"], &[]),
        _ => (&[], &[]),
    }
}
