//! Runs this SDK and its peers side by side, and prints one table.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Parser, ValueEnum};

mod bench;
mod compile;
mod controllers;
mod discovery;
mod instructions;
mod lists;
mod machine;
mod manifests;
mod requests;
mod server;
mod streams;
mod table;
mod watching;

use bench::Bench;
use table::Table;

/// Measures this SDK beside its peers, and prints one table.
#[derive(Parser)]
struct Arguments {
    what: What,
    /// Also write the medians to this file, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// How many times each side runs, in turn, unless its part says that fewer are enough.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many objects the controllers have.
    #[arg(long, default_value_t = 10_000)]
    objects: usize,
    /// How many objects there are when controllers start with all that they own in place.
    #[arg(long, default_value_t = 100_000)]
    cold_objects: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    Compile,
    Decode,
    Encode,
    Memory,
    Size,
    Watch,
    Requests,
    Server,
    Discovery,
    Streams,
    Manifests,
    Controller,
    All,
}

type Part = fn(&Bench, &mut Table) -> bench::Result<()>;

const PARTS: &[(What, Part)] = &[
    (What::Size, lists::size),
    (What::Memory, lists::memory),
    (What::Decode, decode),
    (What::Encode, encode),
    (What::Compile, compile::measure),
    (What::Requests, requests::measure),
    (What::Watch, watching::measure),
    (What::Server, server::measure),
    (What::Discovery, discovery::measure),
    (What::Streams, streams::measure),
    (What::Manifests, manifests::measure),
    (What::Controller, controllers::measure),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let bench = Bench::new(arguments.rounds.max(1), arguments.objects, arguments.cold_objects)?;
    let mut table = Table::default();
    println!("{}\n", machine::description());
    let mut failed = Vec::new();
    for (what, measure) in PARTS {
        if arguments.what != *what && arguments.what != What::All {
            continue;
        }
        let start = Instant::now();
        // What the other parts measured, some of them for minutes, is not to be lost.
        if let Err(error) = measure(&bench, &mut table) {
            eprintln!("{what:?}: {error}");
            failed.push(format!("{what:?}"));
        }
        eprintln!("{what:?} took {} s", start.elapsed().as_secs());
    }
    println!("{table}");
    println!("{}", machine::load());
    if let Some(file) = arguments.json {
        std::fs::write(file, table.to_json())?;
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("not measured to the end: {}", failed.join(", ")).into()) }
}

fn decode(bench: &Bench, table: &mut Table) -> bench::Result<()> {
    lists::decode(bench, table)?;
    instructions::measure(bench, "decode", table)
}

fn encode(bench: &Bench, table: &mut Table) -> bench::Result<()> {
    lists::encode(bench, table)?;
    instructions::measure(bench, "encode", table)
}
