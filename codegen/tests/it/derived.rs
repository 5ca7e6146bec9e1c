//! A crate that is generated from a derived definition has the meaning of the Rust types that the definition came from.
//!
//! The types are those of the cluster's tests, with every attribute that a schema knows.

use std::process::Command;

use kubernetes_codegen::{CustomResources, generate_custom};
use serde_json::{Value, json};

use super::custom_objects::{Workspace, difference};
use super::round_trip;
use super::support::root;

#[path = "../../../e2e_test/tests/it/derived/cases.rs"]
mod cases;

/// Prints the definition, and then a line for each line of its input, an object: how the derived type writes it. With a
/// number, it prints so many objects that fit the schema.
const PROGRAM: &str = r#"
use std::io::BufRead;

use kubernetes_sdk::CustomResource;
use kubernetes_sdk::core::json::{self, Tree};
use kubernetes_sdk::core::schema::sample;

#[allow(dead_code, unused_imports)]
#[path = TYPES]
mod types;

use types::Probe;

fn main() {
    let definition = Probe::definition().expect("it is structural");
    println!("{}", definition.to_json());
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("UTF-8");
        match line.parse() {
            Ok(seed) => {
                let mut object = sample(definition.schema("v1").expect("the version is there"), seed);
                for (place, value) in [("/apiVersion", "derived.example.com/v1"), ("/kind", "Probe")] {
                    object.set(place, Tree::String(value.into())).expect("it is an object");
                }
                object.set("/metadata/name", Tree::String("p".into())).expect("it is an object");
                println!("{}", object.to_text());
            }
            Err(_) => match json::from_str::<Probe>(&line) {
                Ok(probe) => println!("{}", json::to_string(&probe).expect("it can be written")),
                Err(error) => println!("error: {error}"),
            },
        }
    }
}
"#;

/// The types of fields say what the schema says.
const SHAPES: &str = r"
#[allow(dead_code)]
mod shapes {
    use derived::models::derived_example_com::v1::probe::spec::{self, Defaults, Enums, Open};
    use kubernetes_core::{IntOrText, Json, Map, Nullable, Quantity, Rest, Str};

    // A value without a type may be null.
    fn absent_null_and_rest(open: Open) -> (Nullable<i32>, Nullable<Str>, Nullable<Json>, Rest) {
        (open.null, open.text, open.any, open.rest)
    }

    fn defaults(defaults: Defaults) -> (Option<Vec<Str>>, Option<Map<Str>>, Nullable<Str>, Option<IntOrText>) {
        (defaults.list, defaults.map, defaults.nothing, defaults.either)
    }

    fn int_or_string(enums: Enums, maps: spec::Maps) -> (Option<IntOrText>, Option<Map<Quantity>>) {
        (enums.either, maps.limits)
    }
}
";

#[test]
fn a_crate_of_a_derived_definition_has_the_meaning_of_its_types() {
    let workspace = Workspace::new("derived");
    let types = root().join("e2e_test/tests/it/derived/types.rs");
    let sdk = root().join("kubernetes/sdk");
    workspace.write("types/src/main.rs", &PROGRAM.replace("TYPES", &format!("{types:?}")));
    workspace.write(
        "types/Cargo.toml",
        &format!(
            "[package]\nname = \"types\"\nedition = \"2024\"\n\n[dependencies]\nkubernetes-sdk = {{ path = {sdk:?}, \
             default-features = false, features = [\"core-v1\", \"derive\"] }}\n"
        ),
    );
    workspace.cargo(&["build", "--quiet", "--package", "types"]);
    let types = |input: &[String]| run(Command::new(workspace.program("types")), input);
    let samples: Vec<String> = (0..400).map(|seed| seed.to_string()).collect();
    let mut samples = types(&samples);
    let definition = samples.remove(0);

    let files = [("derived.json".to_owned(), definition.into_bytes())];
    let root = root().to_string_lossy().into_owned();
    let (name, sdk, strict, reuse) = ("derived", Some(root.as_str()), true, true);
    let resources = CustomResources { files: &files, groups: &[], name, sdk, strict, reuse };
    let generated = generate_custom(&resources).unwrap_or_else(|error| panic!("{error}"));
    workspace.add_crate("derived", &generated.tree);
    workspace.write("derived/src/main.rs", &(round_trip::program("derived", &generated.tree) + SHAPES));
    workspace.cargo(&["build", "--quiet", "--package", "derived"]);

    let kept = cases::all().into_iter().filter_map(|(_, expected)| expected.ok());
    let object = |spec: Value| json!({"apiVersion": "derived.example.com/v1", "kind": "Probe", "metadata": {"name": "p"}, "spec": spec});
    let objects: Vec<String> = kept.map(|spec| object(spec).to_string()).chain(samples).collect();
    let by_types = types(&objects).split_off(1);
    let parse = |text: &String| serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let objects: Vec<Value> = objects.iter().map(parse).collect();
    let by_crate = round_trip::run(&workspace.program("derived"), &objects);
    let mut read = 0;
    for ((object, ours), theirs) in objects.iter().zip(&by_types).zip(&by_crate) {
        assert_eq!(changed(object, theirs), None, "{object}");
        // Samples know neither patterns nor all formats, of which the types know more than the crate.
        if !ours.starts_with("error: ") {
            read += 1;
            let ours = [parse(ours)];
            let again = round_trip::run(&workspace.program("derived"), &ours);
            assert_eq!(changed(&ours[0], &again[0]), None, "{object}");
        }
    }
    assert!(read * 10 >= objects.len() * 9, "{read} of {} are objects of the types", objects.len());
}

/// How what was written differs from what was read. Inside of reused built-in types, empty and absent are the same, as in
/// Go.
fn changed(object: &Value, written: &str) -> Option<String> {
    let Ok(mut written) = serde_json::from_str::<Value>(written) else { return Some(written.to_owned()) };
    let mut object = object.clone();
    for side in [&mut object, &mut written] {
        if let Some(models) = side.pointer_mut("/spec/models") {
            drop_empty(models);
        }
    }
    difference(&object, &written.to_string())
}

fn drop_empty(value: &mut Value) {
    let is_empty = |value: &Value| value == &json!([]) || value == &json!({});
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(drop_empty);
            fields.retain(|_, value| !is_empty(value));
        }
        Value::Array(items) => items.iter_mut().for_each(drop_empty),
        _ => {}
    }
}

/// The lines that a program prints for its input.
fn run(mut program: Command, input: &[String]) -> Vec<String> {
    use std::io::Write;
    use std::process::Stdio;

    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let text: String = input.iter().map(|line| format!("{line}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("it did not panic").expect("the program reads all");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("it writes UTF-8").lines().map(str::to_owned).collect()
}
