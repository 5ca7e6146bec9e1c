//! Listing the contexts of a kubeconfig.

use kubernetes_config::Kubeconfig;

use crate::support::{Files, SERVER, kubeconfig};

#[test]
fn contexts_are_listed_with_what_they_join() {
    let text = format!(
        "{}- {{ name: v }}\n",
        kubeconfig(SERVER, "token: abc")
            .replace("contexts:\n", "contexts:\n- { name: other, context: { cluster: gone, namespace: shop } }\n")
    );
    let files = Files::new();
    let kubeconfig = Kubeconfig::read(&files.write("config", text)).expect("a kubeconfig");
    let entries: Vec<_> =
        kubeconfig.context_entries().map(|it| (it.name, it.cluster, it.user, it.namespace, it.is_current)).collect();
    assert_eq!(entries, [("other", Some("gone"), None, Some("shop"), false), ("x", Some("c"), Some("u"), None, true)]);
    assert_eq!(kubeconfig.clusters().collect::<Vec<_>>(), ["c"]);
    assert_eq!(kubeconfig.users().collect::<Vec<_>>(), ["u", "v"]);
    let user = kubeconfig.user("v").expect("the user");
    assert_eq!((user.file(), user.name()), (files.path("config").as_path(), "v"));
    assert_eq!(kubeconfig.user("w"), None);
}
