use std::fmt;
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::{ListRequest, LogRequest, Watchable};

use crate::counters::Counters;
use crate::settings::Settings;
use crate::stop::Streams;
use crate::{Counts, LogStream, Transition, WatchStream};

/// Makes streams of events out of list requests, and stops them.
///
/// It owns a clone of the client. Its own clones have the same streams: [`stop`](Self::stop) on any ends all.
#[derive(Clone)]
pub struct Watch {
    pub(crate) client: Client,
    pub(crate) settings: Settings,
    pub(crate) streams: Streams,
}

impl Watch {
    /// How long a stream waits for an event or a bookmark by [default](Self::idle_timeout).
    ///
    /// The API server sends a bookmark "roughly every minute" (`defaultBookmarkFrequency` in
    /// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/storage/cacher/cacher.go>), so that a healthy
    /// connection is never silent for this long, and a lost one is noticed soon.
    pub const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

    /// Watches through `client`.
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

    /// Sets after how many seconds the server ends a connection, upon which the stream opens the next one.
    ///
    /// By default, and with `0`, each connection has a random time of 5 to 10 minutes. A `timeoutSeconds` of the request
    /// counts where this is not called.
    ///
    /// It does not end the stream, unless that [does not reconnect](Self::reconnect). A connection that the server has
    /// not ended 10 seconds after its time is ended by the client; a network that is lost is noticed sooner by the
    /// [`idle_timeout`](Self::idle_timeout).
    #[must_use]
    pub fn timeout_seconds(mut self, seconds: u32) -> Self {
        self.settings.timeout_seconds = Some(seconds);
        self
    }

    /// Sets after how long without an event or a bookmark the stream gives a connection up and opens the next one;
    /// `None` for never.
    ///
    /// Without it, a connection that is lost without a word (a firewall that forgets it, a machine that is unplugged)
    /// would hang until its [time](Self::timeout_seconds) is over. The default is [`IDLE_TIMEOUT`](Self::IDLE_TIMEOUT).
    /// Where the server sends no bookmarks, a quiet watch reconnects that often, and nothing is lost.
    ///
    /// It does not apply to pages of a list, which arrive whole: each has 5 minutes, or the client's
    /// [`request_timeout`](kubernetes_client::ClientBuilder::request_timeout) if that is shorter.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.settings.idle_timeout = timeout.into();
        self
    }

    /// Whether to ask for bookmarks, which is the default.
    ///
    /// They keep the version young while nothing happens: without them, a quiet watch is the more likely to end in
    /// [`is_gone`](crate::Error::is_gone) when its connection is lost. They are also what a streaming list needs.
    #[must_use]
    pub fn bookmarks(mut self, ask: bool) -> Self {
        self.settings.bookmarks = ask;
        self
    }

    /// Whether streams open another connection when the one that they have is over, which is the default.
    ///
    /// Without, a stream ends when the server ends its watch, and what goes wrong is an error at once: nothing is
    /// retried. With [`timeout_seconds`](Self::timeout_seconds) it is over within that time if the server lives, as
    /// with the official Python client:
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

    /// The counts of the streams of this watch and its clones so far.
    pub fn counts(&self) -> Counts {
        self.settings.counters.snapshot()
    }

    /// Calls `observer` whenever a stream changes its connection, for programs that count reconnects or show
    /// that it is offline.
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
    /// It is called while the stream is polled, so it must not block. The same is logged by `tracing`.
    #[must_use]
    pub fn observe(mut self, observer: impl Fn(&Transition<'_>) + Send + Sync + 'static) -> Self {
        self.settings.observer = None;
        self.settings.observe(observer);
        self
    }

    /// Watches what `request` lists.
    ///
    /// With a resourceVersion in the request ([`ListRequest::since`]), the stream has every change after it. Without
    /// one, or with `0`, it begins with the existing objects as [`Event::Added`](crate::Event::Added), once all are
    /// known, and a [bookmark](crate::Bookmark::ends_initial_events); then it has every later change.
    ///
    /// Nothing is sent before the stream is first polled, which must happen inside a tokio runtime with its timer
    /// enabled. The request's `limit` is the size of the pages in which existing objects are listed.
    pub fn stream<K: Watchable>(&self, request: ListRequest<K>) -> WatchStream<K> {
        WatchStream::new(self.client.clone(), request, &self.settings, self.streams.add())
    }

    /// Follows a log, line by line, until it ends or is stopped.
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
    /// [`follow`](LogRequest::follow) is set unless the request says otherwise. Nothing is sent before the stream is
    /// first polled: a container that does not exist is the stream's first item, an error. See [`LogStream`] for its
    /// guarantees; of this watch's settings, only [`stop`](Self::stop) concerns it.
    ///
    /// To read a log as it is now, or to know at once whether there is one, use [`LogRequest::lines`]; for the logs of
    /// many containers, `PodLogs` of `kubernetes-streams`.
    pub fn stream_lines(&self, request: LogRequest) -> LogStream {
        LogStream::new(self.client.clone(), request, self.streams.add())
    }

    /// The same watch with another observer, beside the one that it may have.
    pub(crate) fn also_observe(mut self, observer: impl Fn(&Transition<'_>) + Send + Sync + 'static) -> Self {
        self.settings.observe(observer);
        self
    }

    /// The same settings, for streams that are not stopped with this watch's.
    pub(crate) fn with_streams_of_its_own(&self) -> Self {
        Self { streams: Streams::default(), ..self.clone() }
    }

    /// Ends all streams and waits that were made by this watch and its clones, at once, even while they wait.
    ///
    /// Streams made later are not concerned. To end a single one, use its own
    /// [`stop`](WatchStream::stop) or [handle](WatchStream::stop_handle).
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
