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
//! # Choosing an API
//!
//! - [`Watch::stream`]: every change after a known version. If the server has forgotten the version, the stream ends.
//! - [`Reflector`]: every change, indefinitely; it lists again if the server has forgotten the version. It keeps no
//!   objects.
//! - [`Informer`]: a [`Store`] that a reflector fills in the background, with snapshots, indexes and any number of
//!   [subscriptions](Subscription), which also report objects that were deleted while the watch was disconnected.
//!   Operators are built on it.
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
//! **Transient failures are hidden.** After the end of a connection, a reset, a timeout, silence, 429 or 5xx, the
//! stream reconnects from the last version: within a second after a successful watch, otherwise after 0.8 s, doubling
//! up to 30 s, with jitter, and honoring `Retry-After` up to a minute. The delay starts over at 0.8 s after a new
//! version, or after a connection that lasted for 10 s or nearly as long as the timeouts below allow.
//! [Observers](Watch::observe) and `tracing` see each failure.
//!
//! **An [`Error`] is final, and a retry can't fix it**: 401, 403, 404 and other refusals, a certificate that either
//! side rejects, and events that can't be decoded. If the server has forgotten the version ([`Error::is_gone`]), the
//! stream retries once, as another API server may know it; then the caller must list again. (A new version, or a
//! healthy connection, allows another retry.)
//!
//! **Retries without progress end.** The server may not know the version yet, respond with a watch that ends at once
//! without an event (as API servers may do if they have forgotten the version), or send an error that does not say
//! whether a retry can help. Each is retried ten times, which takes some minutes, and then ends the stream: if the
//! server's data was restored from a backup, it may reach the version through other changes, which would be missed. A
//! reflector lists again after the second attempt instead. It also lists again after ten consecutive watches without an
//! event or bookmark, unless the server could not be reached. Its lists have their own backoff, from 0.8 s to 30 s,
//! which only two minutes of healthy watches reset.
//!
//! **A lost network is detected.** The server ends each connection after 5 to 10 minutes
//! ([`timeout_seconds`](Watch::timeout_seconds)); if it does not, the client ends it 10 seconds later. The client also
//! closes a connection without an event or bookmark for 90 seconds ([`idle_timeout`](Watch::idle_timeout)). A page of a
//! list that takes 5 minutes is requested again.
//!
//! **Streams stop at once** ([`Watch::stop`], [`WatchStream::stop`], [`StopHandle::stop`]), even while waiting.
//!
//! Versions are opaque: they are passed on, but never ordered or computed.
//!
//! # How existing objects are listed
//!
//! Existing objects are listed with a streaming list
//! ([KEP-3157](https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/3157-watch-list)), which
//! saves the API server the memory for a list. If the server does not support it, they are listed in pages of 500 (or
//! the request's `limit`). The stream uses pages from then on if
//! - the server refuses the request with 400 or 422;
//! - the first bookmark does not mark the end of the initial events, because the server ignores the option;
//!
//! and only for this list, as the network may be to blame, if
//! - the server neither sends a further existing object nor marks their end for 10 seconds;
//! - the streaming list has been cut short, or failed with 5xx, twice.
//!
//! If a page has expired, the list starts again as a single response. The same applies to repeated continue tokens, and
//! to a hundred consecutive pages without objects; if these occur again, it is an error.

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
/// For use by the crates of this SDK.
#[doc(hidden)]
pub use informer::ShardGroup;
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

/// For the fuzz target with this name.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn check_watch_events(body: &[u8]) {
    wire::fuzz::check(body);
}
