//! Waits until a Deployment is rolled out, as `kubectl rollout status` does, and prints the reason while it waits.
//!
//! ```text
//! cargo run --example wait_for_deployment -- default web
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::time::Duration;

use kubernetes_sdk::Client;
use kubernetes_sdk::api::apps::v1 as apps_v1;
use kubernetes_sdk::models::apps::v1::{Deployment, DeploymentSpec, DeploymentStatus};
use kubernetes_sdk::utils::conditions::deployment_rolled_out;
use kubernetes_sdk::watch::{ObjectCondition, UntilError, Verdict, until};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, server) = kubernetes_examples::connect(false)?;
    let mut arguments = std::env::args().skip(1);
    let namespace = arguments.next().unwrap_or_else(|| "default".to_owned());
    let name = arguments.next().unwrap_or_else(|| "web".to_owned());
    if server.is_some() {
        tokio::spawn(roll_out(client.clone(), namespace.clone(), name.clone()));
    }
    wait(&client, &namespace, &name).await?;
    println!("{name} is rolled out");
    Ok(())
}

pub(crate) async fn wait(client: &Client, namespace: &str, name: &str) -> Result<(), UntilError> {
    // A custom condition can print each state that it sees.
    let rolled_out = deployment_rolled_out();
    let told = ObjectCondition::of_state("is rolled out", move |deployment: Option<&Deployment>| {
        let verdict = rolled_out.check(deployment);
        if let Verdict::Waiting(reason) = &verdict {
            println!("waiting: {reason}");
        }
        verdict
    });
    let deployment = until(client, apps_v1::list_namespaced_deployment(namespace)).named(name);
    deployment.within(Duration::from_secs(600)).same_object().is(told).await?;
    Ok(())
}

/// Simulates the cluster's controllers: a new replica becomes available each second.
pub(crate) async fn roll_out(client: Client, namespace: String, name: String) -> Result<(), kubernetes_sdk::Error> {
    let new = Deployment::named(&*name).with_spec(DeploymentSpec { replicas: Some(3), ..Default::default() });
    let mut deployment = apps_v1::create_namespaced_deployment(&namespace, &new).send(&client).await?;
    for ready in 0..=3 {
        let status = DeploymentStatus {
            observed_generation: deployment.metadata.generation,
            replicas: Some(3),
            updated_replicas: Some(3),
            available_replicas: Some(ready),
            ..Default::default()
        };
        deployment.status = status.into();
        tokio::time::sleep(Duration::from_secs(1)).await;
        deployment =
            apps_v1::replace_namespaced_deployment_status(&namespace, &name, &deployment).send(&client).await?;
    }
    Ok(())
}
