//! The order in which objects are applied: that of cli-utils
//! (<https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/ordering/sort.go>).

/// The kinds that come before all others, by group, in this order.
const FIRST: &[(&str, &str)] = &[
    ("", "Namespace"),
    ("", "ResourceQuota"),
    ("storage.k8s.io", "StorageClass"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("", "ServiceAccount"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "Service"),
    ("", "LimitRange"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("batch", "CronJob"),
    ("policy", "PodDisruptionBudget"),
];

/// The kinds that come after all others.
const LAST: &[(&str, &str)] = &[("admissionregistration.k8s.io", "ValidatingWebhookConfiguration")];

/// The wave in which objects of a kind are applied; they are deleted in reverse.
pub(super) fn wave(group: &str, kind: &str) -> usize {
    let place = |kinds: &[(&str, &str)]| kinds.iter().position(|known| *known == (group, kind));
    match (place(FIRST), place(LAST)) {
        (Some(place), _) => place,
        (None, None) => FIRST.len(),
        (None, Some(place)) => FIRST.len() + 1 + place,
    }
}

/// Whether a group does not belong to Kubernetes itself, so that its objects may need a controller for their deletion.
pub(super) fn is_custom(group: &str) -> bool {
    match group.strip_suffix(".k8s.io") {
        Some("rbac.authorization" | "flowcontrol.apiserver" | "internal.apiserver") => false,
        // Such as `gateway.networking.k8s.io`, whose definitions are installed separately.
        Some(name) => name.contains('.'),
        None => group.contains('.'),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_custom, wave};

    #[test]
    fn groups_of_kubernetes_are_not_custom() {
        for group in ["", "apps", "policy", "storage.k8s.io", "rbac.authorization.k8s.io"] {
            assert!(!is_custom(group), "{group}");
        }
        for group in ["example.com", "snapshot.storage.k8s.io", "cluster.x-k8s.io"] {
            assert!(is_custom(group), "{group}");
        }
    }

    #[test]
    fn kinds_come_in_the_order_of_cli_utils() {
        let kinds = [
            ("", "Namespace"),
            ("apiextensions.k8s.io", "CustomResourceDefinition"),
            ("", "ServiceAccount"),
            ("", "Secret"),
            ("apps", "Deployment"),
            ("example.com", "Widget"),
            ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ];
        assert!(kinds.is_sorted_by_key(|(group, kind)| wave(group, kind)));
        assert_eq!(wave("apps", "DaemonSet"), wave("example.com", "Namespace"), "only kinds of Kubernetes are known");
    }
}
