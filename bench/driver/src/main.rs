//! Runs this SDK and its peers side by side, and prints one table.

use std::error::Error;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

mod bench;
mod compile;
mod instructions;
mod lists;
mod machine;
mod requests;
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
    /// How many times each side runs, in turn; compilations run as often, but at most three times.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Compile,
    Decode,
    Encode,
    Memory,
    Size,
    Watch,
    Requests,
    All,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let bench = Bench::new(arguments.rounds.max(1))?;
    let mut table = Table::default();
    let is_wanted = |what| arguments.what == what || arguments.what == What::All;
    println!("{}\n", machine::description());
    if !matches!(arguments.what, What::Compile | What::Watch | What::Requests) {
        lists::prepare(&bench)?;
    }
    if is_wanted(What::Size) {
        lists::size(&bench, &mut table)?;
    }
    if is_wanted(What::Memory) {
        lists::memory(&bench, &mut table)?;
    }
    if is_wanted(What::Decode) {
        lists::decode(&bench, &mut table)?;
        instructions::measure(&bench, "decode", &mut table)?;
    }
    if is_wanted(What::Encode) {
        lists::encode(&bench, &mut table)?;
        instructions::measure(&bench, "encode", &mut table)?;
    }
    if is_wanted(What::Compile) {
        compile::measure(&bench, &mut table)?;
    }
    if is_wanted(What::Requests) {
        requests::measure(&bench, &mut table)?;
    }
    if is_wanted(What::Watch) {
        watching::measure(&bench, &mut table)?;
    }
    println!("{table}");
    println!("{}", machine::load());
    if let Some(file) = arguments.json {
        std::fs::write(file, table.to_json())?;
    }
    Ok(())
}
