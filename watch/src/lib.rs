//! Turns any Kubernetes list request into a resumable stream of events.
//!
//! ```no_run
//! # use serde::{Deserialize, Serialize};
//! use futures_util::TryStreamExt;
//! use kubernetes_client::Client;
//! use kubernetes_core::{ListRequest, ObjectMeta, resource};
//! use kubernetes_watch::{Event, Watch};
//!
//! #[derive(Clone, Debug, Default, Serialize, Deserialize)]
//! struct CronTab {
//!     metadata: ObjectMeta,
//! }
//! resource!(CronTab: "stable.example.com" / "v1" / "CronTab", "crontabs", namespaced, watch, serde);
//!
//! # async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
//! let tabs = ListRequest::<CronTab>::namespaced("shop");
//! let list = tabs.clone().send(client).await?;
//!
//! let mut events = Watch::new(client).stream(tabs.since(&list));
//! while let Some(event) = events.try_next().await? {
//!     match event {
//!         Event::Added(tab) | Event::Modified(tab) => println!("~ {}", tab.name()),
//!         Event::Deleted(tab) => println!("- {}", tab.name()),
//!         Event::Bookmark(_) => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Which one to use
//!
//! - [`Watch::stream`]: every change after a version that the caller has. If the server has forgotten the version, the
//!   stream ends.
//! - [`Reflector`]: every change, indefinitely; it lists again when the server has forgotten the version. It keeps no
//!   objects.
//! - [`Informer`]: a [`Store`] that a reflector fills in the background, with snapshots, indexes and any number of
//!   [subscriptions](Subscription), which learn of objects that were deleted while the watch was disconnected. Operators
//!   are built on it.
//! - [`until`]: waits for a condition.
//! - [`Watch::stream_lines`]: the lines of a log.
//!
//! # Guarantees of a stream
//!
//! **Every change after the starting point is delivered, in order and at least once.** The starting point is the
//! request's resourceVersion. Without one (or with `0`), the stream first lists, yields the existing objects as
//! [`Event::Added`] once the list is complete, then one [bookmark](Bookmark::ends_initial_events), and continues from
//! there. Until the list is complete, it holds the objects in memory.
//!
//! **Transient failures are hidden.** After an end of stream, a reset, a timeout, silence, 429 or 5xx the stream
//! reconnects from the last version: within a second after a watch that went well, otherwise after 0.8 s, doubling up to
//! 30 s, with jitter, and no sooner than a `Retry-After` says (up to a minute). It starts over at 0.8 s when a new
//! version has come or a connection has lived for 10 s, or nearly as long as the timeouts below allow.
//! [Observers](Watch::observe) and `tracing` see each failure.
//!
//! **An [`Error`] is final, and a retry can't cure it**: 401, 403, 404 and other refusals, a certificate that either
//! side does not accept, and events that can't be decoded. So is a version that the server has forgotten
//! ([`Error::is_gone`]): it is asked for once more, as another API server may know it, and then the caller must list
//! again. (A new version, or a connection that was healthy, allows another retry.)
//!
//! **Retries without progress end.** The server may not know the version yet, answer with a watch that
//! ends at once and without an event (as API servers may that have forgotten the version), or send an error that does
//! not say whether a retry can help. Each is retried ten times, which takes some minutes, and then ends the stream: if
//! the server's data was restored from a backup, it may come to the version by other changes, which would be missed.
//! A reflector lists again after the second time instead. It also lists again after ten watches in a row that brought
//! neither an event nor a bookmark, unless the server could not be reached. Its lists have a backoff of their own, from
//! 0.8 s to 30 s, that only two minutes of healthy watches reset.
//!
//! **A lost network is noticed.** The server ends each connection after 5 to 10 minutes
//! ([`timeout_seconds`](Watch::timeout_seconds)), and if it has not done so after 10 more seconds, the client does. It
//! also gives up a connection that has brought neither an event nor a bookmark for 90 seconds
//! ([`idle_timeout`](Watch::idle_timeout)). A page of a list that takes 5 minutes is asked for again.
//!
//! **It stops at once** ([`Watch::stop`], [`WatchStream::stop`], [`StopHandle::stop`]), even while it waits.
//!
//! Versions are opaque: they are passed on, never compared by order or computed.
//!
//! # How existing objects are listed
//!
//! With a streaming list ([KEP-3157](https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/3157-watch-list)),
//! which spares the API server the memory of a list. If the server has none, they are listed in pages of 500 (or the
//! request's `limit`). That is for as long as the stream lives if
//! - it refuses the request with 400 or 422;
//! - its first bookmark does not say that the initial events have ended, as when it ignores the option;
//!
//! and for this list alone, as the network may be to blame, if
//! - for 10 seconds it neither sends a further existing object nor says that they have ended;
//! - the streaming list has broken, or failed with 5xx, twice.
//!
//! A page that has expired makes the list start again, in one piece. So does a continue token that came before, or a
//! hundred pages in a row without an object; if that happens to the list in one piece too, it is an error.

mod clock;
mod counters;
mod driver;
mod error;
mod event;
mod informer;
mod log;
mod machine;
mod reflector;
mod settings;
mod stop;
mod store;
mod stream;
mod transition;
mod until;
mod watch;
mod wire;

pub use counters::Counts;
pub use error::Error;
pub use event::{Bookmark, Event};
pub use informer::{ErrorPolicy, Handler, Informer, InformerBuilder, NotReady, Shard, UndecodablePolicy};
pub use log::LogStream;
pub use reflector::{Change, Reflector, ReflectorStream};
pub use stop::StopHandle;
pub use store::{Index, Snapshot, Stopped, Store, StoreBuilder, StoreEvent, StoreWriter, Subscription};
pub use stream::WatchStream;
pub use transition::{Reason, Transition};
pub use until::{ListCondition, ObjectCondition, Objects, OnList, Until, UntilError, UntilObject, Verdict, until};
pub use watch::Watch;

#[doc(inline)]
pub use kubernetes_core::ObjectKey;

/// For the fuzz target of this name.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn check_watch_events(body: &[u8]) {
    wire::fuzz::check(body);
}
