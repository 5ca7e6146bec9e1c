use std::fmt;
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::{ListRequest, LogRequest, Watchable};

use crate::counters::Counters;
use crate::settings::Settings;
use crate::stop::Streams;
use crate::{Counts, LogStream, Transition, WatchStream};

/// Turns list requests into streams of events, and stops them.
///
/// It owns a clone of the client. Its clones share its streams: [`stop`](Self::stop) on any of them ends all.
#[derive(Clone)]
pub struct Watch {
    pub(crate) client: Client,
    pub(crate) settings: Settings,
    pub(crate) streams: Streams,
}

impl Watch {
    /// The default time that a stream waits for an event or a bookmark; see [`idle_timeout`](Self::idle_timeout).
    ///
    /// The API server sends a bookmark "roughly every minute" (`defaultBookmarkFrequency` in
    /// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/storage/cacher/cacher.go>), so a healthy connection is
    /// never silent for this long, and a lost one is noticed soon.
    pub const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

    /// Creates a watch that uses `client`.
    pub fn new(client: &Client) -> Self {
        let settings = Settings {
            timeout_seconds: None,
            idle_timeout: Some(Self::IDLE_TIMEOUT),
            bookmarks: true,
            reconnect: true,
            observer: None,
            counters: Counters::default(),
        };
        Self { client: client.clone(), settings, streams: Streams::default() }
    }

    /// Sets the number of seconds after which the server ends a connection, whereupon the stream opens the next one.
    ///
    /// By default, and with `0`, each connection has a random duration of 5 to 10 minutes. A `timeoutSeconds` of the
    /// request applies if this function is not called.
    ///
    /// It does not end the stream, unless the stream [does not reconnect](Self::reconnect). If the server does not end
    /// a connection, the client ends it 10 seconds later; the [`idle_timeout`](Self::idle_timeout) detects a lost
    /// network sooner.
    #[must_use]
    pub fn timeout_seconds(mut self, seconds: u32) -> Self {
        self.settings.timeout_seconds = Some(seconds);
        self
    }

    /// Sets the time without an event or bookmark after which the stream replaces a connection; `None` for never.
    ///
    /// Without it, a connection that is lost silently (a firewall forgets it, a machine is unplugged) would hang until
    /// its [timeout](Self::timeout_seconds). The default is [`IDLE_TIMEOUT`](Self::IDLE_TIMEOUT). If the server sends
    /// no bookmarks, a quiet watch reconnects that often, without losing anything.
    ///
    /// It does not apply to pages of a list: each has 5 minutes, or the client's
    /// [`request_timeout`](kubernetes_client::ClientBuilder::request_timeout) if that is shorter.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.settings.idle_timeout = timeout.into();
        self
    }

    /// Sets whether to ask for bookmarks, which is the default.
    ///
    /// Bookmarks keep the version recent while nothing happens: without them, a quiet watch is more likely to end with
    /// [`is_gone`](crate::Error::is_gone) when its connection is lost. Streaming lists also need them.
    #[must_use]
    pub fn bookmarks(mut self, ask: bool) -> Self {
        self.settings.bookmarks = ask;
        self
    }

    /// Sets whether streams reconnect, which is the default.
    ///
    /// Otherwise a stream ends when the server ends its watch, and any failure is an error at once, without retries.
    /// With [`timeout_seconds`](Self::timeout_seconds), it ends within that time if the server is healthy, as in the
    /// official Python client:
    ///
    /// ```no_run
    /// # use kubernetes_core::ListRequest;
    /// # use kubernetes_watch::Watch;
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # async fn example(client: &kubernetes_client::Client) -> Result<(), kubernetes_watch::Error> {
    /// use futures_util::TryStreamExt;
    ///
    /// let pods = ListRequest::<Pod>::namespaced("shop");
    /// let mut events = Watch::new(client).timeout_seconds(10).reconnect(false).stream(pods);
    /// while let Some(event) = events.try_next().await? {
    ///     println!("{} {}", event.type_name(), event.object().map_or("", Pod::name));
    /// }
    /// println!("ten seconds are over");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn reconnect(mut self, reconnect: bool) -> Self {
        self.settings.reconnect = reconnect;
        self
    }

    /// The counts of all streams of this watch and its clones.
    pub fn counts(&self) -> Counts {
        self.settings.counters.snapshot()
    }

    /// Calls `observer` whenever a stream changes its connection, for programs that count reconnects or show that they
    /// are offline.
    ///
    /// ```no_run
    /// # use kubernetes_client::Client;
    /// # fn example(client: &Client) {
    /// use kubernetes_watch::{Reason, Watch};
    ///
    /// let watch = Watch::new(client).observe(|transition| match transition.reason() {
    ///     Reason::Connected => println!("online"),
    ///     reason => println!("{reason}, next try in {:?}", transition.wait()),
    /// });
    /// # }
    /// ```
    ///
    /// It is called while the stream is polled, so it must not block. `tracing` logs the same.
    #[must_use]
    pub fn observe(mut self, observer: impl Fn(&Transition<'_>) + Send + Sync + 'static) -> Self {
        self.settings.observer = None;
        self.settings.observe(observer);
        self
    }

    /// Watches the objects that `request` lists.
    ///
    /// With a resourceVersion in the request ([`ListRequest::since`]), the stream yields every change after it. Without
    /// one, or with `0`, it first yields the existing objects as [`Event::Added`](crate::Event::Added), once all are
    /// known, and a [bookmark](crate::Bookmark::ends_initial_events); then every later change.
    ///
    /// Nothing is sent before the stream is first polled, which must happen inside a tokio runtime with its timer
    /// enabled. The request's `limit` is the page size for listing existing objects.
    pub fn stream<K: Watchable>(&self, request: ListRequest<K>) -> WatchStream<K> {
        WatchStream::new(self.client.clone(), request, &self.settings, self.streams.add())
    }

    /// Follows a log line by line, until it ends or is stopped.
    ///
    /// ```no_run
    /// # use kubernetes_core::LogRequest;
    /// # use kubernetes_watch::Watch;
    /// # async fn example(client: &kubernetes_client::Client, log: LogRequest) -> Result<(), kubernetes_client::Error> {
    /// use futures_util::TryStreamExt;
    ///
    /// let mut lines = Watch::new(client).stream_lines(log.tail_lines(10));
    /// while let Some(line) = lines.try_next().await? {
    ///     println!("{line}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`follow`](LogRequest::follow) is on unless the request sets it. Nothing is sent before the stream is first polled, so if the container does not exist, the stream's first item is an error. See [`LogStream`] for its guarantees; only [`stop`](Self::stop) of this watch applies to it.
    ///
    /// To read the current log, or to find out at once whether there is one, use [`LogRequest::lines`]; for the logs of
    /// many containers, use `PodLogs` of `kubernetes-streams`.
    pub fn stream_lines(&self, request: LogRequest) -> LogStream {
        LogStream::new(self.client.clone(), request, self.streams.add())
    }

    /// The same watch with an additional observer.
    pub(crate) fn also_observe(mut self, observer: impl Fn(&Transition<'_>) + Send + Sync + 'static) -> Self {
        self.settings.observe(observer);
        self
    }

    /// The same settings, for streams that are stopped separately.
    pub(crate) fn with_streams_of_its_own(&self) -> Self {
        Self { streams: Streams::default(), ..self.clone() }
    }

    /// Ends all streams and waits of this watch and its clones at once.
    ///
    /// Streams created later are not affected. To end a single stream, use its own [`stop`](WatchStream::stop) or
    /// [handle](WatchStream::stop_handle).
    pub fn stop(&self) {
        self.streams.stop();
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("timeout_seconds", &self.settings.timeout_seconds)
            .field("idle_timeout", &self.settings.idle_timeout)
            .field("bookmarks", &self.settings.bookmarks)
            .field("reconnect", &self.settings.reconnect)
            .finish_non_exhaustive()
    }
}
