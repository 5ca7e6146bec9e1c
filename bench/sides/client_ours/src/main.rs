//! This SDK as a client of a server.

use std::error::Error;

use bench_live::{Load, Phases, Requests, on_all_cores};

mod load;
mod pods;
mod requests;

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(load) = Load::from_arguments() {
        return on_all_cores(load::run(load))?.map_err(|error| -> Box<dyn Error> { error });
    }
    match Requests::from_arguments() {
        Some(requests) => on_all_cores(requests::run(requests))?.map_err(|error| -> Box<dyn Error> { error }),
        None => Phases::run(pods::run),
    }
}
