use std::time::Duration;

use kubernetes_core::{CreateRequest, ListRequest};
use kubernetes_election::{Election, LeaseConfig};
use kubernetes_models::core::v1::ConfigMap;
use kubernetes_testing::{Fault, TestServer};

use super::{ClientMetrics, Metrics};
use crate::{Histogram, Queue};

#[test]
fn metrics_are_written_as_prometheus_reads_them() {
    const LIMITS: &[Duration] = &[Duration::from_nanos(10), Duration::from_millis(500), Duration::from_secs(1000)];
    let mut histogram = Histogram::new(LIMITS);
    histogram.observe(Duration::from_millis(250));
    histogram.observe(Duration::from_secs(2000));
    let metrics = Metrics::default();
    metrics.add(|text| text.gauge("b", "The second", &[("path", "C:\\a \"b\"\nc")], f64::INFINITY));
    metrics.add(move |text| text.histogram("c_seconds", "Durations", &[], &histogram));
    metrics.add(|text| text.counter("a_total", "The first,\nwith a \\", &[("x", "2"), ("y", "3")], 1.5));
    // Samples of one name stay together, whoever tells them, and the last counts.
    metrics.add(|text| {
        text.counter("a_total", "The first", &[("x", "1"), ("y", "3")], 7.0);
        text.gauge("b", "The second", &[("path", "C:\\a \"b\"\nc")], f64::NAN);
    });
    let expected = r#"# HELP a_total The first,\nwith a \\
# TYPE a_total counter
a_total{x="1",y="3"} 7
a_total{x="2",y="3"} 1.5
# HELP b The second
# TYPE b gauge
b{path="C:\\a \"b\"\nc"} NaN
# HELP c_seconds Durations
# TYPE c_seconds histogram
c_seconds_bucket{le="1e-8"} 0
c_seconds_bucket{le="0.5"} 1
c_seconds_bucket{le="1000"} 1
c_seconds_bucket{le="+Inf"} 2
c_seconds_sum 2000.25
c_seconds_count 2
"#;
    assert_eq!(metrics.render(), expected);
}

#[test]
fn a_metric_that_prometheus_would_not_read_is_left_out() {
    let metrics = Metrics::default();
    metrics.add(|text| {
        text.counter("good_total", "Good", &[], 1.0);
        text.gauge("good_total", "Another kind", &[("x", "y")], 1.0);
        for name in ["", "1st", "a-b", "ä", "a b"] {
            text.gauge(name, "Bad", &[], 1.0);
        }
        text.gauge("bad", "Bad", &[("a:b", "c")], 1.0);
        text.gauge("bad", "Bad", &[("le\"", "c")], 1.0);
    });
    assert_eq!(metrics.render(), "# HELP good_total Good\n# TYPE good_total counter\ngood_total 1\n");
}

#[tokio::test(start_paused = true)]
async fn requests_are_counted_by_code_and_method() {
    let server = TestServer::start().await.unwrap();
    tokio::time::resume();
    let requests = ClientMetrics::new("test");
    let config = kubernetes_config::Config::new(server.url().parse().unwrap());
    let client = kubernetes_client::Client::builder(config).observe(requests.observer()).build().unwrap();
    for _ in 0..3 {
        ListRequest::<ConfigMap>::all_namespaces().send(&client).await.unwrap();
    }
    let map = ConfigMap::named("a").with_data([("text", "x".repeat(100))]);
    CreateRequest::namespaced("default", &map).send(&client).await.unwrap();
    server.inject(Fault::status(403).verb("list"));
    ListRequest::<ConfigMap>::all_namespaces().send(&client).await.unwrap_err();
    let metrics = Metrics::default();
    requests.add_to(&metrics);
    let text = metrics.render();
    for line in [
        r#"rest_client_requests_total{code="200",host="test",method="GET"} 3"#,
        r#"rest_client_requests_total{code="403",host="test",method="GET"} 1"#,
        r#"rest_client_request_duration_seconds_count{host="test",verb="GET"} 4"#,
        r#"rest_client_request_size_bytes_bucket{host="test",verb="GET",le="64"} 4"#,
        r#"rest_client_request_size_bytes_bucket{host="test",verb="POST",le="64"} 0"#,
        r#"rest_client_request_size_bytes_bucket{host="test",verb="POST",le="256"} 1"#,
        r#"rest_client_response_size_bytes_count{host="test",verb="GET"} 3"#,
        r#"rest_client_response_size_bytes_bucket{host="test",verb="POST",le="64"} 0"#,
        r#"rest_client_response_size_bytes_count{host="test",verb="POST"} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn queues_elections_and_recorders_have_the_names_of_dashboards() {
    let server = TestServer::in_process();
    let metrics = Metrics::default();
    let queue = Queue::<&str>::new();
    metrics.add_queue("scaler", &queue);
    let election = Election::new(&server.client(), LeaseConfig::new("default", "scaler")).unwrap();
    metrics.add_election(election.status());
    metrics.add_recorder(&crate::Recorder::new(&server.client(), "example.com/scaler"));
    let empty = metrics.render();
    assert!(empty.contains("workqueue_depth{controller=\"scaler\",name=\"scaler\",priority=\"0\"} 0\n"), "{empty}");
    queue.add("web");
    queue.next().await.expect("an item").done();
    queue.add("other");
    let text = metrics.render();
    for line in [
        r#"workqueue_depth{controller="scaler",name="scaler",priority="0"} 1"#,
        r#"workqueue_adds_total{controller="scaler",name="scaler"} 2"#,
        r#"workqueue_retries_total{controller="scaler",name="scaler"} 0"#,
        r#"workqueue_queue_duration_seconds_count{controller="scaler",name="scaler"} 1"#,
        r#"workqueue_work_duration_seconds_bucket{controller="scaler",name="scaler",le="1e-8"} 1"#,
        r#"workqueue_unfinished_work_seconds{controller="scaler",name="scaler"} 0"#,
        r#"workqueue_longest_running_processor_seconds{controller="scaler",name="scaler"} 0"#,
        r#"leader_election_master_status{name="scaler"} 0"#,
        r#"leader_election_slowpath_total{name="scaler"} 0"#,
        r#"event_recorder_events_total{result="sent"} 0"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}
