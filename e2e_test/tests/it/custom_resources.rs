//! A crate of a custom resource, from its definition to a watch.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kubernetes_sdk::api::apiextensions::v1 as apiextensions;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::models::apiextensions::v1::CustomResourceDefinition;

use crate::cluster;
use crate::program::Program;

const NAME: &str = "lamps.lighting.example.com";

#[tokio::test]
async fn a_custom_resource_is_generated_created_and_watched() {
    let (client, namespace) = cluster::namespace("lamps").await;
    let definition = folder().join("definition.json");
    let text = fs::read(&definition).expect("the definition is there");
    let definition: CustomResourceDefinition = serde_json::from_slice(&text).expect("the definition is right");
    // One that an earlier run left behind is taken as it is.
    match apiextensions::create_custom_resource_definition(&definition).send(&client).await {
        Ok(_) => {}
        Err(error) if error.is_already_exists() => {}
        Err(error) => panic!("{error}"),
    }
    let established = async {
        while !is_established(&client).await {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(cluster::LIMIT, established).await.expect("the definition is established");

    let program = Program::new("program-of-lamps", "custom_resource");
    program.generate("lamps", &[folder().join("definition.json")], &[]);
    let output = Command::new(program.build(&["lamps"])).arg(&namespace).output();
    apiextensions::delete_custom_resource_definition(NAME).send(&client).await.expect("the definition is deleted");
    core_v1::delete_namespace(&namespace).send(&client).await.expect("the namespace is deleted");
    let output = output.expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn is_established(client: &kubernetes_sdk::Client) -> bool {
    let found = apiextensions::read_custom_resource_definition(NAME).send(client).await.expect("it was created");
    let conditions = found.status.map(|status| status.conditions).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Established" && condition.status == "True")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/custom_resource")
}
