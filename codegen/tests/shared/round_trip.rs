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

/// Runs the program; what it answers to each object.
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

/// How what was written differs from what was read, if it does.
pub(crate) fn difference(object: &Value, written: &str) -> Option<String> {
    let Ok(written) = serde_json::from_str::<Value>(written) else { return Some(written.to_owned()) };
    first_difference("", object, &written)
}

fn first_difference(place: &str, before: &Value, after: &Value) -> Option<String> {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
            let mut pairs = keys.map(|key| (key, before.get(key), after.get(key)));
            pairs.find_map(|(key, before, after)| {
                let place = format!("{place}/{key}");
                match (before, after) {
                    (Some(before), Some(after)) => first_difference(&place, before, after),
                    // In built-in types, and metadata is one, `null` and absent are the same.
                    (Some(Value::Null), None) if key == "creationTimestamp" => None,
                    (before, after) => Some(format!("{place}: {before:?} became {after:?}")),
                }
            })
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => before
            .iter()
            .zip(after)
            .enumerate()
            .find_map(|(index, (before, after))| first_difference(&format!("{place}/{index}"), before, after)),
        // A quantity may be written as a number, and is a text.
        (Value::Number(before), Value::String(after)) if before.to_string() == *after => None,
        (Value::Number(before), Value::Number(after)) if before.as_f64() == after.as_f64() => None,
        _ if before == after => None,
        _ => Some(format!("{place}: {before} became {after}")),
    }
}
