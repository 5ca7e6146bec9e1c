//! A crate of a custom resource, from its definition to a watch.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kubernetes_sdk::api::apiextensions::v1 as apiextensions;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::models::apiextensions::v1::CustomResourceDefinition;

use crate::cluster;

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

    let program = build();
    let mut run = Command::new(program);
    let output = run.arg(&namespace).output();
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

/// Generates the crate and builds the program that uses it, as a user would: in a workspace of their own.
fn build() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace");
    let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join("custom-resource");
    fs::create_dir_all(workspace.join("program/src")).expect("the folder is ours");
    // Its manifest is written once, and names the SDK's folder: that of another checkout, if they share a target folder.
    let _ = fs::remove_dir_all(workspace.join("lamps"));
    let mut codegen = cargo();
    codegen.args(["run", "--quiet", "-p", "kubernetes-codegen", "--", "crds", "--name", "lamps", "--input"]);
    codegen.arg(folder().join("definition.json")).arg("--out").arg(workspace.join("lamps"));
    finish(codegen.arg("--sdk").arg(root).current_dir(root));

    let members = "[workspace]\nresolver = \"3\"\nmembers = [\"lamps\", \"program\"]\n";
    fs::write(workspace.join("Cargo.toml"), members).expect("the folder is ours");
    let manifest = format!(
        "[package]\nname = \"program\"\nedition = \"2024\"\n\n[dependencies]\n\
         futures = {{ version = \"0.3\", default-features = false, features = [\"std\"] }}\n\
         kubernetes-sdk = {{ path = {:?}, default-features = false }}\nlamps = {{ path = \"../lamps\" }}\n\
         serde_json = \"1.0\"\ntokio = {{ version = \"1\", features = [\"macros\", \"rt\", \"time\"] }}\n",
        root.join("kubernetes/sdk"),
    );
    fs::write(workspace.join("program/Cargo.toml"), manifest).expect("the folder is ours");
    fs::copy(folder().join("program.rs"), workspace.join("program/src/main.rs")).expect("the program is there");
    fs::copy(root.join("Cargo.lock"), workspace.join("Cargo.lock")).expect("the workspace has a lock file");
    let target = workspace.join("target");
    finish(cargo().args(["build", "--quiet", "--offline"]).env("CARGO_TARGET_DIR", &target).current_dir(&workspace));
    target.join("debug/program")
}

fn cargo() -> Command {
    Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}

fn finish(command: &mut Command) {
    let output = command.output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
