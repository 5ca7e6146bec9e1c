//! Logs of several containers, on the testing server.

mod chaos;
mod kubelet;
mod restarts;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use kubernetes_core::{DeleteRequest, ObjectMeta};
use kubernetes_streams::{Error, LogLine, PodLogStream, PodLogs};
use kubernetes_testing::{Fault, LogRequest, Output, TestServer};
use tokio::io::AsyncWriteExt;

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Pod {
    metadata: ObjectMeta,
}

kubernetes_core::resource!(Pod: "" / "v1" / "Pod", "pods", namespaced, watch, serde);

/// A pod with containers in a state, each with its id.
fn pod(name: &str, containers: &[(&str, &str, &str)]) -> String {
    let names: Vec<String> = containers.iter().map(|(name, ..)| format!("{{name: {name}}}")).collect();
    let statuses: Vec<String> = containers
        .iter()
        .map(|(name, id, state)| format!("{{name: {name}, containerID: {id}, state: {{{state}: {{}}}}}}"))
        .collect();
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop, labels: {{app: web}}}},
          spec: {{containers: [{}]}}, status: {{phase: Running, containerStatuses: [{}]}}}}",
        names.join(", "),
        statuses.join(", ")
    )
}

/// A time of an hour, in milliseconds.
fn time(milliseconds: u64) -> String {
    let (minutes, milliseconds) = (milliseconds / 60_000, milliseconds % 60_000);
    format!("2030-01-01T00:{minutes:02}:{:02}.{:03}000000Z", milliseconds / 1000, milliseconds % 1000)
}

/// Writes lines as a kubelet does, those from `sinceTime` on and of these the last `tailLines`.
async fn write(request: &LogRequest, log: &mut Output, lines: &[(u64, String)]) -> std::io::Result<()> {
    assert!(request.timestamps);
    let is_wanted =
        |at: u64| request.since_time.as_ref().is_none_or(|since| time(at) >= since.replace('Z', ".000000000Z"));
    let wanted: Vec<_> = lines.iter().filter(|(at, _)| is_wanted(*at)).collect();
    let skipped = request.tail_lines.map_or(0, |tail| wanted.len().saturating_sub(usize::try_from(tail).unwrap()));
    for (at, text) in &wanted[skipped..] {
        log.write_all(format!("{} {text}\n", time(*at)).as_bytes()).await?;
    }
    Ok(())
}

/// A server whose logs have two lines and then last forever, if they are followed.
fn server(pods: &[String]) -> TestServer {
    let server = TestServer::in_process();
    for pod in pods {
        server.load_yaml(pod).unwrap();
    }
    server.on_log(|request, mut log| async move {
        let lines = [1, 2].map(|number| (number * 1000, format!("{}-{} {number}", request.pod, request.container)));
        write(&request, &mut log, &lines).await.unwrap();
        if request.follow {
            std::future::pending::<()>().await;
        }
    });
    server
}

async fn next(stream: &mut PodLogStream) -> Option<Result<LogLine, Error>> {
    tokio::time::timeout(Duration::from_secs(300), stream.next()).await.expect("an item")
}

/// The texts of the next lines, by container.
async fn texts(stream: &mut PodLogStream, count: usize) -> BTreeMap<String, Vec<String>> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for _ in 0..count {
        let line = next(stream).await.expect("a line").unwrap();
        texts.entry(format!("{}/{}", line.pod, line.container)).or_default().push(line.text);
    }
    texts
}

fn expected(containers: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    containers.iter().map(|(name, lines)| ((*name).to_owned(), owned(lines))).collect()
}

async fn is_quiet(stream: &mut PodLogStream) -> bool {
    tokio::time::timeout(Duration::from_secs(200), stream.next()).await.is_err()
}

#[tokio::test]
async fn lines_from_before_a_time_are_left_out() {
    let server = server(&[pod("one", &[("a", "id-x", "running")])]);
    let time = "2030-01-01T00:00:02Z".parse().unwrap();
    let mut stream = PodLogs::of_pod("shop", "one").since_time(time).follow(false).stream(&server.client());
    assert_eq!(texts(&mut stream, 1).await, expected(&[("one/a", &["one-a 2"])]));
    assert!(next(&mut stream).await.is_none());
}

#[tokio::test]
async fn logs_that_are_not_followed_end() {
    let server = server(&[
        pod("one", &[("a", "id-x", "running"), ("b", "id-y", "waiting")]),
        pod("two", &[("a", "id-x", "terminated")]),
    ]);
    let mut stream = PodLogs::labelled("shop", "app=web").exclude_container("b").follow(false).stream(&server.client());
    let lines = texts(&mut stream, 4).await;
    assert_eq!(lines, expected(&[("one/a", &["one-a 1", "one-a 2"]), ("two/a", &["two-a 1", "two-a 2"])]));
    assert!(next(&mut stream).await.is_none());
    let mut stream = PodLogs::of_pod("shop", "one").container("a").tail_lines(1).follow(false).stream(&server.client());
    let line = next(&mut stream).await.unwrap().unwrap();
    assert_eq!(
        (line.text.as_str(), line.timestamp.unwrap().to_string()),
        ("one-a 2", "2030-01-01T00:00:02Z".to_owned())
    );
    assert!(next(&mut stream).await.is_none());
}

/// All items of a stream that ends: the lines and the errors, each in the order of their texts.
async fn all_items(mut stream: PodLogStream) -> (Vec<String>, Vec<Error>) {
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    while let Some(item) = next(&mut stream).await {
        match item {
            Ok(line) => lines.push(format!("{}/{}/{} {}", line.namespace, line.pod, line.container, line.text)),
            Err(error) => errors.push(error),
        }
    }
    lines.sort();
    errors.sort_by_key(Error::to_string);
    (lines, errors)
}

#[tokio::test]
async fn a_container_that_has_not_started_is_an_error_without_following() {
    let pending = "{apiVersion: v1, kind: Pod, metadata: {name: two, namespace: shop, labels: {app: web}},
        spec: {initContainers: [{name: init}], containers: [{name: a}]}, status: {phase: Pending}}";
    let waiting = pod("one", &[("a", "id-x", "running"), ("b", "''", "waiting")]);
    let waiting = waiting.replace("waiting: {}", "waiting: {reason: ImagePullBackOff}");
    let server = server(&[waiting, pending.to_owned()]);
    let logs = PodLogs::labelled("shop", "app=web").follow(false);
    let (lines, errors) = all_items(logs.clone().stream(&server.client())).await;
    assert_eq!(lines, ["shop/one/a one-a 1", "shop/one/a one-a 2"]);
    assert!(errors.iter().all(Error::is_not_started), "{errors:?}");
    let errors: Vec<String> = errors.iter().map(Error::to_string).collect();
    let of = |container, pod, reason| {
        format!("the log of container {container} in pod shop/{pod}: the container has not started ({reason})")
    };
    assert_eq!(errors, [of("a", "two", "Pending"), of("b", "one", "ImagePullBackOff"), of("init", "two", "Pending")]);
    let (lines, errors) = all_items(logs.container("a").exclude_container("b").stream(&server.client())).await;
    assert_eq!((lines.len(), errors.len()), (2, 1));
}

#[tokio::test]
async fn the_previous_run_is_read_and_not_followed() {
    let server = server(&[pod("one", &[("a", "id-x", "running"), ("b", "id-y", "running")])]);
    server.on_log(|request, mut log| async move {
        assert!(request.previous && !request.follow && request.tail_lines == Some(1), "{request:?}");
        write(&request, &mut log, &[(1000, "first".to_owned()), (2000, "last words".to_owned())]).await.unwrap();
    });
    server.inject(Fault::status(400).path("/api/v1/namespaces/shop/pods/one/log"));
    let logs = PodLogs::of_pod("shop", "one").previous(true).tail_lines(1);
    let (lines, errors) = all_items(logs.stream(&server.client())).await;
    assert_eq!((lines.len(), errors.len()), (1, 1), "{lines:?} {errors:?}");
    assert!(lines[0].ends_with(" last words") && errors[0].to_string().contains("the log of container"), "{errors:?}");
}

#[tokio::test(start_paused = true)]
async fn a_log_ends_at_its_limit_of_bytes() {
    let server = server(&[pod("one", &[("a", "id-x", "running")])]);
    // Of "one-a 1" and "one-a 2", each with its end.
    for (limit, expected) in
        [(16, &["one-a 1", "one-a 2"][..]), (12, &["one-a 1", "one-"]), (8, &["one-a 1"]), (0, &[])]
    {
        for follow in [true, false] {
            let logs = PodLogs::labelled("shop", "app=web").limit_bytes(limit).follow(follow);
            let mut stream = logs.stream(&server.client());
            for text in expected {
                assert_eq!(next(&mut stream).await.unwrap().unwrap().text, *text);
            }
            assert!(if follow { is_quiet(&mut stream).await } else { next(&mut stream).await.is_none() });
        }
    }
}

#[tokio::test]
async fn pods_of_all_namespaces_and_of_a_node_are_read() {
    let other = pod("one", &[("a", "id-x", "running")]).replace("namespace: shop", "namespace: other");
    let on_node = pod("two", &[("a", "id-x", "running")]).replace("spec: {", "spec: {nodeName: node-1, ");
    let server = server(&[pod("one", &[("a", "id-x", "running")]), other, on_node]);
    let logs = || PodLogs::all_namespaces("app=web").tail_lines(1).follow(false);
    let (lines, errors) = all_items(logs().stream(&server.client())).await;
    assert_eq!(lines, ["other/one/a one-a 2", "shop/one/a one-a 2", "shop/two/a two-a 2"], "{errors:?}");
    let (lines, _) = all_items(logs().field_selector("spec.nodeName=node-1").stream(&server.client())).await;
    assert_eq!(lines, ["shop/two/a two-a 2"]);
    let both = logs().field_selector("spec.nodeName=node-1").field_selector("metadata.namespace=other");
    assert_eq!(all_items(both.stream(&server.client())).await.0, [""; 0]);
}

/// The pod of a log is looked up only to recognize a successor.
#[tokio::test(start_paused = true)]
async fn a_failed_look_up_does_not_lose_a_log() {
    let server = server(&[pod("one", &[("a", "id-x", "running")])]);
    server.inject(Fault::status(403).resource("pods").verb("list").nth(2));
    let mut stream = PodLogs::labelled("shop", "app=web").stream(&server.client());
    assert_eq!(texts(&mut stream, 2).await, expected(&[("one/a", &["one-a 1", "one-a 2"])]));
    assert!(is_quiet(&mut stream).await);
}

#[tokio::test(start_paused = true)]
async fn pods_that_come_are_followed() {
    let server = server(&[pod("one", &[("a", "id-x", "running")])]);
    let mut stream = PodLogs::labelled("shop", "app=web").tail_lines(1).stream(&server.client());
    assert_eq!(texts(&mut stream, 1).await, expected(&[("one/a", &["one-a 2"])]));
    server.load_yaml(&pod("two", &[("a", "id-x", "running"), ("b", "id-y", "running")])).unwrap();
    let lines = texts(&mut stream, 4).await;
    assert_eq!(lines, expected(&[("two/a", &["two-a 1", "two-a 2"]), ("two/b", &["two-b 1", "two-b 2"])]));
    assert!(is_quiet(&mut stream).await);
}

/// The log of the first run does not end with it.
#[tokio::test(start_paused = true)]
async fn a_log_that_hangs_is_left_for_the_next_run() {
    let server = server(&[pod("one", &[("a", "id-x", "running")])]);
    let runs = Arc::new(Mutex::new(1));
    let run = Arc::clone(&runs);
    server.on_log(move |request, mut log| {
        let run = *run.lock().unwrap() - u64::from(request.previous);
        async move {
            write(&request, &mut log, &[(run * 10_000, format!("run {run}"))]).await.unwrap();
            if request.follow {
                std::future::pending::<()>().await;
            }
        }
    });
    let mut stream = PodLogs::labelled("shop", "app=web").stream(&server.client());
    assert_eq!(texts(&mut stream, 1).await, expected(&[("one/a", &["run 1"])]));
    *runs.lock().unwrap() = 2;
    server.load_yaml(&pod("one", &[("a", "id-y", "running")])).unwrap();
    assert_eq!(texts(&mut stream, 1).await, expected(&[("one/a", &["run 2"])]));
    assert!(is_quiet(&mut stream).await);
}

#[tokio::test(start_paused = true)]
async fn only_pods_whose_name_may_be_given_again_are_looked_up() {
    let named = |name: &str, prefix: &str| {
        let manifest = pod(name, &[("a", "id-x", "running")]);
        manifest.replace("metadata: {", &format!("metadata: {{generateName: {prefix}, "))
    };
    let server = server(&[named("web-x7k2p", "web-"), named("db-0", "db-"), named("db-10000", "db-")]);
    let mut stream = PodLogs::labelled("shop", "app=web").stream(&server.client());
    texts(&mut stream, 6).await;
    assert!(is_quiet(&mut stream).await);
    let requests = server.requests();
    let looked_up = |name: &str| {
        let selector = format!("fieldSelector=metadata.name%3D{name}");
        requests.iter().filter(|request| request.verb() == "list" && request.query == selector).count()
    };
    assert_eq!(["web-x7k2p", "db-0", "db-10000"].map(looked_up), [0, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_line_in_pieces_comes_once() {
    let server = server(&[pod("one", &[("a", "id-x", "running")])]);
    let long = "x".repeat(2_500_000);
    let text = long.clone();
    server.on_log(move |request, mut log| {
        let lines = [(1000, text.clone()), (1500, "next".to_owned())];
        async move { write(&request, &mut log, &lines).await }.map_unit()
    });
    let mut stream = PodLogs::labelled("shop", "app=web").reconnect(true).stream(&server.client());
    let mut read = String::new();
    while read.len() < long.len() + 4 {
        let line = next(&mut stream).await.unwrap().unwrap();
        assert!(!line.text.is_empty());
        read.push_str(&line.text);
    }
    assert!(read == long + "next");
    assert!(is_quiet(&mut stream).await, "the log was asked for again meanwhile");
}

#[tokio::test(start_paused = true)]
async fn the_stream_of_a_pod_ends_with_it() {
    let server = server(&[pod("one", &[("a", "id-x", "running")])]);
    server.on_log(|request, mut log| async move {
        tokio::time::sleep(Duration::from_secs(20)).await;
        write(&request, &mut log, &[(1000, "last words".to_owned())]).await.unwrap();
    });
    let mut stream = PodLogs::of_pod("shop", "one").container("a").stream(&server.client());
    let deleting = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        let delete = DeleteRequest::<Pod>::namespaced("shop", "one").grace_period_seconds(0);
        delete.send(&server.client()).await.unwrap();
    };
    let (lines, ()) = tokio::join!(texts(&mut stream, 1), deleting);
    assert_eq!(lines, expected(&[("one/a", &["last words"])]));
    assert!(next(&mut stream).await.is_none());
    let mut stream = PodLogs::of_pod("shop", "one").stream(&server.client());
    let error = next(&mut stream).await.unwrap().unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(error.to_string(), "the pod one in the namespace shop does not exist");
    assert!(next(&mut stream).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn without_reconnecting_a_log_that_breaks_is_an_error_and_others_go_on() {
    let server = server(&[pod("one", &[("a", "id-x", "running"), ("b", "id-y", "running")])]);
    server.inject(Fault::status(400).path("/api/v1/namespaces/shop/pods/one/log"));
    let mut stream = PodLogs::labelled("shop", "app=web").stream(&server.client());
    let (mut lines, mut errors) = (0, Vec::new());
    for _ in 0..3 {
        match next(&mut stream).await.unwrap() {
            Ok(_) => lines += 1,
            Err(error) => errors.push(error.to_string()),
        }
    }
    assert_eq!((lines, errors.len()), (2, 1));
    assert!(errors[0].starts_with("the log of container ") && errors[0].contains(" in pod shop/one: "), "{errors:?}");
    assert!(is_quiet(&mut stream).await);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_logs_is_limited() {
    let server = server(&[pod("one", &[("a", "id-x", "running"), ("b", "id-y", "running")])]);
    let mut stream = PodLogs::labelled("shop", "app=web").max_containers(1).stream(&server.client());
    let mut items = Vec::new();
    for _ in 0..3 {
        items.push(next(&mut stream).await.unwrap());
    }
    let error = items.into_iter().find_map(Result::err).unwrap();
    assert!(
        error.is_waiting()
            && error.to_string().contains(": waiting, because the logs of 1 containers are already being read"),
        "{error}"
    );
    assert!(is_quiet(&mut stream).await);
}

/// A log whose connections break anywhere is read once, and in order.
#[tokio::test(start_paused = true)]
async fn a_log_that_is_continued_has_each_line_once() {
    for seed in 0..20 {
        let mut random = fastrand::Rng::with_seed(seed);
        let server = server(&[pod("one", &[("a", "id-x", "running")])]);
        let mut at = 0;
        let lines: Vec<(u64, String)> = (0..300)
            .map(|_| {
                at += random.u64(0..300);
                (at % 60_000 / 300 * 300, format!("line {}", random.u8(0..3)))
            })
            .collect();
        let mut lines = lines;
        lines.sort_by_key(|(at, _)| *at);
        let (log, breaks) = (lines.clone(), Arc::new(Mutex::new(random.clone())));
        server.on_log(move |request, mut output| {
            let (log, breaks) = (log.clone(), Arc::clone(&breaks));
            async move {
                let is_clean_end = breaks.lock().unwrap().bool();
                write(&request, &mut output, &log).await?;
                // Another request may go further.
                if is_clean_end { Ok(()) } else { std::future::pending().await }
            }
            .map_unit()
        });
        for _ in 0..10 {
            server.inject(Fault::reset_after(random.usize(0..8_000)).resource("pods/log"));
        }
        let mut stream = PodLogs::labelled("shop", "app=web").reconnect(true).stream(&server.client());
        for (number, (at, text)) in lines.iter().enumerate() {
            let line = next(&mut stream).await.unwrap().unwrap();
            assert_eq!((line.timestamp.unwrap(), &line.text), (time(*at).parse().unwrap(), text), "{seed} {number}");
        }
        assert!(is_quiet(&mut stream).await, "{seed}");
    }
}

/// Scripts of logs return nothing.
trait MapUnit: Sized {
    fn map_unit(self) -> impl Future<Output = ()> + Send;
}

impl<F: Future<Output = std::io::Result<()>> + Send> MapUnit for F {
    async fn map_unit(self) {
        // A client that has gone reads no more.
        let _ = self.await;
    }
}
