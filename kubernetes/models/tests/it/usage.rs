//! Models as users build, read and write them.

use kubernetes_models::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategyType};
use kubernetes_models::core::v1::{
    ConfigMap, Container, ContainerImagePullPolicy, ImageVolumeSourcePullPolicy, Pod, PodSpec, PodTemplateSpec,
};
use kubernetes_models::{IntOrString, List, json};

#[test]
fn a_deployment_reads_and_writes() {
    let text = concat!(
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"labels":{"app":"web"},"name":"web"},"#,
        r#""spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"}},"#,
        r#""strategy":{"rollingUpdate":{"maxSurge":"25%"},"type":"RollingUpdate"},"#,
        r#""template":{"spec":{"containers":[{"image":"nginx","imagePullPolicy":"Sometimes","name":"web"}]}}}}"#,
    );
    let deployment: Deployment = json::from_str(text).expect("the object is right");
    assert_eq!(deployment.name(), "web");
    assert_eq!(&deployment.metadata.labels["app"], "web");
    let spec = &deployment.spec;
    assert_eq!(spec.replicas, Some(2));
    let strategy = spec.strategy.as_ref().expect("it has a strategy");
    assert_eq!(strategy.type_, Some(DeploymentStrategyType::RollingUpdate));
    let rolling = strategy.rolling_update.as_ref().expect("it has one");
    assert_eq!(rolling.max_surge, Some(IntOrString::from("25%")));
    let container = &spec.template.spec.as_ref().expect("it has a spec").containers[0];
    let unknown = ContainerImagePullPolicy::Other("Sometimes".into());
    assert_eq!(container.image_pull_policy, Some(unknown), "a newer server's value survives");
    assert_eq!(json::to_string(&deployment).expect("it has no number that JSON lacks"), text);
}

#[test]
fn an_open_enum_is_the_text_on_the_wire() {
    use std::collections::{BTreeSet, HashSet};

    let (known, other) = (ContainerImagePullPolicy::Always, ContainerImagePullPolicy::Other("Always".into()));
    assert_eq!(known, other, "a value that becomes known still equals its text");
    assert_eq!(HashSet::from([known.clone(), other.clone()]).len(), 1);
    assert_eq!(known, "Always");
    assert_eq!(known, String::from("Always"));
    assert_ne!(known, *"Never");
    assert!(matches!(ContainerImagePullPolicy::from("Always"), ContainerImagePullPolicy::Always));
    let sorted = BTreeSet::from(["Never".into(), "Sometimes".into(), known, other]);
    assert_eq!(format!("{sorted:?}"), r#"{"Always", "Never", "Sometimes"}"#);
    let sorted: Vec<String> = sorted.iter().map(ContainerImagePullPolicy::to_string).collect();
    assert_eq!(sorted, ["Always", "Never", "Sometimes"]);
    assert_eq!(ContainerImagePullPolicy::default(), "");
    // In Go, too, both are a PullPolicy.
    let of_volume: ImageVolumeSourcePullPolicy = ContainerImagePullPolicy::Never;
    assert_eq!(of_volume.as_str(), "Never");
}

#[test]
fn objects_are_built_from_their_parts() {
    let container = Container { name: "web".into(), image: Some("nginx".into()), ..Default::default() };
    let template = PodTemplateSpec {
        spec: PodSpec { containers: vec![container], ..Default::default() }.into(),
        ..Default::default()
    };
    let deployment = Deployment::named("web").with_spec(DeploymentSpec { template, ..Default::default() });
    let text = json::to_string(&deployment).expect("it has no number that JSON lacks");
    let expected = concat!(
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"#,
        r#""spec":{"selector":{},"template":{"spec":{"containers":[{"image":"nginx","name":"web"}]}}}}"#,
    );
    assert_eq!(text, expected);
    let settings = ConfigMap::named("settings").with_data([("mode", "fast")]).with_immutable(true);
    assert_eq!(&settings.data["mode"], "fast");
    assert_eq!(settings.immutable, Some(true));
}

#[test]
fn a_list_has_no_type_of_its_own() {
    let text = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"}}]}"#;
    let pods: List<Pod> = json::from_str(text).expect("items of a list carry no kind");
    assert_eq!(pods.items[0].name(), "a");
    let error = json::from_str::<List<Pod>>(r#"{"kind":"NodeList","items":[]}"#).expect_err("it is another list");
    assert!(error.to_string().contains("kind"), "{error}");
}

#[test]
fn a_misfit_names_its_place() {
    let text = r#"{"spec":{"containers":[{"name":"a"},{"name":"b","ports":[{"containerPort":"http"}]}]}}"#;
    let error = json::from_str::<Pod>(text).expect_err("a port is a number").to_string();
    assert!(error.contains("spec.containers[1].ports[0].containerPort"), "{error}");
    let error = json::from_str::<Pod>(r#"{"kind":"Node"}"#).expect_err("it is another kind").to_string();
    assert!(error.contains(r#"expected "Pod", found "Node""#), "{error}");
}

#[cfg(feature = "core-v1")]
#[test]
fn an_object_is_referred_to() {
    use kubernetes_core::Object;
    use kubernetes_models::core::v1::ObjectReference;

    let mut deployment = Deployment::named("web");
    deployment.metadata.namespace = Some("shop".into());
    deployment.metadata.uid = Some("u-1".into());
    deployment.metadata.resource_version = Some("7".into());
    assert_eq!(
        json::to_string(&ObjectReference::from(deployment.reference())).expect("it has no number that JSON lacks"),
        concat!(
            r#"{"apiVersion":"apps/v1","kind":"Deployment","name":"web","namespace":"shop","#,
            r#""resourceVersion":"7","uid":"u-1"}"#
        )
    );
    assert_eq!(ObjectReference::from(kubernetes_core::ObjectReference::default()), ObjectReference::default());
}

/// Logs have `Debug` output, more often than not.
#[cfg(all(feature = "core-v1", feature = "authentication-v1"))]
#[test]
fn no_debug_output_shows_a_secret() {
    use kubernetes_models::RawExtension;
    use kubernetes_models::authentication::v1::{TokenRequestStatus, TokenReviewSpec};
    use kubernetes_models::core::v1::Secret;
    use kubernetes_models::meta::v1::{FieldsV1, ManagedFieldsEntry};

    let hidden = "hunter2";
    let mut secret = Secret::named("s").with_data([("a", hidden)]).with_string_data([("b", hidden)]);
    secret.metadata.annotations =
        [("kubectl.kubernetes.io/last-applied-configuration", hidden), ("team", "shop")].into();
    let raw = RawExtension::encode(hidden).unwrap();
    let fields = ManagedFieldsEntry { fields_v1: Some(FieldsV1::encode(hidden).unwrap()), ..Default::default() };
    let shown = [
        format!("{secret:?}"),
        format!("{:?}", TokenRequestStatus { token: Some(hidden.into()), ..Default::default() }),
        format!("{:?}", TokenReviewSpec { token: hidden.into(), ..Default::default() }),
        format!("{raw:?} {fields:?}"),
    ];
    for shown in &shown {
        assert!(!shown.contains(hidden), "{shown}");
    }
    let expected = concat!(
        r#"Secret {"metadata":{"annotations":"#,
        r#"{"kubectl.kubernetes.io/last-applied-configuration":"<redacted>","team":"shop"},"name":"s"},"#,
        r#""data":{"a":"ByteString(7 bytes)"},"stringData":"<redacted>"}"#,
    );
    assert_eq!(shown[0], expected);
    let text = json::to_string(&secret).expect("it has no number that JSON lacks");
    assert_eq!(text.matches(hidden).count(), 2, "what is sent is whole: {text}");
    secret.data = Default::default();
    secret.metadata.annotations.clear();
    let expected = "Secret {\n  \"metadata\": {\n    \"name\": \"s\"\n  },\n  \"stringData\": \"<redacted>\"\n}";
    assert_eq!(format!("{secret:#?}"), expected);
}
