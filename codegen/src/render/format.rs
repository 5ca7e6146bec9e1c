use std::collections::BTreeMap;
use std::num::NonZero;
use std::thread;

use super::{Origin, Page};
use crate::error::{Error, Result};
use crate::output::MARK;
use crate::text::single_line;

/// Parses and formats every page, on as many threads as the machine has, and puts the header on top.
pub(super) fn format_all(pages: &[Page], origin: Origin<'_>) -> Result<BTreeMap<String, String>> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(8);
    let chunk = pages.len().div_ceil(threads * 4).max(1);
    let chunks: Vec<&[Page]> = pages.chunks(chunk).collect();
    let results = thread::scope(|scope| {
        let format_chunks = |first: usize| {
            let mine = chunks.iter().skip(first).step_by(threads);
            let formatted =
                mine.flat_map(|chunk| chunk.iter()).map(|page| Ok((page.path.clone(), format(page, origin)?)));
            formatted.collect::<Result<Vec<_>>>()
        };
        let handles: Vec<_> = (0..threads).map(|first| scope.spawn(move || format_chunks(first))).collect();
        handles.into_iter().map(|handle| handle.join()).collect::<Vec<_>>()
    });
    let mut files = BTreeMap::new();
    for result in results {
        let formatted = result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        for (path, text) in formatted {
            if files.insert(path.clone(), text).is_some() {
                return Err(Error::new("two pages have this path").in_file(path));
            }
        }
    }
    Ok(files)
}

fn format(page: &Page, origin: Origin<'_>) -> Result<String> {
    let file = syn::parse_file(&page.text).map_err(|error| {
        let place = format!("{} produced invalid Rust for this page", page.template);
        Error::new(place).in_file(&page.path).caused_by(error)
    })?;
    let Origin { source, kubernetes, command } = origin;
    let source = single_line(source);
    let version = kubernetes.map(|kubernetes| format!(" (Kubernetes {kubernetes})")).unwrap_or_default();
    // Who generates a crate of custom resources has no templates at hand.
    let change = match kubernetes {
        Some(_) => format!("Change codegen/templates/{}, then run: {command}", page.template),
        None => format!("Made by: {command}"),
    };
    let header = format!("{MARK} from {source}{version}. Do not edit.\n// {change}\n\n");
    Ok(header + &spaced(&prettyplease::unparse(&file)))
}

/// Puts an empty line between items, and between the methods of an impl: prettyplease leaves none.
fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + text.len() / 32);
    let mut lines = text.lines().peekable();
    let is_use = |line: &str| line.starts_with("use ");
    let mut in_use = false;
    while let Some(line) = lines.next() {
        in_use = is_use(line) || (in_use && line.starts_with([' ', '}']));
        spaced.push_str(line);
        spaced.push('\n');
        let Some(next) = lines.peek() else { break };
        let ends_item = !line.starts_with([' ', '/', '#']) && line.ends_with(['}', ';']);
        let indent = |line: &str| line.len() - line.trim_start().len();
        let is_inner = indent(line) >= 4 && indent(line) == indent(next);
        let begins_item = next.trim_start().starts_with(['#', '/']);
        let ends_inner = is_inner && (line.trim_start() == "}" || (line.ends_with(';') && begins_item));
        let ends_method = (line == "    }" && next.starts_with("    ")) || ends_inner;
        let stays = in_use && is_use(next);
        let declares = line.starts_with("mod ") && next.starts_with("mod ");
        let exports = line.ends_with(';') && next.starts_with("pub use ") && !line.starts_with("mod ");
        if (ends_item && !stays && !declares && !exports) || ends_method {
            spaced.push('\n');
        }
    }
    spaced
}
