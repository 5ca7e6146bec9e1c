//! Runs this SDK and its peers side by side, and prints one table.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Parser, ValueEnum};

mod bench;
mod compile;
mod controllers;
mod copies;
mod counting_proxy;
mod curve;
mod discovery;
mod guard;
mod instructions;
mod lists;
mod machine;
mod manifests;
mod program;
mod protobuf;
mod requests;
mod scale;
mod server;
mod streams;
mod svg;
mod table;
mod watching;
mod webhooks;

use bench::Bench;
use table::Table;

/// Measures this SDK beside its peers, and prints one table.
#[derive(Parser)]
struct Arguments {
    what: What,
    /// Also write the medians to this file, as JSON, after each part.
    #[arg(long)]
    json: Option<PathBuf>,
    /// How many times each side runs, in turn, unless its part says that fewer are enough.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many objects the controllers of `controller` have.
    #[arg(long, default_value_t = 10_000)]
    objects: usize,
    /// How many objects there are when they start with all that they own in place.
    #[arg(long, default_value_t = 100_000)]
    cold_objects: usize,
    #[command(flatten)]
    copies: copies::Copies,
    /// Record the instructions that `guard` counts, instead of comparing them.
    #[arg(long)]
    record: bool,
    /// Also draw what was measured, into this folder.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// What `--json` has written before; can be repeated.
    #[arg(long)]
    from: Vec<PathBuf>,
    /// Measure larger numbers in `scale`, too, which takes an hour.
    #[arg(long)]
    long: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// All models and operations, by `cargo check`.
    CompileCheck,
    /// The derives.
    CompileDerive,
    /// Models and a crate that uses them, for release.
    CompileRelease,
    /// Whole programs.
    CompilePrograms,
    /// All parts that begin with this; likewise `scale`.
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
    Webhooks,
    Protobuf,
    ScalePods,
    ScaleWatches,
    ScaleCrds,
    Scale,
    /// All of these.
    All,
    /// Draw what was measured before, from the files of `--from`.
    Draw,
    /// Compare the instructions of key paths with those that were recorded.
    Guard,
}

type Part = fn(&Bench, &mut Table, &Arguments) -> bench::Result<()>;

const PARTS: &[(What, Part)] = &[
    (What::Size, |bench, table, _| lists::size(bench, table)),
    (What::Memory, |bench, table, _| lists::memory(bench, table)),
    (What::Decode, |bench, table, _| decode(bench, table)),
    (What::Encode, |bench, table, _| encode(bench, table)),
    (What::CompileCheck, |bench, table, _| compile::check(bench, table)),
    (What::CompileDerive, |bench, table, _| compile::derive(bench, table)),
    (What::CompileRelease, |bench, table, _| compile::release(bench, table)),
    (What::CompilePrograms, |bench, table, _| compile::programs(bench, table)),
    (What::Requests, |bench, table, _| requests::measure(bench, table)),
    (What::Watch, |bench, table, _| watching::measure(bench, table)),
    (What::Server, |bench, table, _| server::measure(bench, table)),
    (What::Discovery, |bench, table, _| discovery::measure(bench, table)),
    (What::Streams, |bench, table, arguments| {
        streams::measure(bench, table)?;
        copies::measure(bench, table, &arguments.copies)
    }),
    (What::Manifests, |bench, table, _| manifests::measure(bench, table)),
    (What::Controller, controller),
    (What::Webhooks, |bench, table, _| webhooks::measure(bench, table)),
    (What::Protobuf, |bench, table, _| protobuf::measure(bench, table)),
    (What::ScalePods, |bench, table, arguments| scale::pods(bench, table, arguments.long)),
    (What::ScaleWatches, |bench, table, _| scale::watches(bench, table)),
    (What::ScaleCrds, |bench, table, arguments| scale::custom_resources(bench, table, arguments.long)),
];

impl What {
    /// Whether a part is measured when this is asked for.
    fn includes(self, part: Self) -> bool {
        match self {
            Self::All => true,
            Self::Compile => {
                matches!(part, Self::CompileCheck | Self::CompileDerive | Self::CompileRelease | Self::CompilePrograms)
            }
            Self::Scale => matches!(part, Self::ScalePods | Self::ScaleWatches | Self::ScaleCrds),
            _ => self == part,
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let bench = Bench::new(arguments.rounds.max(1))?;
    if arguments.what == What::Guard {
        return guard::run_guard(&bench, arguments.record);
    }
    let mut table = Table::default();
    println!("{}; {}\n", machine::description(), machine::load());
    for file in &arguments.from {
        table.add_json(&std::fs::read(file)?).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let mut failed = Vec::new();
    for (what, measure) in PARTS {
        if !arguments.what.includes(*what) {
            continue;
        }
        let start = Instant::now();
        // What the other parts measured, some of them for minutes, is not to be lost.
        if let Err(error) = measure(&bench, &mut table, &arguments) {
            eprintln!("{what:?}: {error}");
            failed.push(format!("{what:?}"));
        }
        eprintln!("{what:?} took {} s", start.elapsed().as_secs());
        if let Some(file) = &arguments.json {
            std::fs::write(file, table.to_json())?;
        }
    }
    println!("{table}");
    println!("{}", machine::load());
    if let Some(folder) = &arguments.svg {
        let command = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
        svg::draw(folder, &table, &format!("bench/run {command}; {}", machine::description()))?;
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

fn controller(bench: &Bench, table: &mut Table, arguments: &Arguments) -> bench::Result<()> {
    let objects = controllers::Objects { first: arguments.objects, cold: arguments.cold_objects };
    controllers::measure(bench, table, objects)
}
