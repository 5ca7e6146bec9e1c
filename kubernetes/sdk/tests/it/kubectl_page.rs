//! The calls in the tables of docs/kubectl.md compile: each is repeated here, since tables are not programs.
//!
//! The functions are never called.

use std::error::Error;

use kubernetes_sdk::Patch;
use kubernetes_sdk::api::{self, batch::v1 as batch_v1, core::v1 as core_v1};
use kubernetes_sdk::dynamic::{ApiResource, Mapper};
use kubernetes_sdk::models::authentication::v1::TokenRequest;
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::models::policy::v1::Eviction;
use kubernetes_sdk::streams::port_forward::PortForwarder;
use kubernetes_sdk::utils::Target;
use kubernetes_sdk::{Client, core, dynamic, streams, utils, watch};

type Outcome = Result<(), Box<dyn Error>>;

async fn read(client: Client, target: Target, mapper: Mapper) -> Outcome {
    core_v1::list_namespaced_pod("shop").label_selector("app=web").send(&client).await?;
    drop(core_v1::list_pod_for_all_namespaces().limit(500).items(&client));
    core_v1::read_namespaced_pod("shop", "web").raw().send(&client).await?.text();
    core::yaml::to_string(&core_v1::read_namespaced_pod("shop", "web").send(&client).await?)?;
    core_v1::list_namespaced_pod("shop").table().send(&client).await?;
    drop(watch::Watch::new(&client).stream(core_v1::list_namespaced_pod("shop").printed()));
    dynamic::Mapper::new(&client).resources("all").await?;
    utils::events_of(&client, &target).await?;
    core_v1::read_namespaced_pod_log("shop", "web").container("main").tail_lines(10).send(&client).await?;
    drop(watch::Watch::new(&client).stream_lines(core_v1::read_namespaced_pod_log("shop", "web")));
    drop(streams::PodLogs::labelled("shop", "app=web").stream(&client));
    drop(utils::logs_of(&client, &target).await?.stream(&client));
    utils::usage_of_nodes(&client, &mapper).await?;
    utils::usage_of_pods(&client, &mapper, Some("shop")).await?;
    dynamic::Mapper::discovery(&mapper).await?;
    api::version::get_code().send(&client).await?;
    Ok(())
}

async fn write(client: Client, target: Target, object: ConfigMap, change: serde_json::Value) -> Outcome {
    let manifests = utils::manifests::Manifests::from_path("k8s/")?;
    manifests.create().send(&client).await?.check()?;
    manifests.apply("me").send(&client).await?.check()?;
    manifests.replace().send(&client).await?.check()?;
    manifests.delete().send(&client).await?.check()?;
    manifests.diff("me").send(&client).await?;
    core::ApplyRequest::namespaced("shop", &object, "me").send(&client).await?;
    core_v1::patch_namespaced_pod("shop", "web", &Patch::merge(&change)).send(&client).await?;
    utils::modify(&client, core_v1::read_namespaced_pod("shop", "web"), |pod| pod.spec = None).await?;
    utils::Scale::new(target.clone(), 3).send(&client).await?;
    utils::rollout::restart(&client, &target).await?;
    core_v1::delete_namespaced_pod("shop", "web").send(&client).await?;
    core_v1::delete_collection_namespaced_pod("shop").label_selector("app=web").send(&client).await?;
    batch_v1::delete_namespaced_job("shop", "test").propagation_policy("Foreground").send(&client).await?;
    utils::approve_certificate(&client, "csr", "checked by hand").await?;
    Ok(())
}

async fn wait(client: Client) -> Outcome {
    let pods = || watch::until(&client, core_v1::list_namespaced_pod("shop"));
    pods().named("web").deleted().await?;
    watch::until(&client, core_v1::list_namespaced_pod("shop")).named("web").is(utils::conditions::pod_ready()).await?;
    watch::until(&client, batch_v1::list_namespaced_job("shop"))
        .named("test")
        .is(utils::conditions::job_finished())
        .await?;
    drop(streams::PodLogs::labelled("shop", "batch.kubernetes.io/job-name=test").follow(false).stream(&client));
    Ok(())
}

async fn nodes(client: Client) -> Outcome {
    utils::drain::cordon(&client, "node-1").await?;
    utils::drain::uncordon(&client, "node-1").await?;
    utils::drain::Drain::new("node-1").ignore_daemon_sets(true).plan(&client).await?.run(&client).await?;
    core_v1::create_namespaced_pod_eviction("shop", "web", &Eviction::named("web")).send(&client).await?;
    utils::modify(&client, core_v1::read_node("node-1"), |node| node.spec = None).await?;
    Ok(())
}

async fn containers(client: Client) -> Outcome {
    streams::Exec::new("shop", "web", ["date"]).output(&client).await?;
    streams::Exec::new("shop", "web", ["make"]).start(&client).await?.wait().await?;
    streams::Exec::new("shop", "web", ["sh"]).stdin(true).tty(true).start(&client).await?;
    streams::Attach::new("shop", "web").start(&client).await?;
    streams::Upload::new("shop", "web", "./site", "/srv").send(&client).await?;
    streams::Download::new("shop", "web", "/var/log", "./logs").send(&client).await?;
    streams::port_forward::PortForwarder::to_pod(&client, "shop", "web")
        .listen(&["localhost"], &["8080:80".parse()?])
        .await?;
    PortForwarder::new(&client, utils::port_forward::ServiceTarget::new("shop", "web")).ready().await?;
    Ok(())
}

async fn users(client: Client, pods: ApiResource) -> Outcome {
    utils::can_i(&client, "create", &pods, Some("exec"), "shop", None).await?;
    utils::whoami(&client).await?;
    core_v1::create_namespaced_service_account_token("shop", "builder", &TokenRequest::default()).send(&client).await?;
    Ok(())
}

/// Text without white space, and without the commas that rustfmt adds where it breaks lines.
fn compact(text: &str) -> String {
    text.split_whitespace().collect::<String>().replace(",)", ")").replace("target.clone()", "target")
}

#[test]
fn the_calls_of_the_page_are_those_that_compile_here() {
    let _ = (read, write, wait, nodes, containers, users);
    let compiled = compact(include_str!("kubectl_page.rs"));
    let page = include_str!("../../../../docs/kubectl.md");
    let mut calls = 0;
    for row in page.lines().filter(|line| line.starts_with('|')) {
        let row = row.replace("\\|", "\u{7c}");
        let spans = row.split('`').skip(1).step_by(2);
        for call in spans.filter(|span| span.contains("::") && span.contains('(')) {
            calls += 1;
            // An ellipsis stands for a part that differs.
            let known = call.split('…').all(|part| compiled.contains(&compact(part.trim_end_matches(')'))));
            assert!(known, "docs/kubectl.md has {call}, which is not in this file");
        }
    }
    assert!(calls > 40, "only {calls} calls were found");
}
