//! The custom resources of public projects, as their Go modules ship them, and the objects beside them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kubernetes_codegen::{CustomCrate, CustomResources, OutputFolder, files_below, generate_custom};

use crate::go;
use crate::round_trip;
use crate::samples::{Outcome, Schemas, outcome, read_samples};
use crate::workspace::root;

/// The name, the module, its version, the folder or file of the definitions, and where sample objects are.
type Project = (&'static str, &'static str, &'static str, &'static str, &'static str);

const PROJECTS: &[Project] = &[
    ("argo-cd", "github.com/argoproj/argo-cd/v3", "v3.0.0", "manifests/crds", "docs"),
    ("cert-manager", "github.com/cert-manager/cert-manager", "v1.21.2", "deploy/crds", "."),
    ("cloudnative-pg", "github.com/cloudnative-pg/cloudnative-pg", "v1.26.0", "config/crd/bases", "docs"),
    ("cluster-api", "sigs.k8s.io/cluster-api", "v1.14.2", "core/config/crd/bases", "."),
    ("contour", "github.com/projectcontour/contour", "v1.33.8", "examples/contour/01-crds.yaml", "examples"),
    ("crossplane", "github.com/crossplane/crossplane", "v1.20.0", "cluster/crds", "test"),
    ("elastic", "github.com/elastic/cloud-on-k8s/v3", "v3.5.0", "config/crds/v1/resources", "config"),
    ("external-secrets", "github.com/external-secrets/external-secrets", "v1.3.2", "config/crds/bases", "docs"),
    ("flux-source", "github.com/fluxcd/source-controller", "v1.7.0", "config/crd/bases", "config/samples"),
    ("gateway-api", "sigs.k8s.io/gateway-api", "v1.6.3", "config/crd/experimental", "examples"),
    ("istio", "istio.io/api", "v1.32.0", "kubernetes/customresourcedefinitions.gen.yaml", "."),
    ("karpenter", "sigs.k8s.io/karpenter", "v1.8.0", "pkg/apis/crds", "."),
    ("keda", "github.com/kedacore/keda/v2", "v2.21.0", "config/crd/bases", "config/samples"),
    ("knative", "knative.dev/serving", "v0.51.0", "config/core/300-resources", "test"),
    ("kueue", "sigs.k8s.io/kueue", "v0.17.0", "config/components/crd/bases", "."),
    ("kyverno", "github.com/kyverno/kyverno", "v1.19.1", "config/crds", "test"),
    ("metallb", "go.universe.tf/metallb", "v0.16.2", "config/crd/bases", "configsamples"),
    ("percona", "github.com/percona/percona-xtradb-cluster-operator", "v1.15.0", "deploy/crd.yaml", "deploy"),
    (
        "prometheus-operator",
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "example/prometheus-operator-crd-full",
        "example",
    ),
    ("rook", "github.com/rook/rook", "v1.15.0", "deploy/examples/crds.yaml", "deploy/examples"),
    ("tekton", "github.com/tektoncd/pipeline", "v1.0.0", "config/300-crds", "examples"),
    (
        "traefik",
        "github.com/traefik/traefik/v3",
        "v3.7.13",
        "docs/content/reference/dynamic-configuration",
        "integration",
    ),
    ("velero", "github.com/vmware-tanzu/velero", "v1.18.3", "config/crd/v1/bases", "."),
    ("zalando", "github.com/zalando/postgres-operator", "v1.14.0", "manifests", "manifests"),
];

/// Those whose documentation is made as well.
const DOCUMENTED: [&str; 3] = ["cert-manager", "gateway-api", "prometheus-operator"];

/// Generates a crate of each, compiles them without a warning, and has every sample object written as it was read. A
/// difference must be one that an API server makes as well: it drops fields that no schema has.
#[test]
#[ignore = "downloads two dozen Go modules and compiles a crate of each"]
fn public_projects_lose_nothing() {
    let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects");
    fs::create_dir_all(&workspace).expect("the folder is ours");
    let only = std::env::var("PROJECTS").ok();
    let chosen =
        PROJECTS.iter().filter(|(name, ..)| only.as_ref().is_none_or(|only| only.split(',').any(|o| o == *name)));
    let projects: Vec<_> = chosen.map(|project| (project, generate(project, &workspace))).collect();
    let members: Vec<String> = projects.iter().map(|((name, ..), _)| format!("{name:?}")).collect();
    let profile = "[profile.dev]\ndebug = 0\nincremental = false\n";
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n{profile}", members.join(", "));
    fs::write(workspace.join("Cargo.toml"), manifest).expect("the folder is ours");
    fs::copy(root().join("Cargo.lock"), workspace.join("Cargo.lock")).expect("the workspace has a lock file");
    cargo(&workspace, &["build", "--workspace"]);
    let documented = projects.iter().map(|((name, ..), _)| *name).filter(|name| DOCUMENTED.contains(name));
    for name in documented {
        cargo(&workspace, &["doc", "--no-deps", "--lib", "-p", name]);
    }

    let mut lost = Vec::new();
    eprintln!("| project | version | kinds | notes | types | objects | unchanged | pruned | incomplete | refused |");
    eprintln!("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (project, generated) in &projects {
        let (name, _, version, definitions, samples) = project;
        let schemas = Schemas::read(&read(project, definitions));
        let objects = read_samples(&read(project, samples), &schemas);
        let written = round_trip::run(&workspace.join("target/debug").join(name), &objects);
        let (mut pruned, mut incomplete, mut refused, mut unchanged) = (0, 0, 0, 0);
        for (object, written) in objects.iter().zip(&written) {
            match outcome(&schemas, object, written) {
                Outcome::Unchanged => unchanged += 1,
                Outcome::Pruned => pruned += 1,
                Outcome::Incomplete => incomplete += 1,
                Outcome::Refused(why) => {
                    refused += 1;
                    eprintln!("refused: {name}: {why}");
                }
                Outcome::Lost(place) => lost.push(format!("{name}: {place} of {object}")),
            }
        }
        let kinds = generated.kinds.len();
        let types: usize = generated.tree.files().map(|(_, text)| text.matches("pub struct ").count()).sum();
        let (notes, objects) = (generated.notes.len(), objects.len());
        eprintln!(
            "| {name} | {version} | {kinds} | {notes} | {types} | {objects} | {unchanged} | {pruned} | {incomplete} | {refused} |"
        );
    }
    assert!(lost.is_empty(), "{} objects lost something:\n{}", lost.len(), lost.join("\n"));
}

/// The YAML in a part of a project: whole files, and the examples in Markdown and in comments.
fn read((_, module, version, ..): &Project, part: &str) -> Vec<String> {
    let folder = go::module(module, version).join(part);
    let paths = files_below(&folder, &["yaml", "yml", "md", "proto"]).expect("the module has it");
    let texts = paths.into_iter().filter_map(|path| Some((fs::read_to_string(&path).ok()?, path)));
    let yaml = texts.flat_map(|(text, path)| match path.extension().and_then(|extension| extension.to_str()) {
        Some("md" | "proto") => examples(&text),
        _ => vec![text],
    });
    yaml.collect()
}

/// The blocks of YAML between fences.
fn examples(text: &str) -> Vec<String> {
    let mut examples = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for line in text.lines() {
        let code = line.trim_start().trim_start_matches("//");
        open = match open {
            None => (code.trim() == "```yaml").then(|| (line.len() - code.trim_start().len(), String::new())),
            Some((_, example)) if code.trim() == "```" => {
                examples.push(example);
                None
            }
            Some((indent, mut example)) => {
                example.push_str(line.get(indent..).unwrap_or_default());
                example.push('\n');
                Some((indent, example))
            }
        };
    }
    examples
}

fn generate((name, module, version, definitions, _): &Project, workspace: &Path) -> CustomCrate {
    let paths =
        files_below(&go::module(module, version).join(definitions), &["yaml", "yml"]).expect("the module has it");
    let file = |path: PathBuf| (path.display().to_string(), fs::read(&path).expect("a readable file"));
    let files: Vec<(String, Vec<u8>)> = paths.into_iter().map(file).collect();
    let sdk = root().to_string_lossy().into_owned();
    let (sdk, strict, reuse) = (Some(sdk.as_str()), true, false);
    let resources = CustomResources { files: &files, groups: &[], name, sdk, strict, reuse };
    let generated = generate_custom(&resources).unwrap_or_else(|error| panic!("{name}: {error}"));
    let folder = workspace.join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the folder is ours");
    }
    fs::create_dir_all(folder.join("src")).expect("the folder is ours");
    let out = OutputFolder::open(&folder).expect("the folder is ours");
    generated.tree.compare(out.path()).and_then(|changes| changes.apply(&out)).expect("the folder is ours");
    let program = round_trip::program(&name.replace('-', "_"), &generated.tree);
    fs::write(folder.join("src/main.rs"), program).expect("the folder is ours");
    generated
}

fn cargo(workspace: &Path, arguments: &[&str]) {
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    cargo.args(arguments).args(["--quiet", "--offline"]).current_dir(workspace);
    cargo.env("CARGO_TARGET_DIR", workspace.join("target"));
    cargo.env("RUSTFLAGS", "-D warnings").env("RUSTDOCFLAGS", "-D warnings");
    let output = cargo.output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
