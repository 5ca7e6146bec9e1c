use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kubernetes_streams::port_forward::{Phase, PodTarget, Port, PortForwarder};
use kubernetes_testing::{Fault, TestServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{POD, delete_pod, echo, echo_server, exchange, forwarder};

#[tokio::test]
async fn a_forwarder_that_can_t_work_says_so_before_it_listens() {
    let error = forwarder(&TestServer::in_process()).ready().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    let server = echo_server();
    let forwarder = forwarder(&server);
    let pod = forwarder.ready().await.unwrap();
    assert_eq!((pod.namespace(), pod.name()), (Some("default"), "web"));
    forwarder.ready().await.unwrap();
    assert_eq!(exchange(forwarder.connect(80).await.unwrap(), b"a").await.unwrap(), b"a");
    let counts = forwarder.state().counts();
    assert_eq!((counts.tunnels, counts.opened, counts.open), (1, 1, 0));
}

/// An overloaded server.
#[tokio::test(start_paused = true)]
async fn a_slow_check_of_the_pod_does_not_stop_an_open_tunnel() {
    let server = echo_server();
    let forwarder = forwarder(&server);
    assert_eq!(exchange(forwarder.connect(80).await.unwrap(), b"a").await.unwrap(), b"a");
    server.inject(Fault::delay(Duration::from_secs(60)).resource("pods").verb("get").always());
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_secs(6)).await;
        let start = tokio::time::Instant::now();
        assert_eq!(exchange(forwarder.connect(80).await.unwrap(), b"b").await.unwrap(), b"b");
        assert!(start.elapsed() <= Duration::from_secs(3), "{:?}", start.elapsed());
    }
    assert_eq!(forwarder.state().counts().tunnels, 1);
}

#[tokio::test]
async fn a_name_that_was_never_there_is_an_error_at_once() {
    let server = TestServer::in_process();
    let error = forwarder(&server).connect(80).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_waits_for_its_pod_to_run() {
    let server = TestServer::in_process();
    server.load_yaml(&POD.replace("Running", "Pending")).unwrap();
    server.on_port_forward(echo);
    let forwarder = forwarder(&server);
    let mut states = forwarder.watch_state();
    let starting = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        delete_pod(&server).await;
        server.load_yaml(POD).unwrap();
    };
    let start = tokio::time::Instant::now();
    let (stream, ()) = tokio::join!(forwarder.connect(80), starting);
    assert_eq!(exchange(stream.unwrap(), b"x").await.unwrap(), b"x");
    assert!((10..=16).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!(states.changed().await.unwrap().pod().unwrap().name(), "web");
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_does_not_come_is_an_error_after_the_limit() {
    let server = TestServer::in_process();
    server.load_yaml(&POD.replace("Running", "Pending")).unwrap();
    let builder = PortForwarder::builder(&server.client(), PodTarget::new("default", "web"));
    let forwarder = builder.connect_timeout(Duration::from_secs(7)).build();
    let error = forwarder.connect(80).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(
        format!("{error:?}"),
        "timed out after 7s waiting for a connection to the pod; caused by: the pod default/web is not running: it is Pending"
    );
    assert!(matches!(forwarder.state().phase(), Phase::Disconnected { error, .. } if error.is_unavailable()));
    // Every connection that waits takes turns with the others.
    let tries = server.requests().len();
    let waiting = (0..20).map(|_| forwarder.connect(80));
    assert!(futures_util::future::join_all(waiting).await.iter().all(Result::is_err));
    assert!(server.requests().len() < tries * 3, "{} and {tries}", server.requests().len());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_given_up_leaves_the_tunnel() {
    let server = echo_server();
    let forwarder = forwarder(&server);
    drop(forwarder.connect(80).await.unwrap());
    // By now, the target is asked again.
    tokio::time::sleep(Duration::from_secs(6)).await;
    server.inject(Fault::delay(Duration::from_secs(2)).resource("pods"));
    assert!(tokio::time::timeout(Duration::from_secs(1), forwarder.connect(80)).await.is_err());
    assert_eq!(exchange(forwarder.connect(80).await.unwrap(), b"x").await.unwrap(), b"x");
    assert_eq!(forwarder.state().counts().tunnels, 1);
}

#[tokio::test(start_paused = true)]
async fn connections_wait_for_the_next_pod_of_the_name() {
    let server = echo_server();
    let is_gone = Arc::new(AtomicBool::new(false));
    let gone = Arc::clone(&is_gone);
    server.on_port_forward(move |request, io| {
        let is_gone = gone.load(Ordering::SeqCst);
        async move { if is_gone { Err("the sandbox is gone".to_owned()) } else { echo(request, io).await } }
    });
    let forwarder = forwarder(&server);
    let mut broken = forwarder.connect(80).await.unwrap();
    delete_pod(&server).await;
    is_gone.store(true, Ordering::SeqCst);
    assert!(exchange(forwarder.connect(80).await.unwrap(), b"x").await.is_err());
    let returning = async {
        tokio::time::sleep(Duration::from_secs(8)).await;
        server.load_yaml(POD).unwrap();
        is_gone.store(false, Ordering::SeqCst);
    };
    let (stream, ()) = tokio::join!(forwarder.connect(80), returning);
    assert_eq!(exchange(stream.unwrap(), b"back").await.unwrap(), b"back");
    assert_eq!(forwarder.state().counts().tunnels, 2);
    // The old connection has its tunnel until it ends.
    broken.write_all(b"y").await.unwrap();
    assert_eq!(broken.read_u8().await.unwrap(), b'y');
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_was_replaced_is_noticed_without_an_error() {
    let server = echo_server();
    let forwarder = forwarder(&server);
    exchange(forwarder.connect(80).await.unwrap(), b"x").await.unwrap();
    exchange(forwarder.connect(80).await.unwrap(), b"x").await.unwrap();
    let reads = || server.requests().iter().filter(|request| request.resource() == "pods").count();
    assert_eq!(reads(), 1, "the pod is not read for each connection");
    delete_pod(&server).await;
    server.load_yaml(POD).unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    exchange(forwarder.connect(80).await.unwrap(), b"x").await.unwrap();
    assert_eq!(forwarder.state().counts().tunnels, 2);
}

#[tokio::test]
async fn a_pod_that_has_finished_is_an_error() {
    let server = TestServer::in_process();
    server.load_yaml(&POD.replace("Running", "Succeeded")).unwrap();
    let error = forwarder(&server).connect(80).await.unwrap_err();
    assert!(error.is_finished() && error.to_string().contains("its phase is Succeeded"), "{error}");
}

#[tokio::test]
async fn a_user_who_may_not_read_pods_forwards_nevertheless() {
    let server = echo_server();
    server.inject(Fault::status(403).verb("get").resource("pods").always());
    assert_eq!(exchange(forwarder(&server).connect(80).await.unwrap(), b"x").await.unwrap(), b"x");
}

#[tokio::test]
async fn a_server_without_the_tunnel_is_an_error_that_says_so() {
    let server = echo_server();
    server.inject(Fault::status(400).resource("pods/portforward"));
    let error = forwarder(&server).connect(80).await.unwrap_err();
    assert!(error.is_unsupported(), "{error}");
    assert!(error.to_string().ends_with("use Kubernetes 1.31 or later"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_for_a_while_is_waited_for() {
    let server = echo_server();
    server.inject(Fault::status(503).resource("pods/portforward").times(4));
    server.inject(Fault::disconnect().resource("pods").times(3));
    assert_eq!(exchange(forwarder(&server).connect(80).await.unwrap(), b"x").await.unwrap(), b"x");
}

#[tokio::test]
async fn ports_have_the_names_that_containers_give_them() {
    let server = TestServer::in_process();
    let ports = "[{name: http, containerPort: 8080}, {name: dns, containerPort: 53, protocol: UDP}, {containerPort: 9}, \
                 {name: both, containerPort: 99, protocol: UDP}, {containerPort: 99}]";
    server.load_yaml(&POD.replace("{name: a}", &format!("{{name: a, ports: {ports}}}"))).unwrap();
    server.on_port_forward(echo);
    let forwarder = forwarder(&server);
    for (port, number) in
        [(Port::from("http"), 8080), (8080.into(), 8080), (9.into(), 9), (7.into(), 7), (99.into(), 99)]
    {
        assert_eq!(forwarder.connect(port).await.unwrap().port(), number);
    }
    for (port, expected) in [
        (Port::from("dns"), "the target has no port dns; its ports are: 9, 99, 8080, http"),
        (53.into(), "the port 53 uses UDP or SCTP, which can't be forwarded"),
    ] {
        let error = forwarder.connect(port).await.unwrap_err();
        assert!(error.is_invalid() && error.to_string().contains(expected), "{error}");
    }
}
