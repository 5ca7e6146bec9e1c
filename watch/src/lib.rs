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
//! - [`Watch::stream`]: every change after a version that one has. What follows is about it.
//! - [`Reflector`]: every change, for ever; it lists again by itself when the server has forgotten the version.
//! - [`Informer`]: what there is, in a [`Store`] with indexes, and changes to be told of.
//! - [`until`]: to go on when something is so.
//! - [`Watch::stream_lines`]: a log.
//!
//! # What a stream promises
//!
//! **Every change after the starting point is delivered, in order and at least once.** The starting point is the
//! request's resourceVersion. Without one (or with `0`), the stream first lists, yields what exists as
//! [`Event::Added`] once the list is complete, then one [bookmark](Bookmark::ends_initial_events), and goes on from
//! there. Until the list is complete, it holds the objects in memory.
//!
//! **Trouble that passes is not seen.** After an end of stream, a reset, a timeout, silence, 429 or 5xx the stream
//! reconnects from the last version: after a watch that went well within a second, otherwise after 0.8 s, doubling up
//! to 30 s, with jitter, and no sooner than a `Retry-After` says (up to a minute). It starts over at 0.8 s when a new
//! version has come or a connection has lived for 10 s, or nearly as long as the timeouts below allow. An
//! [observer](Watch::observe) and `tracing` are told of it.
//!
//! **What a retry can't cure is an [`Error`], and final**: 401, 403, 404 and other refusals, a certificate that
//! either side does not accept, and what can't be decoded. So is a version that the server has forgotten
//! ([`Error::is_gone`]): it is asked for once more, as another API server may know it, and then the caller must list
//! again. (A new version, or a connection that was healthy, entitles to another such try.) A version that the server
//! does not know yet is asked for ten times more, which takes some minutes, and is then taken for one that it will never
//! know, since its data was restored from a backup: were it to come to that version by other changes, they would be
//! missed.
//!
//! **A lost network is noticed**: the server ends each connection after 5 to 10 minutes
//! ([`timeout_seconds`](Watch::timeout_seconds)), and the client gives up one from which nothing was heard for 90
//! seconds ([`idle_timeout`](Watch::idle_timeout)). A page of a list that takes 5 minutes is asked for again.
//!
//! **It stops at once** ([`Watch::stop`], [`WatchStream::stop`], [`StopHandle::stop`]), even while it waits.
//!
//! Versions are opaque: they are passed on, never compared by order or computed.
//!
//! # Which to use
//!
//! - [`Watch`]: the events from a version on, as the server tells them. Where the version is forgotten, it is over.
//! - [`Reflector`]: a stream for ever; when the version is forgotten, it lists again. It holds no objects.
//! - [`Informer`]: a [`Store`] that a reflector fills in the background, with snapshots, indexes and any number of
//!   [subscriptions](Subscription); what was deleted while away is told once. What an operator is built on.
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
//! A page that has expired makes the list start again, in one piece. So does one with the same continue token as the
//! page before; if that comes in one piece too, it is an error.

mod backoff;
mod counters;
mod decode;
mod driver;
mod error;
mod event;
mod events;
mod held;
mod informer;
mod lines;
mod log;
mod machine;
mod reflector;
mod requests;
mod stop;
mod store;
mod stream;
mod timer;
mod transition;
mod until;
mod watch;

pub use counters::Counts;
pub use error::Error;
pub use event::{Bookmark, Event};
pub use informer::{ErrorPolicy, Handler, Informer, InformerBuilder, Shard};
pub use log::LogStream;
pub use reflector::{Change, Reflector, ReflectorStream};
pub use stop::StopHandle;
pub use store::{Index, Snapshot, Stopped, Store, StoreBuilder, StoreEvent, StoreWriter, Subscription};
pub use stream::WatchStream;
pub use transition::{Reason, Transition};
pub use until::{Condition, ListCondition, Objects, Until, UntilError, UntilObject, Verdict, until};
pub use watch::Watch;

#[doc(inline)]
pub use kubernetes_core::ObjectKey;
