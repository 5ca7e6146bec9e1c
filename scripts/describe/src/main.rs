//! Writes the API description of the current kubeconfig's server to files, with sorted keys. The generator only reads
//! files, so that it can repair a tree that no longer compiles.

#![allow(clippy::print_stdout, reason = "the names of the files are the program's output")]

mod files;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use kubernetes_client::Client;
use kubernetes_codegen::{INDEX, check_version, document_name, printable};
use kubernetes_config::{Config, Kubeconfig};
use kubernetes_core::{GetRequest, Json, Path as RequestPath};
use serde_json::Value;

use crate::files::File;

/// Write a cluster's API description to files, for kubernetes-codegen.
#[derive(Parser)]
#[command(name = "kubernetes-describe", version, max_term_width = 80)]
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

/// A large cluster's description has tens of megabytes; anything larger is not one.
const MOST_BYTES: usize = 512 * 1024 * 1024;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", printable(&error.to_string()));
            let mut source = error.source();
            while let Some(error) = source {
                eprintln!("  caused by: {}", printable(&error.to_string()));
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
    let (mut files, mut documents) = (Vec::new(), Vec::new());
    if let Some(path) = swagger {
        let mut document = get(&client, "/openapi/v2").await?;
        set_release(&mut document, &release(&client).await?);
        files.push(File::new(path.clone(), &document)?);
    }
    if let Some(path) = crds {
        let definitions = get(&client, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions").await?;
        files.push(File::new(path.clone(), &definitions)?);
    }
    if let Some(folder) = openapi {
        documents = fetch_documents(&client, folder).await?;
        // Nothing is written before everything has been fetched.
        files::write_documents(folder, &documents)?;
    }
    files::write(&files)?;
    for file in files.iter().chain(&documents) {
        println!("{}", printable(&file.path.to_string_lossy()));
    }
    Ok(())
}

/// Fetches every document that `/openapi/v3` lists, and that index.
async fn fetch_documents(client: &Client, folder: &Path) -> Result<Vec<File>> {
    let release = release(client).await?;
    let index = get(client, "/openapi/v3").await?;
    let groups = index.get("paths").and_then(Value::as_object).ok_or("/openapi/v3 lists no `paths`")?;
    let mut files = Vec::with_capacity(groups.len() + 1);
    for group in groups.keys() {
        let mut document = get(client, &format!("/openapi/v3/{group}")).await?;
        // Other servers' documents, and those of custom resources, have titles and versions of their own.
        if document.pointer("/info/title").and_then(Value::as_str) == Some("Kubernetes") {
            set_release(&mut document, &release);
        }
        files.push(File::new(folder.join(document_name(group)), &document)?);
    }
    files.push(File::new(folder.join(INDEX), &index)?);
    Ok(files)
}

/// The release of the server, as `v1.37.2`.
async fn release(client: &Client) -> Result<String> {
    let version = get(client, "/version").await?;
    let release = version.get("gitVersion").and_then(Value::as_str).ok_or("/version has no `gitVersion`")?;
    check_version(release).map_err(|error| format!("`gitVersion` of /version: {error}"))?;
    Ok(release.to_owned())
}

/// A description names the server's minor version alone (1.37); the release decides which version the code is generated
/// for.
fn set_release(document: &mut Value, release: &str) {
    if let Some(version) = document.pointer_mut("/info/version") {
        *version = Value::from(release);
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Arguments;

    #[test]
    fn help_fits_on_80_columns() {
        let help = Arguments::command().render_long_help().to_string();
        assert!(help.contains("--openapi") && help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
}
