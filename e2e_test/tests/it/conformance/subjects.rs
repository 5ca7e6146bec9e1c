use serde_json::{Value, json};

/// A resource that the script is run for.
pub(crate) struct Subject {
    pub(crate) group: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) plural: &'static str,
    /// The fields of an object other than its metadata.
    pub(crate) content: Value,
    /// A merge patch that changes the content.
    pub(crate) change: Value,
    /// Whether its tables have the columns of the real server.
    pub(crate) has_columns: bool,
}

fn subject(group: &'static str, kind: &'static str, plural: &'static str, content: Value, change: Value) -> Subject {
    Subject { group, kind, plural, content, change, has_columns: true }
}

/// All of them.
pub(crate) fn subjects() -> Vec<Subject> {
    let role = |verb: &str| json!({"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": [verb]}]});
    let slice = json!({
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.1.2.3"], "conditions": {"ready": true}}],
        "ports": [{"name": "http", "protocol": "TCP", "port": 80}],
    });
    vec![
        subject("", "ConfigMap", "configmaps", json!({"data": {"a": "1", "b": "2"}}), json!({"data": {"a": "3"}})),
        subject(
            "",
            "ServiceAccount",
            "serviceaccounts",
            json!({"secrets": [{"name": "a"}]}),
            json!({"secrets": [{"name": "b"}]}),
        ),
        // Before there are limits for pods.
        subject("", "Pod", "pods", json!({"spec": pod()}), json!({"spec": {"activeDeadlineSeconds": 5}})),
        subject(
            "",
            "LimitRange",
            "limitranges",
            json!({"spec": {"limits": [{"type": "Pod", "max": {"cpu": "2"}}]}}),
            json!({"spec": {"limits": [{"type": "Pod", "max": {"cpu": "3"}}]}}),
        )
        .without_columns(),
        subject(
            "coordination.k8s.io",
            "Lease",
            "leases",
            json!({"spec": {"holderIdentity": "a"}}),
            json!({"spec": {"holderIdentity": "b"}}),
        ),
        subject("rbac.authorization.k8s.io", "Role", "roles", role("get"), role("list")).without_columns(),
        subject(
            "networking.k8s.io",
            "NetworkPolicy",
            "networkpolicies",
            json!({"spec": {"podSelector": {"matchLabels": {"a": "b"}}, "policyTypes": ["Ingress"]}}),
            json!({"spec": {"policyTypes": ["Egress"]}}),
        )
        .without_columns(),
        subject(
            "discovery.k8s.io",
            "EndpointSlice",
            "endpointslices",
            slice,
            json!({"metadata": {"labels": {"a": "b"}}}),
        )
        .without_columns(),
        subject(
            "",
            "Secret",
            "secrets",
            json!({"type": "Opaque", "data": {"a": "eA=="}}),
            json!({"data": {"a": "eQ=="}}),
        ),
        subject("apps", "Deployment", "deployments", json!({"spec": deployment()}), json!({"spec": {"replicas": 3}})),
        subject("example.com", "Widget", "widgets", json!({"spec": {"count": 2}}), json!({"spec": {"count": 3}})),
    ]
}

impl Subject {
    /// Where the resource is.
    pub(crate) fn root(&self) -> String {
        match self.group {
            "" => "/api/v1".to_owned(),
            group => format!("/apis/{group}/v1"),
        }
    }

    fn without_columns(mut self) -> Self {
        self.has_columns = false;
        self
    }
}

/// A pod that nobody schedules, with everything that the real server would fill in.
fn pod() -> Value {
    let toleration = |key: &str| json!({"key": format!("node.kubernetes.io/{key}"), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
    let mut spec = template();
    spec["schedulerName"] = "none".into();
    spec["serviceAccountName"] = "default".into();
    spec["serviceAccount"] = "default".into();
    spec["automountServiceAccountToken"] = false.into();
    spec["tolerations"] = json!([toleration("not-ready"), toleration("unreachable")]);
    spec["priority"] = 0.into();
    spec["preemptionPolicy"] = "PreemptLowerPriority".into();
    spec["enableServiceLinks"] = true.into();
    spec
}

fn template() -> Value {
    json!({
        "containers": [{
            "name": "c", "image": "x:1", "resources": {}, "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent",
        }],
        "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "securityContext": {}, "schedulerName": "default-scheduler",
    })
}

/// A deployment without pods, because it is paused.
fn deployment() -> Value {
    json!({
        "replicas": 1, "paused": true, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": template()},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
    })
}

/// The resource that the custom subject is of, with defaults, columns and two subresources.
pub(crate) fn definition() -> Value {
    let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {
        "spec": {"type": "object", "required": ["count"], "properties": {
            "count": {"type": "integer", "minimum": 1},
            "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
            "parts": {
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "required": ["name"], "properties": {
                    "name": {"type": "string"}, "size": {"type": "integer", "default": 1},
                }},
            },
        }},
        "status": {"type": "object", "properties": {"count": {"type": "integer"}}},
    }}});
    let version = |name: &str, storage: bool| {
        json!({
            "name": name, "served": true, "storage": storage, "schema": schema,
            "subresources": {
                "status": {}, "scale": {"specReplicasPath": ".spec.count", "statusReplicasPath": ".status.count"},
            },
            "additionalPrinterColumns": [
                {"name": "Count", "type": "integer", "jsonPath": ".spec.count"},
                {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
            ],
        })
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "singular": "widget", "listKind": "WidgetList"},
            "versions": [version("v1", true), version("v1beta1", false)],
        },
    })
}

/// An object of a resource.
pub(crate) fn object(subject: &Subject, metadata: Value) -> Value {
    let mut object = subject.content.clone();
    object["metadata"] = metadata;
    // A custom resource must say what it is.
    if subject.group == "example.com" {
        object["apiVersion"] = "example.com/v1".into();
        object["kind"] = subject.kind.into();
    }
    object
}

/// An object with nothing but its type and metadata, where that is enough.
pub(crate) fn typed(subject: &Subject, metadata: Value) -> Value {
    let api_version = if subject.group.is_empty() { "v1".to_owned() } else { format!("{}/v1", subject.group) };
    let mut object = object(subject, metadata);
    object["apiVersion"] = api_version.into();
    object["kind"] = subject.kind.into();
    object
}
