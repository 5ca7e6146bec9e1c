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

#[cfg(test)]
mod tests {
    use super::wave;

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
