use super::*;

#[test]
fn fields() {
    let table = [
        ("metadata", "metadata"),
        ("podIPs", "pod_ips"),
        ("podIP", "pod_ip"),
        ("clusterCIDR", "cluster_cidr"),
        ("podCIDRs", "pod_cidrs"),
        ("serverAddressByClientCIDRs", "server_address_by_client_cidrs"),
        ("nonResourceURLs", "non_resource_urls"),
        ("targetWWNs", "target_wwns"),
        ("targetCPUUtilizationPercentage", "target_cpu_utilization_percentage"),
        ("insecureSkipTLSVerify", "insecure_skip_tls_verify"),
        ("openAPIV3Schema", "open_api_v3_schema"),
        ("stubPKCS10Request", "stub_pkcs10_request"),
        ("fieldsV1", "fields_v1"),
        ("ipv4", "ipv4"),
        ("IPv6Address", "ipv6_address"),
        ("scaleIO", "scale_io"),
        ("setHostnameAsFQDN", "set_hostname_as_fqdn"),
        ("Port", "port"),
        ("type", "type_"),
        ("continue", "continue_"),
        ("$ref", "ref_"),
        ("$schema", "schema"),
        ("x-kubernetes-list-map-keys", "x_kubernetes_list_map_keys"),
        ("3d", "_3d"),
        ("---", "u2d_u2d_u2d"),
        ("日本", "u65e5_u672c"),
        ("x²", "x_ub2"),
        ("größe", "größe"),
        ("", "__"),
    ];
    for (name, expected) in table {
        assert_eq!(identifier(name), expected, "{name}");
    }
}

#[test]
fn functions() {
    let table = [
        ("readCoreV1NamespacedPodLog", "core_v1", "read_namespaced_pod_log"),
        ("connectCoreV1GetNamespacedPodExec", "core_v1", "connect_get_namespaced_pod_exec"),
        ("listCoreV1PodForAllNamespaces", "core_v1", "list_pod_for_all_namespaces"),
        ("listRbacAuthorizationV1ClusterRole", "rbacAuthorization_v1", "list_cluster_role"),
        ("readStorageV1CSINode", "storage_v1", "read_csi_node"),
        ("patchNetworkingV1ServiceCIDRStatus", "networking_v1", "patch_service_cidr_status"),
        ("getAppsAPIGroup", "apps", "get_api_group"),
        ("getCoreAPIVersions", "core", "get_api_versions"),
        ("getAPIVersions", "apis", "get_api_versions"),
        ("getCodeVersion", "version", "get_code"),
    ];
    for (id, tag, expected) in table {
        assert_eq!(function(id, tag), expected, "{id}");
    }
}

#[test]
fn variant_names() {
    let table = [
        ("", "Empty"),
        ("*", "All"),
        ("Always", "Always"),
        ("TCP", "Tcp"),
        ("IPv4", "Ipv4"),
        ("FQDN", "Fqdn"),
        ("ClientIP", "ClientIp"),
        ("JSONPatch", "JsonPatch"),
        ("ReadWriteOncePod", "ReadWriteOncePod"),
        ("kubernetes.io/service-account-token", "KubernetesIoServiceAccountToken"),
        ("s/mime", "SMime"),
        ("decipher only", "DecipherOnly"),
        ("SIGRTMIN+10", "SigrtminPlus10"),
        ("SIGRTMAX-1", "SigrtmaxMinus1"),
        ("10m", "Value10m"),
        ("-1", "Value1"),
        ("!=", "NotEqual"),
        ("Self", "SelfValue"),
        ("…", "Value"),
    ];
    for (value, expected) in table {
        assert_eq!(variant(value), expected, "{value:?}");
    }
}

#[test]
fn variants_that_look_alike_are_numbered() {
    assert_eq!(variants(["a-b", "aB", "Other", "a_b"]), ["AB", "AB2", "Other2", "AB3"]);
}

#[test]
fn member_types() {
    assert_eq!(member_type("PodSpec", "restartPolicy"), "PodSpecRestartPolicy");
    assert_eq!(member_type("Schema", "x-kubernetes-map-type"), "SchemaXKubernetesMapType");
}
