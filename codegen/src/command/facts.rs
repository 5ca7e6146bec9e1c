use std::process::ExitCode;

use kubernetes_codegen::{Description, DescriptionFiles, Error, Lock, generate};

use super::Pinned;
use super::terminal::print;

pub(super) fn run(pinned: &Pinned) -> Result<ExitCode, Error> {
    let root = pinned.root();
    let (input, lock_path) = (root.join(&pinned.input), root.join(&pinned.lock));
    let lock = Lock::read(&lock_path)?;
    let description = DescriptionFiles::read(&input)?;
    lock.verify(&description.content(), &input, &lock_path)?;
    let source = pinned.input.display().to_string();
    let generation =
        generate(&Description { source: &source, kubernetes: &lock.kubernetes, content: description.content() })?;
    print(generation.facts);
    Ok(ExitCode::SUCCESS)
}
