//! Counts the instructions of key paths, and holds them against those that were recorded: a figure that no other program
//! on the machine touches, so that a change of it is a change of the code.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::bench::{Bench, Result, run};
use crate::instructions;
use crate::machine;
use crate::watching::{self, Canned};

/// By how much a count may differ from the recorded one: what hash seeds and the order of wake-ups change is a tenth of it.
const TOLERANCE: f64 = 0.03;

const RECORD: &str = "bench/run guard --record";

/// The paths, as `guard` calls them, and what they need.
const PATHS: [(&str, Input); 11] = [
    ("decode-pods", Input::List("pods", 100)),
    ("decode-secrets", Input::List("secrets", 100)),
    ("decode-crds", Input::List("crds", 5)),
    ("encode-pods", Input::List("pods", 100)),
    ("encode-crds", Input::List("crds", 5)),
    ("request-read", Input::Server),
    ("request-read-http2", Input::Server),
    ("request-create", Input::Server),
    ("watch-event", Input::List("pods", 100)),
    ("reflector-event", Input::List("pods", 100)),
    ("queue-turn", Input::Nothing),
];

#[derive(Clone, Copy)]
enum Input {
    List(&'static str, usize),
    Server,
    Nothing,
}

/// Instructions of each path, for a byte of a list, a request, an event or a turn.
#[derive(Serialize, Deserialize)]
struct Recorded {
    /// Other versions of these count otherwise.
    tools: String,
    instructions: BTreeMap<String, f64>,
}

/// Compares all paths with what was recorded, or records them.
pub(crate) fn run_guard(bench: &Bench, record: bool) -> Result<()> {
    let file = bench.source("guard.json");
    let tools = machine::tools()?;
    let recorded = match fs::read(&file) {
        Ok(text) => Some(serde_json::from_slice::<Recorded>(&text)?),
        Err(_) if record => None,
        Err(error) => return Err(format!("{}: {error}; record it by {RECORD}", file.display()).into()),
    };
    if let Some(recorded) = recorded.as_ref().filter(|recorded| !record && recorded.tools != tools) {
        println!("left out: instructions were recorded with {}, this is {tools}", recorded.tools);
        return Ok(());
    }
    let counted = count_all(bench)?;
    let before = recorded.map(|recorded| recorded.instructions).unwrap_or_default();
    let mut off = Vec::new();
    println!("| path | instructions | recorded | change |\n|---|---|---|---|");
    for (path, count) in &counted {
        let Some(known) = before.get(path) else {
            println!("| {path} | {count:.2} | – | – |");
            off.push(path.as_str());
            continue;
        };
        let change = count / known - 1.0;
        println!("| {path} | {count:.2} | {known:.2} | {:+.1} % |", 100.0 * change);
        if change.abs() > TOLERANCE {
            off.push(path);
        }
    }
    if record {
        let recorded = Recorded { tools, instructions: counted };
        return Ok(fs::write(file, serde_json::to_string_pretty(&recorded)? + "\n")?);
    }
    match off.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "not within {} % of what was recorded: {}. If that is meant, or for the better, record it by {RECORD}",
            100.0 * TOLERANCE,
            off.join(", ")
        )
        .into()),
    }
}

fn count_all(bench: &Bench) -> Result<BTreeMap<String, f64>> {
    watching::build(bench, &["bench-guard", "bench-canned"])?;
    let kubeconfig = bench.target("data").join("guard.kubeconfig");
    let _server = Canned::start(Command::new(bench.program("canned-requests")).arg(&kubeconfig))?;
    let count = |path: &str, input: Input| -> Result<f64> {
        let file: Option<PathBuf> = match input {
            Input::List(kind, count) => Some(bench.list(kind, count)?),
            Input::Server => Some(kubeconfig.clone()),
            Input::Nothing => None,
        };
        let mut valgrind = instructions::callgrind();
        let (times, log) = run(valgrind.arg(bench.program("guard")).arg(path).args(file))?;
        Ok(instructions::collected(&log)? / times.trim().parse::<f64>()?)
    };
    // Two at a time: counts do not mind.
    let (even, odd): (Vec<_>, Vec<_>) = PATHS.iter().enumerate().partition(|(index, _)| index % 2 == 0);
    let of = |paths: Vec<(usize, &(&str, Input))>| {
        let counted = paths.into_iter().map(|(_, (path, input))| {
            count(path, *input).map(|count| ((*path).to_owned(), count)).map_err(|error| format!("{path}: {error}"))
        });
        counted.collect::<std::result::Result<BTreeMap<_, _>, String>>()
    };
    let (mut counted, others) = std::thread::scope(|scope| {
        let others = scope.spawn(|| of(odd));
        (of(even), others.join())
    });
    counted.as_mut().map_err(|error| error.clone())?.extend(others.map_err(|_| "counting panicked")??);
    Ok(counted?)
}
