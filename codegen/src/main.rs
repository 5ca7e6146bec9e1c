//! Regenerates the generated crates, and tells what changed between two descriptions.

#![allow(clippy::print_stdout, reason = "what the program reports is its output")]

mod command;

use std::process::ExitCode;

use clap::Parser;

/// How many problems are shown with the lines around them.
const EXCERPTS: usize = 5;

fn main() -> ExitCode {
    match command::run(&command::Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            for problem in error.problems().take(EXCERPTS).filter(|problem| !problem.excerpt().is_empty()) {
                eprint!("\n{}\n{}", problem.pointer(), problem.excerpt());
            }
            let mut source = std::error::Error::source(&error);
            while let Some(error) = source {
                eprintln!("  caused by: {error}");
                source = error.source();
            }
            ExitCode::FAILURE
        }
    }
}
