//! This SDK: its own decoder and encoder.

use std::process::ExitCode;

mod side;

fn main() -> ExitCode {
    bench_measure::main(side::run)
}
