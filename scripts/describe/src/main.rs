//! Writes what the current kubeconfig's API server says of itself to files, keys sorted: the generator reads files only,
//! so that it can mend a tree that no longer compiles.

#![allow(clippy::print_stdout, reason = "the names of the files are the program's output")]

mod files;

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use kubernetes_client::Client;
use kubernetes_config::{Config, Kubeconfig};
use kubernetes_core::{GetRequest, Json, Path as RequestPath};
use serde_json::Value;

use crate::files::File;

/// Writes a cluster's API description to files, for kubernetes-codegen.
#[derive(Parser)]
#[command(name = "kubernetes-describe", version)]
struct Arguments {
    /// Write the whole description, Swagger 2.0 (/openapi/v2), to this file.
    #[arg(long, value_name = "FILE")]
    swagger: Option<PathBuf>,
    /// Write the description of each group and version, OpenAPI 3.0 (/openapi/v3), into this folder.
    #[arg(long, value_name = "FOLDER")]
    openapi: Option<PathBuf>,
    /// Write the cluster's CustomResourceDefinitions to this file.
    #[arg(long, value_name = "FILE")]
    crds: Option<PathBuf>,
    /// The context of the kubeconfig, in place of the current one.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

/// A large cluster's description has tens of megabytes; what is larger than this is none.
const MOST_BYTES: usize = 512 * 1024 * 1024;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(error) = source {
                eprintln!("  caused by: {error}");
                source = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { swagger, openapi, crds, .. } = arguments;
    if swagger.is_none() && openapi.is_none() && crds.is_none() {
        return Err("nothing to write: give --swagger FILE, --openapi FOLDER or --crds FILE".into());
    }
    let client = Client::builder(config(arguments)?).max_response_bytes(MOST_BYTES).build()?;
    let mut files = Vec::new();
    if let Some(path) = swagger {
        let mut document = get(&client, "/openapi/v2").await?;
        set_release(&mut document, &release(&client).await?);
        files.push(File::new(path.clone(), document)?);
    }
    if let Some(path) = crds {
        let definitions = get(&client, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions").await?;
        files.push(File::new(path.clone(), definitions)?);
    }
    let mut documents = BTreeSet::new();
    if let Some(folder) = openapi {
        documents = fetch_documents(&client, folder, &mut files).await?;
    }
    // Nothing is written before all is there: a failure leaves what was there, and no half of it.
    files::write(&files).map_err(|error| format!("can't write {error}"))?;
    if let Some(folder) = openapi {
        files::remove_others(folder, &documents)
            .map_err(|error| format!("can't tidy up {}: {error}", folder.display()))?;
    }
    for file in &files {
        println!("{}", file.path.display());
    }
    Ok(())
}

/// Adds every document that `/openapi/v3` lists, and that index last; gives the names of the documents.
async fn fetch_documents(client: &Client, folder: &Path, files: &mut Vec<File>) -> Result<BTreeSet<String>> {
    let release = release(client).await?;
    let index = get(client, "/openapi/v3").await?;
    let groups = index.get("paths").and_then(Value::as_object).ok_or("/openapi/v3 lists no `paths`")?;
    for group in groups.keys() {
        let mut document = get(client, &format!("/openapi/v3/{group}")).await?;
        // Other servers' documents, and those of custom resources, have titles and versions of their own.
        if document.pointer("/info/title").and_then(Value::as_str) == Some("Kubernetes") {
            set_release(&mut document, &release);
        }
        files.push(File::new(folder.join(files::name_of(group)), document)?);
    }
    let names = groups.keys().map(|group| files::name_of(group)).collect();
    files.push(File::new(folder.join(files::INDEX), index)?);
    Ok(names)
}

/// The release of the server, as `v1.37.2`.
async fn release(client: &Client) -> Result<Value> {
    let version = get(client, "/version").await?;
    Ok(version.get("gitVersion").cloned().ok_or("/version has no `gitVersion`")?)
}

/// A description names the server's minor version alone (1.37); which release it is decides what the code is generated
/// for.
fn set_release(document: &mut Value, release: &Value) {
    if let Some(version) = document.pointer_mut("/info/version") {
        version.clone_from(release);
    }
}

fn config(arguments: &Arguments) -> Result<Config> {
    let Some(context) = &arguments.context else { return Ok(Config::from_env()?) };
    Ok(Config::from_kubeconfig(&Kubeconfig::from_env()?, Some(context))?)
}

async fn get(client: &Client, path: &str) -> Result<Value> {
    let answer: Json = GetRequest::at(RequestPath::new(path, &[])).send(client).await?;
    Ok(serde_json::from_str(answer.as_str())?)
}
