use kubernetes_client::Client;
use kubernetes_core::json::Tree;
use kubernetes_core::{GetRequest, Path, Str};

use crate::error::Error;

const ANNOTATION: &str = "kubectl.kubernetes.io/default-container";

/// The container that kubectl takes when none is named. `subresource` is the path of one of the pod.
pub(crate) async fn default_of(client: &Client, subresource: &str) -> Result<Str, Error> {
    let pod = subresource.rsplit_once('/').map_or(subresource, |(pod, _)| pod);
    let pod: Tree = GetRequest::at(Path::new(pod, &[])).send(client).await?;
    choose(&pod).ok_or_else(|| Error::invalid("the pod has no containers"))
}

/// Like kubectl's `podcmd.FindOrDefaultContainerByName`: an annotation that names no container does not count.
fn choose(pod: &Tree) -> Option<Str> {
    let containers = match pod.get("spec")?.get("containers")? {
        Tree::List(containers) => containers.iter().filter_map(|container| container.get("name")?.as_str()),
        _ => return None,
    };
    let annotations = pod.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let annotated = annotations.and_then(|annotations| annotations.get(ANNOTATION)?.as_str());
    let chosen = containers.clone().find(|name| Some(*name) == annotated).or_else(|| containers.clone().next());
    chosen.map(Str::from)
}

#[cfg(test)]
mod tests {
    use kubernetes_core::json;

    use super::*;

    #[test]
    fn the_annotation_counts_if_it_names_a_container() {
        let containers = r#""spec": {"containers": [{"name": "a"}, {"name": "b"}]}"#;
        let annotated =
            |name: &str| format!(r#"{{"metadata": {{"annotations": {{"{ANNOTATION}": {name}}}}}, {containers}}}"#);
        for (pod, expected) in [
            (annotated("\"b\""), Some("b")),
            (annotated("\"c\""), Some("a")),
            (annotated("1"), Some("a")),
            (format!("{{{containers}}}"), Some("a")),
            (r#"{"spec": {"containers": []}}"#.to_owned(), None),
            ("{}".to_owned(), None),
        ] {
            assert_eq!(choose(&json::from_str(&pod).unwrap()).as_deref(), expected, "{pod}");
        }
    }
}
