//! No credentials, wrong ones, and ones without rights: errors at once, never a retry without end.

use futures::StreamExt;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::watch::Watch;

use crate::cluster;

#[tokio::test]
async fn requests_and_watches_without_rights_fail_at_once() {
    for (context, unauthorized) in [("nobody", false), ("anonymous", false), ("wrong-token", true)] {
        let client = cluster::client(context);
        let error = core_v1::list_namespaced_pod("default").send(&client).await.unwrap_err();
        assert_eq!(
            (error.is_unauthorized(), error.is_forbidden()),
            (unauthorized, !unauthorized),
            "{context}: {error}"
        );

        for request in
            [core_v1::list_namespaced_pod("default"), core_v1::list_namespaced_pod("default").resource_version("1")]
        {
            let mut events = Watch::new(&client).stream(request);
            let first = tokio::time::timeout(cluster::LIMIT, events.next()).await.expect("no endless retry");
            let error = first.expect("an error, not an end").unwrap_err();
            assert_eq!(
                (error.is_unauthorized(), error.is_forbidden()),
                (unauthorized, !unauthorized),
                "{context}: {error}"
            );
            assert!(events.next().await.is_none(), "the stream is over after an error");
        }
    }
}
