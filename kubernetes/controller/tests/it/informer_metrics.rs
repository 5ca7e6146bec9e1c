//! The metrics of informers.

use kubernetes_controller::{Controller, Informers, Metrics};

use kubernetes_testing::Fault;

use crate::support::*;

/// client-go's metrics of informers, a line for each resource.
#[tokio::test(start_paused = true)]
async fn informers_have_metrics() {
    let server = server();
    let client = server.client();
    for namespace in ["default", "shop"] {
        create_in(&client, namespace, &Widget::named("a")).await;
    }
    let informers = Informers::new(&client);
    let metrics = Metrics::default();
    metrics.add_informers("operator", &informers);
    assert_eq!(metrics.render(), "");
    let (one, _) =
        Running::logging(Controller::new(&client, in_namespaces::<Widget>(&["default", "shop"])).informers(&informers))
            .await;
    let (two, _) = Running::logging(
        Controller::new(&client, in_namespaces::<Widget>(&["shop"])).named("two").informers(&informers),
    )
    .await;
    let last = create_in(&client, "shop", &Widget::named("b")).await;
    settle().await;
    let version = |of: &str| metric(&metrics, &format!("informer_store_resource_version{{{of}}}"));
    let labels = r#"group="example.com",name="operator",resource="widgets",version="v1""#;
    let seen = last.metadata.resource_version.as_deref().unwrap().parse::<f64>().unwrap();
    assert!(version(labels) < seen, "nothing has happened in the other namespace");
    tokio::time::sleep(SECOND * 70).await;
    assert_eq!(version(labels), seen, "a bookmark tells");
    // The first has listed two objects, the second one of them, and both have handled the third.
    assert_eq!(metric(&metrics, &format!("informer_processing_latency_seconds_count{{{labels}}}")), 5.0);
    assert_eq!(metric(&metrics, &format!("informer_queued_items{{{labels}}}")), 0.0);
    assert_eq!(metric(&metrics, &format!("informer_failing{{{labels}}}")), 0.0);
    server.inject(Fault::status(403).path("/apis/example.com/v1/namespaces/shop/widgets").always());
    tokio::time::sleep(SECOND * 900).await;
    assert_eq!(metric(&metrics, &format!("informer_failing{{{labels}}}")), 2.0, "the permission was withdrawn");
    server.clear_faults();
    tokio::time::sleep(SECOND * 120).await;
    assert_eq!(metric(&metrics, &format!("informer_failing{{{labels}}}")), 0.0);
    one.stop().await.unwrap();
    two.stop().await.unwrap();
    settle().await;
    assert_eq!(metrics.render(), "", "they have ended");
}

fn metric(metrics: &Metrics, series: &str) -> f64 {
    let text = metrics.render();
    let line = text.lines().find(|line| line.starts_with(series)).unwrap_or_else(|| panic!("{series} in {text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}
