//! Objects of generated crates, read and written by a program that depends on such a crate.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use kubernetes_codegen::FileTree;
use serde_json::Value;

/// The program: a line in, such as `g/v Kind`, a tab and an object; a line out, the object as it is written or why not.
pub(crate) fn program(library: &str, tree: &FileTree) -> String {
    let mut arms = String::new();
    for (path, text) in tree.files() {
        let Some(module) = path.strip_prefix("src/generated/models/").and_then(|path| path.strip_suffix(".rs")) else {
            continue;
        };
        let module = module.rsplit_once('/').map_or("", |(module, _)| module).replace('/', "::");
        for declared in text.split("resource!(").skip(1) {
            let (name, rest) = declared.split_once(':').expect("a type and what it is");
            let texts: Vec<&str> = rest.split('"').skip(1).step_by(2).take(3).collect();
            let [group, version, kind] = texts[..] else { panic!("a group, a version and a kind: {declared}") };
            let name = name.trim();
            let type_ = format!("{library}::models::{module}::{name}");
            writeln!(arms, "        {:?} => again::<{type_}>(text),", format!("{group}/{version} {kind}"))
                .expect("a String takes everything");
        }
    }
    format!(
        "use std::io::BufRead;

fn again<T: kubernetes_core::Object>(text: &str) -> String {{
    let object: Result<T, _> = kubernetes_core::json::from_str(text);
    match object {{
        Ok(object) => kubernetes_core::json::to_string(&object).unwrap_or_else(|error| error.to_string()),
        Err(error) => format!(\"error: {{error}}\"),
    }}
}}

fn one(kind: &str, text: &str) -> String {{
    match kind {{
{arms}        _ => \"error: the kind is not known\".to_owned(),
    }}
}}

fn main() {{
    for line in std::io::stdin().lock().lines() {{
        let line = line.expect(\"UTF-8\");
        let (kind, text) = line.split_once('\\t').expect(\"a kind and an object\");
        println!(\"{{}}\", one(kind, text));
    }}
}}
"
    )
}

/// Runs the program; returns its output for each object.
pub(crate) fn run(program: &Path, objects: &[Value]) -> Vec<String> {
    let mut child =
        Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("it is piped");
    let lines: String = objects.iter().map(|object| format!("{}\t{object}\n", kind(object))).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("it did not panic").expect("the program reads all");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("it writes UTF-8").lines().map(str::to_owned).collect()
}

fn kind(object: &Value) -> String {
    let text = |key: &str| object[key].as_str().unwrap_or_default();
    format!("{} {}", text("apiVersion"), text("kind"))
}
