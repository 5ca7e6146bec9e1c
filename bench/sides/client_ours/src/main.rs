//! This SDK as a client of a server.

use std::error::Error;

use bench_live::{Phases, Requests, on_all_cores};

mod pods;
mod requests;

fn main() -> Result<(), Box<dyn Error>> {
    match Requests::from_arguments() {
        Some(requests) => on_all_cores(requests::run(requests))?.map_err(|error| -> Box<dyn Error> { error }),
        None => Phases::run(pods::run),
    }
}
