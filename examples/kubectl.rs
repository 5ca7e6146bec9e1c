//! A small kubectl: get, apply with pruning, diff, delete, status, wait, rollout, scale and drain.
//!
//! ```text
//! cargo run --example kubectl -- apply -f deploy --prune web --wait 5m
//! cargo run --example kubectl -- get deploy,svc
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use kubernetes_sdk::Client;
use kubernetes_sdk::core::ObjectKey;
use kubernetes_sdk::dynamic::{ApiResource, Mapper, ScopedResource};
use kubernetes_sdk::utils::conditions::{condition_is, json_path, object_current};
use kubernetes_sdk::utils::drain::{Drain, DrainEvent, cordon, uncordon};
use kubernetes_sdk::utils::manifests::{Difference, Manifests, Report};
use kubernetes_sdk::utils::{
    ApplySet, KubernetesDuration, ObjectStatus, Scale, Target, WaitFor, can_i, events_of, pods_of, rollout, whoami,
};
use kubernetes_sdk::watch::ObjectCondition;

#[derive(Parser)]
#[command(about = "A small kubectl")]
pub(crate) struct Cli {
    /// The namespace; by default, that of the kubeconfig.
    #[arg(short, long, global = true)]
    namespace: Option<String>,
    /// Uses an API server in memory instead of a cluster.
    #[arg(long, global = true)]
    embedded: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows objects as a table.
    Get {
        resources: String,
        name: Option<String>,
        #[arg(short = 'l')]
        selector: Option<String>,
    },
    /// Applies manifests by server-side apply.
    Apply {
        #[command(flatten)]
        files: Files,
        /// Deletes the members of this set (a Secret) that are no longer among the manifests.
        #[arg(long)]
        prune: Option<String>,
        /// Takes over the set of another tool.
        #[arg(long)]
        take_over: bool,
        #[arg(long)]
        force: bool,
        #[arg(long)]
        dry_run: bool,
        /// Waits until all objects are current, for at most this time.
        #[arg(long)]
        wait: Option<KubernetesDuration>,
    },
    /// Shows the fields that an apply would change.
    Diff {
        #[command(flatten)]
        files: Files,
        /// Also shows the members of this set (a Secret) that would be deleted.
        #[arg(long)]
        prune: Option<String>,
    },
    /// Deletes the objects of manifests.
    Delete(Files),
    /// Shows the status of an object, and its events.
    Status { object: String },
    /// Waits for objects: `current`, `delete`, `condition=Ready`, `jsonpath={.status.phase}=Running`.
    Wait {
        objects: Vec<String>,
        #[arg(long = "for")]
        condition: String,
        #[arg(long, default_value = "30s")]
        timeout: KubernetesDuration,
    },
    /// Shows, restarts, pauses, resumes or undoes a rollout.
    #[command(subcommand)]
    Rollout(Rollout),
    /// Sets the number of replicas.
    Scale {
        object: String,
        #[arg(long)]
        replicas: u32,
    },
    /// Shows the pods of a workload or a service.
    Pods { object: String },
    /// Marks a node as unschedulable.
    Cordon { node: String },
    /// Marks a node as schedulable again.
    Uncordon { node: String },
    /// Evicts the pods of a node.
    Drain {
        node: String,
        #[arg(long)]
        ignore_daemonsets: bool,
        #[arg(long)]
        delete_emptydir_data: bool,
        #[arg(long)]
        force: bool,
        #[arg(long)]
        timeout: Option<KubernetesDuration>,
    },
    /// Checks whether a request is allowed.
    CanI { verb: String, resource: String },
    /// Shows the current user, as the server sees it.
    Whoami,
}

#[derive(Args)]
struct Files {
    /// Files and folders.
    #[arg(short, required = true)]
    filename: Vec<PathBuf>,
    #[arg(short = 'R')]
    recursive: bool,
}

#[derive(Subcommand)]
enum Rollout {
    Status {
        object: String,
        #[arg(long, default_value = "5m")]
        timeout: KubernetesDuration,
    },
    Restart {
        object: String,
    },
    Pause {
        object: String,
    },
    Resume {
        object: String,
    },
    History {
        object: String,
    },
    Undo {
        object: String,
        #[arg(long)]
        to_revision: Option<i64>,
    },
}

const MANAGER: &str = "kubectl-example";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let cli = Cli::parse();
    let (client, _server) = kubernetes_examples::connect(cli.embedded)?;
    run(&client, cli, |line| println!("{line}")).await
}

type Outcome = Result<(), Box<dyn Error>>;

/// Runs a command, and calls `show` for each line of output.
pub(crate) async fn run(client: &Client, cli: Cli, mut show: impl FnMut(&str)) -> Outcome {
    let namespace = cli.namespace.unwrap_or_else(|| client.default_namespace().to_owned());
    let kubectl = Kubectl { client, mapper: Mapper::new(client), namespace };
    let show = &mut show;
    match cli.command {
        Command::Get { resources, name, selector } => kubectl.get(&resources, name, selector, show).await,
        Command::Apply { .. } => kubectl.apply(cli.command, show).await,
        Command::Diff { files, prune } => kubectl.diff(&files, prune, show).await,
        Command::Delete(files) => {
            let report =
                files.read()?.delete().mapper(&kubectl.mapper).namespace(kubectl.namespace).send(client).await?;
            report.iter().for_each(|outcome| show(&outcome.to_string()));
            Ok(report.check()?)
        }
        Command::Status { object } => kubectl.status(&object, show).await,
        Command::Wait { objects, condition, timeout } => kubectl.wait(&objects, &condition, timeout.into(), show).await,
        Command::Rollout(command) => kubectl.rollout(command, show).await,
        Command::Scale { object, replicas } => {
            let target = kubectl.target(&object).await?;
            Scale::new(target.clone(), replicas).send(client).await?;
            show(&format!("{target} scaled"));
            Ok(())
        }
        Command::Pods { object } => {
            let pods = pods_of(client, &kubectl.target(&object).await?).await?;
            pods.iter().for_each(|pod| show(&format!("{}  {}", pod.name(), ObjectStatus::of(pod))));
            Ok(())
        }
        Command::Cordon { node } => cordon(client, &node).await.map(|_| show("cordoned")).map_err(Into::into),
        Command::Uncordon { node } => uncordon(client, &node).await.map(|_| show("uncordoned")).map_err(Into::into),
        Command::Drain { node, ignore_daemonsets, delete_emptydir_data, force, timeout } => {
            let mut drain = Drain::new(node).ignore_daemon_sets(ignore_daemonsets);
            drain = drain.delete_empty_dirs(delete_emptydir_data).force(force);
            if let Some(timeout) = timeout {
                drain = drain.within(timeout.into());
            }
            kubectl.drain(drain, show).await
        }
        Command::CanI { verb, resource } => {
            let resource = kubectl.mapper.resource(&resource).await?;
            let access = can_i(client, &verb, &resource, None, &kubectl.namespace, None).await?;
            show(if access.allowed { "yes" } else { "no" });
            Ok(())
        }
        Command::Whoami => {
            let user = whoami(client).await?;
            show(&format!("{} ({})", user.username, user.groups.join(", ")));
            Ok(())
        }
    }
}

struct Kubectl<'a> {
    client: &'a Client,
    mapper: Mapper,
    namespace: String,
}

impl Kubectl<'_> {
    fn scope(&self, resource: &ApiResource) -> ScopedResource {
        if resource.namespaced { resource.in_namespace(self.namespace.as_str()) } else { resource.cluster() }
    }

    /// The object of `deploy/web`.
    async fn target(&self, text: &str) -> Result<Target, Box<dyn Error>> {
        let (resource, name) = self.mapper.object(text).await?;
        let namespace = resource.namespaced.then_some(self.namespace.as_str());
        Ok(Target::new(resource, ObjectKey::new(namespace, &name)))
    }

    fn set(&self, name: &str) -> Result<ApplySet, Box<dyn Error>> {
        Ok(ApplySet::secret(&self.namespace, name, concat!("kubectl-example/", env!("CARGO_PKG_VERSION")))?)
    }

    async fn get(
        &self,
        resources: &str,
        name: Option<String>,
        selector: Option<String>,
        show: &mut impl FnMut(&str),
    ) -> Outcome {
        for resource in self.mapper.resources(resources).await? {
            let mut list = self.scope(&resource).list();
            if let Some(name) = &name {
                list = list.field_selector(format!("metadata.name={name}"));
            }
            if let Some(selector) = &selector {
                list = list.label_selector(selector.clone());
            }
            list.table().send(self.client).await?.to_string().lines().for_each(&mut *show);
        }
        Ok(())
    }

    async fn apply(&self, command: Command, show: &mut impl FnMut(&str)) -> Outcome {
        let Command::Apply { files, prune, take_over, force, dry_run, wait } = command else { return Ok(()) };
        let manifests = files.read()?;
        let mut apply = manifests.apply(MANAGER).mapper(&self.mapper).namespace(self.namespace.as_str());
        apply = apply.force(force).dry_run(dry_run);
        if let Some(name) = prune {
            apply = apply.prune(self.set(&name)?.take_over(take_over));
        }
        let report: Report = apply.send(self.client).await?;
        report.iter().for_each(|outcome| show(&outcome.to_string()));
        report.check()?;
        if let Some(limit) = wait {
            let objects = report.wait_until_current(self.client, limit.into()).await?;
            show(&format!("{} objects are current", objects.len()));
        }
        Ok(())
    }

    async fn diff(&self, files: &Files, prune: Option<String>, show: &mut impl FnMut(&str)) -> Outcome {
        let manifests = files.read()?;
        let mut diff = manifests.diff(MANAGER).mapper(&self.mapper).namespace(self.namespace.as_str());
        if let Some(name) = prune {
            diff = diff.prune(self.set(&name)?);
        }
        for diff in diff.send(self.client).await? {
            if !matches!(diff.result, Ok(Difference::None)) {
                diff.to_string().lines().for_each(&mut *show);
            }
        }
        Ok(())
    }

    async fn status(&self, object: &str, show: &mut impl FnMut(&str)) -> Outcome {
        let target = self.target(object).await?;
        let object = target.scope().read(target.key.name()).send(self.client).await?;
        show(&format!("{target}  {}", ObjectStatus::of(&object)));
        for event in events_of(self.client, &Target::of(&target.resource, &object)).await? {
            let text = |field: &str| event.get::<String>(field).ok().flatten().unwrap_or_default();
            show(&format!("{}  {}  {}", text("/lastTimestamp"), text("/reason"), text("/message")));
        }
        Ok(())
    }

    async fn wait(&self, objects: &[String], condition: &str, limit: Duration, show: &mut impl FnMut(&str)) -> Outcome {
        let condition = match condition.split_once('=') {
            None if condition == "delete" => ObjectCondition::deleted(),
            None if condition == "current" => object_current(),
            Some(("condition", wanted)) => match wanted.split_once('=') {
                Some((type_, status)) => condition_is(type_, status),
                None => condition_is(wanted, "True"),
            },
            Some(("jsonpath", wanted)) => {
                // The value follows the brace that closes the path.
                let (path, value) = wanted.rsplit_once("}=").ok_or("expected jsonpath={…}=value")?;
                json_path(&format!("{path}}}"), value)?
            }
            _ => return Err(format!("{condition:?} is not a condition").into()),
        };
        let mut targets = Vec::new();
        for object in objects {
            targets.push(self.target(object).await?);
        }
        let met = targets.iter().map(|target| format!("{target} condition met")).collect::<Vec<_>>();
        WaitFor::new(self.client, targets).within(limit).all(condition).await?;
        met.iter().for_each(|line| show(line));
        Ok(())
    }

    async fn rollout(&self, command: Rollout, show: &mut impl FnMut(&str)) -> Outcome {
        let (Rollout::Status { object, .. }
        | Rollout::Restart { object }
        | Rollout::Pause { object }
        | Rollout::Resume { object }
        | Rollout::History { object }
        | Rollout::Undo { object, .. }) = &command;
        let target = self.target(object).await?;
        let what = match command {
            Rollout::Status { timeout, .. } => {
                rollout::status(self.client, &target, timeout.into()).await?;
                "rolled out"
            }
            Rollout::Restart { .. } => rollout::restart(self.client, &target).await.map(|_| "restarted")?,
            Rollout::Pause { .. } => rollout::pause(self.client, &target).await.map(|_| "paused")?,
            Rollout::Resume { .. } => rollout::resume(self.client, &target).await.map(|_| "resumed")?,
            Rollout::Undo { to_revision, .. } => match rollout::undo(self.client, &target, to_revision).await? {
                Some(_) => "rolled back",
                None => "skipped: it is at this revision",
            },
            Rollout::History { .. } => {
                for revision in rollout::history(self.client, &target).await? {
                    show(&format!("{}  {}", revision.number, revision.change_cause));
                }
                return Ok(());
            }
        };
        show(&format!("{target} {what}"));
        Ok(())
    }

    async fn drain(&self, drain: Drain, show: &mut impl FnMut(&str)) -> Outcome {
        let plan = drain.plan(self.client).await?;
        plan.pods().iter().for_each(|pod| show(&format!("evicting {pod}")));
        let plan = plan.observe(|event| {
            if let DrainEvent::Blocked(pod, reason) = event {
                eprintln!("{pod}: {reason}");
            }
        });
        plan.run(self.client).await?;
        show("drained");
        Ok(())
    }
}

impl Files {
    fn read(&self) -> Result<Manifests, Box<dyn Error>> {
        let mut reader = Manifests::reader().recursive(self.recursive);
        for path in &self.filename {
            reader = if path.as_os_str() == "-" { reader.stdin() } else { reader.path(path) };
        }
        Ok(reader.read()?)
    }
}
