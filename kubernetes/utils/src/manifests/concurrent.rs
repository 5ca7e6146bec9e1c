use std::future::Future;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

/// Runs futures concurrently, up to a limit, and yields their outputs as they complete.
pub(super) async fn concurrently<F: Future>(
    futures: impl IntoIterator<Item = F>,
    limit: usize,
    mut each: impl FnMut(F::Output),
) {
    let mut waiting = futures.into_iter();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < limit
            && let Some(future) = waiting.next()
        {
            running.push(future);
        }
        let Some(output) = running.next().await else { return };
        each(output);
    }
}
