use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use kubernetes_core::{ListRequest, Watchable};

use super::lenient::Lenient;
use crate::{Change, Error, ReflectorStream, Watch};

pub(super) type LenientChange<K> = Result<Change<Lenient<K>>, Error>;

/// The changes of a request, in which a list fails if none of its objects can be decoded, because then the type is
/// wrong.
pub(super) fn changes<K: Watchable>(watch: &Watch, request: ListRequest<K>) -> BoxStream<'static, LenientChange<K>> {
    let Watch { client, settings, streams } = watch;
    let sent = request.request().clone();
    let changes = ReflectorStream::<Lenient<K>>::new(client.clone(), request, settings, streams.add());
    let mut list = ListCount::default();
    let checked = changes.map(move |change| {
        let change = change?;
        match &change {
            Change::RestartBegin => list = ListCount::default(),
            Change::Applied(Lenient::Decoded(_)) => list.decoded += 1,
            Change::Applied(Lenient::Undecodable(object)) if list.decoded == 0 => {
                list.error = Some(object.error(&sent));
            }
            Change::RestartEnd => list.check()?,
            Change::Applied(_) | Change::Deleted(_) | Change::Bookmark(_) => {}
        }
        Ok(change)
    });
    checked.boxed()
}

/// The objects of an incomplete list.
#[derive(Default)]
struct ListCount {
    decoded: usize,
    /// The error of an object that can't be decoded.
    error: Option<Error>,
}

impl ListCount {
    fn check(&self) -> Result<(), Error> {
        match &self.error {
            Some(error) if self.decoded == 0 => Err(error.clone()),
            _ => Ok(()),
        }
    }
}
