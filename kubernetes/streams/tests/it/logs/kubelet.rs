//! A kubelet that may be ahead of the watch of pods.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use kubernetes_core::DeleteRequest;
use kubernetes_testing::{LogRequest, Output, TestServer};
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Pod, pod, time};

/// A run of a container.
#[derive(Debug, Default)]
struct Run {
    lines: Vec<(u64, String)>,
    has_ended: bool,
}

/// The runs of the container `a` of each pod.
type Pods = BTreeMap<String, Vec<watch::Sender<Run>>>;

pub(super) struct Kubelet {
    server: TestServer,
    pods: Arc<Mutex<Pods>>,
}

impl Kubelet {
    pub(super) fn new() -> Self {
        let server = TestServer::in_process();
        let pods = Arc::new(Mutex::new(Pods::new()));
        let (kubelet, began) = (Arc::clone(&pods), Instant::now());
        server.on_log(move |request, mut log| {
            let runs = kubelet.lock().expect("no panic").get(&request.pod).cloned().unwrap_or_default();
            let run = runs.iter().rev().nth(request.previous.into()).map(watch::Sender::subscribe);
            async move {
                // A client that has gone reads no more.
                let _ = match run {
                    Some(run) => serve(&request, log, run, began).await,
                    None => log.write_all(b"unable to retrieve container logs for run-0\n").await,
                };
            }
        });
        Self { server, pods }
    }

    pub(super) fn server(&self) -> &TestServer {
        &self.server
    }

    /// Starts the container of a pod, which ends first if it runs.
    pub(super) fn start(&self, name: &str) {
        let run = self.start_unreported(name);
        self.load(name, run);
    }

    /// Starts the container of a pod, and does not yet write its status; returns how many runs there were.
    pub(super) fn start_unreported(&self, name: &str) -> usize {
        let mut pods = self.pods.lock().expect("no panic");
        let runs = pods.entry(name.to_owned()).or_default();
        runs.iter().for_each(end);
        runs.push(watch::Sender::default());
        runs.len()
    }

    fn load(&self, name: &str, run: usize) {
        let mut manifest = pod(name, &[("a", &format!("run-{run}"), "running")]);
        if run > 1 {
            let before = format!("lastState: {{terminated: {{containerID: run-{}}}}}, state: ", run - 1);
            manifest = manifest.replace("state: ", &before);
        }
        self.server.load_yaml(&manifest).expect("a pod");
    }

    /// Ends the container of a pod, and does not write its status.
    pub(super) fn end(&self, name: &str) {
        self.pods.lock().expect("no panic")[name].iter().for_each(end);
    }

    /// Ends the container of a pod and deletes the pod.
    pub(super) async fn delete(&self, name: &str) {
        let runs = self.pods.lock().expect("no panic").remove(name).expect("a pod");
        runs.iter().for_each(end);
        let delete = DeleteRequest::<Pod>::namespaced("shop", name).grace_period_seconds(0);
        delete.send(&self.server.client()).await.expect("it is deleted");
    }

    /// Writes a line with its time in milliseconds.
    pub(super) fn write(&self, name: &str, at: u64, text: &str) {
        let pods = self.pods.lock().expect("no panic");
        pods[name].last().expect("a run").send_modify(|run| run.lines.push((at, text.to_owned())));
    }
}

fn end(run: &watch::Sender<Run>) {
    run.send_modify(|run| run.has_ended = true);
}

async fn serve(
    request: &LogRequest,
    mut log: Output,
    mut run: watch::Receiver<Run>,
    began: Instant,
) -> std::io::Result<()> {
    let now = u64::try_from(began.elapsed().as_millis()).expect("short");
    let oldest = request.since_seconds.map_or(0, |seconds| now.saturating_sub(seconds * 1000));
    let is_wanted = |at: u64| {
        let is_since = request.since_time.as_ref().is_none_or(|since| time(at) >= since.replace('Z', ".000000000Z"));
        is_since && at >= oldest
    };
    let tail = request.tail_lines.map(|lines| usize::try_from(lines).expect("few"));
    let mut written = tail.map_or(0, |tail| run.borrow().lines.len().saturating_sub(tail));
    loop {
        let (lines, has_ended) = {
            let run = run.borrow_and_update();
            (run.lines[written..].to_vec(), run.has_ended)
        };
        written += lines.len();
        for (at, text) in lines.iter().filter(|(at, _)| is_wanted(*at)) {
            log.write_all(format!("{} {text}\n", time(*at)).as_bytes()).await?;
        }
        // A run that its kubelet has forgotten has ended.
        if has_ended || !request.follow || run.changed().await.is_err() {
            return Ok(());
        }
    }
}
