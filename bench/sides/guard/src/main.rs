//! Does one thing many times inside a region that callgrind counts, and prints how often: the paths that
//! `bench/run guard` watches. One thread, no clock, and the same input each time, so that the count is the same.

use std::error::Error;
use std::fs;
use std::future::Future;
use std::hint::black_box;
use std::path::PathBuf;

use bench_measure::counted_region;
use clap::{Parser, ValueEnum};
use kubernetes_core::{List, Object, json};
use kubernetes_models::apiextensions::v1::CustomResourceDefinition;
use kubernetes_models::core::v1::{Pod, Secret};

mod events;
mod queue;
mod requests;

type Failure = Box<dyn Error + Send + Sync>;
type Result<T> = std::result::Result<T, Failure>;

#[derive(Parser)]
struct Arguments {
    #[arg(value_enum)]
    path: Path,
    /// A list as JSON, or the kubeconfig of a server with canned answers; none for the queue.
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Path {
    DecodePods,
    DecodeSecrets,
    DecodeCrds,
    EncodePods,
    EncodeCrds,
    RequestRead,
    RequestReadHttp2,
    RequestCreate,
    WatchEvent,
    ReflectorEvent,
    QueueTurn,
}

fn main() -> Result<()> {
    let Arguments { path, file } = Arguments::parse();
    let file = || file.as_deref().ok_or("this path needs a file");
    let times = match path {
        Path::DecodePods => decode::<Pod>(&fs::read(file()?)?)?,
        Path::DecodeSecrets => decode::<Secret>(&fs::read(file()?)?)?,
        Path::DecodeCrds => decode::<CustomResourceDefinition>(&fs::read(file()?)?)?,
        Path::EncodePods => encode::<Pod>(&fs::read(file()?)?)?,
        Path::EncodeCrds => encode::<CustomResourceDefinition>(&fs::read(file()?)?)?,
        Path::RequestRead => requests::read(file()?)?,
        Path::RequestReadHttp2 => requests::read_over_http2(file()?)?,
        Path::RequestCreate => requests::create(file()?)?,
        Path::WatchEvent => events::watch(&fs::read(file()?)?)?,
        Path::ReflectorEvent => events::reflector(&fs::read(file()?)?)?,
        Path::QueueTurn => queue::turns()?,
    };
    println!("{times}");
    Ok(())
}

/// Decodes a list, and drops it. The unit is a byte.
fn decode<K: Object>(text: &[u8]) -> Result<usize> {
    json::from_slice::<List<K>>(text)?;
    counted_region(|| json::from_slice::<List<K>>(black_box(text)).map(drop))?;
    Ok(text.len())
}

/// Encodes a list. The unit is a byte of what was decoded.
fn encode<K: Object>(text: &[u8]) -> Result<usize> {
    let list = json::from_slice::<List<K>>(text)?;
    counted_region(|| json::to_string(black_box(&list)).map(drop))?;
    Ok(text.len())
}

/// Runs work on this thread.
fn on_one_thread<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
