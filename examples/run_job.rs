//! Runs a command as a Job, prints its logs, and ends with its exit code: `kubectl create job`, `kubectl wait` and
//! `kubectl logs` in one.
//!
//! ```text
//! cargo run --example run_job -- --image busybox -- sh -c 'echo hello; exit 3'
//! ```
//!
//! With `--embedded`, an API server in memory plays the Job's controller, and a container that repeats its command.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use futures::StreamExt;
use kubernetes_sdk::Client;
use kubernetes_sdk::api::batch::v1 as batch_v1;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::core::{ObjectMeta, ReadRequest};
use kubernetes_sdk::models::batch::v1::{Job, JobCondition, JobSpec};
use kubernetes_sdk::models::core::v1::{Container, Pod, PodSpec, PodTemplateSpec};
use kubernetes_sdk::streams::PodLogs;
use kubernetes_sdk::utils::conditions::{job_complete, job_finished};
use kubernetes_sdk::utils::modify;
use kubernetes_sdk::watch::{ObjectCondition, Verdict, until};
use kubernetes_testing::TestServer;
use tokio::sync::Notify;

/// Runs a command as a Job.
#[derive(Parser)]
struct Arguments {
    #[arg(short, long, default_value = "default")]
    namespace: String,
    #[arg(long, default_value = "busybox")]
    image: String,
    /// The seconds after which the Job fails.
    #[arg(long, default_value_t = 600)]
    deadline: i64,
    /// An API server in memory instead of a cluster.
    #[arg(long)]
    embedded: bool,
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let (client, server) = kubernetes_examples::connect(arguments.embedded)?;
    let job = job(&arguments.image, &arguments.command, arguments.deadline);
    let running = run(&client, &arguments.namespace, &job, |line| println!("{line}"));
    let code = match server {
        Some(server) => tokio::try_join!(running, play(&server, &client, &arguments.namespace, Some(0)))?.0,
        None => running.await?,
    };
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// A Job that runs a command once, and is deleted an hour after its end.
pub(crate) fn job(image: &str, command: &[String], deadline: i64) -> Job {
    let container = Container {
        name: "main".into(),
        image: Some(image.into()),
        command: command.iter().map(|argument| argument.as_str().into()).collect(),
        ..Default::default()
    };
    let pod = PodSpec { containers: vec![container], restart_policy: Some("Never".into()), ..Default::default() };
    let spec = JobSpec {
        active_deadline_seconds: Some(deadline),
        backoff_limit: Some(0),
        ttl_seconds_after_finished: Some(3600),
        template: PodTemplateSpec { spec: pod.into(), ..Default::default() },
        ..Default::default()
    };
    let metadata = ObjectMeta { generate_name: Some("run-".into()), ..Default::default() };
    Job { metadata, spec: spec.into(), ..Default::default() }
}

/// Creates a Job, passes on the lines of its logs as they come, and waits until it has ended; returns the exit code of
/// its command.
pub(crate) async fn run(
    client: &Client,
    namespace: &str,
    job: &Job,
    mut take: impl FnMut(&str),
) -> Result<i32, Box<dyn Error>> {
    let job = batch_v1::create_namespaced_job(namespace, job).send(client).await?;
    let wait = || until(client, batch_v1::list_namespaced_job(namespace)).named(job.name()).same_object();
    let selector = format!("batch.kubernetes.io/job-name={}", job.name());
    let pods = || core_v1::list_namespaced_pod(namespace).label_selector(&*selector).send(client);

    // A Job whose pod can't be created ends without one.
    wait().is(has_pods().or(job_finished())).await?;
    for pod in pods().await?.items {
        // The log ends with the pod. At the deadline, the pod is deleted with its log, so it can't be read afterwards.
        let mut lines = PodLogs::of_pod(namespace, pod.name()).reconnect(true).stream(client);
        while let Some(line) = lines.next().await {
            match line {
                Ok(line) => take(&line.text),
                // The Job goes on without its log.
                Err(error) => eprintln!("{error}"),
            }
        }
    }

    let finished = wait().is(job_finished()).await?;
    if let Verdict::Failed(reason) = job_complete().check(finished.as_ref()) {
        let pods = pods().await?;
        let code = pods.items.iter().flat_map(exit_codes).find(|code| *code != 0);
        return code.ok_or_else(|| format!("the Job {}: {reason}", job.name()).into());
    }
    Ok(0)
}

/// Holds once the Job has had a pod.
fn has_pods() -> ObjectCondition<Job> {
    ObjectCondition::new("has pods", |job: &Job| {
        let counts = job.status.iter().flat_map(|status| [status.active, status.succeeded, status.failed]);
        counts.flatten().any(|count| count > 0)
    })
}

/// The exit codes of a pod's containers.
fn exit_codes(pod: &Pod) -> impl Iterator<Item = i32> {
    let statuses = pod.status.iter().flat_map(|status| &status.container_statuses);
    let ends = statuses.filter_map(|status| status.state.as_ref()?.terminated.as_ref());
    ends.map(|end| end.exit_code)
}

/// Has a server play the controller of the next Job, and its container, which repeats its command. The Job ends once its
/// output has been read: with an exit code, or without one when its deadline passes, for which its pod is deleted.
pub(crate) async fn play(
    server: &TestServer,
    client: &Client,
    namespace: &str,
    exit_code: Option<i32>,
) -> Result<(), Box<dyn Error>> {
    let jobs = until(client, batch_v1::list_namespaced_job(namespace)).any(ObjectCondition::exists()).await?;
    let job = jobs.first().ok_or("there is no Job")?;
    let name = job.name();
    let command =
        job.spec.as_ref().and_then(|spec| Some(spec.template.spec.as_ref()?.containers.first()?.command.join(" ")));
    let is_read = write_logs(server, format!("2030-01-01T00:00:00Z {}\n", command.unwrap_or_default()));
    let pod = |phase: &str, state: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, spec: {{containers: [{{name: main}}]}},
               metadata: {{name: {name}-1, namespace: {namespace}, labels: {{batch.kubernetes.io/job-name: {name}}}}},
               status: {{phase: {phase}, containerStatuses: [{{name: main, containerID: id-1, state: {{{state}}}}}]}}}}"
        )
    };
    let status = || ReadRequest::<Job>::namespaced(namespace, name).subresource("status");
    server.load_yaml(&pod("Running", "running: {}"))?;
    modify(client, status(), |job| job.status.get_or_insert_default().active = Some(1)).await?;

    is_read.notified().await;
    let (type_, reason) = match exit_code {
        Some(0) => {
            server.load_yaml(&pod("Succeeded", "terminated: {exitCode: 0}"))?;
            ("Complete", "CompletionsReached")
        }
        Some(code) => {
            server.load_yaml(&pod("Failed", &format!("terminated: {{exitCode: {code}}}")))?;
            ("Failed", "BackoffLimitExceeded")
        }
        None => {
            let pod = format!("{name}-1");
            core_v1::delete_namespaced_pod(namespace, &pod).grace_period_seconds(0).send(client).await?;
            ("Failed", "DeadlineExceeded")
        }
    };
    modify(client, status(), |job| {
        let status = job.status.get_or_insert_default();
        status.active = Some(0);
        status.conditions.push(JobCondition {
            type_: type_.into(),
            status: "True".into(),
            reason: Some(reason.into()),
            ..Default::default()
        });
    })
    .await?;
    Ok(())
}

/// Has each container write a line; tells when one has been read.
fn write_logs(server: &TestServer, line: String) -> Arc<Notify> {
    let is_read = Arc::new(Notify::new());
    let reads = Arc::clone(&is_read);
    server.on_log(move |_, mut log| {
        let (line, is_read) = (line.clone(), Arc::clone(&reads));
        async move {
            drop(tokio::io::AsyncWriteExt::write_all(&mut log, line.as_bytes()).await);
            is_read.notify_one();
        }
    });
    is_read
}
