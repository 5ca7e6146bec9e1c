use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;

use super::{ContinueTokens, Encoded, Execute, ListRequest, Request, RequestError};
use crate::json::DecodeError;
use crate::{List, Object};

/// The size of a page unless the request sets a limit, as in client-go's `tools/pager`.
const PAGE_SIZE: u32 = 500;

impl<K: Object> ListRequest<K> {
    /// Lists page by page: a stream of lists of at most [`limit`](Self::limit) objects, 500 by default.
    ///
    /// ```
    /// # use std::pin::pin;
    /// # use futures_core::Stream;
    /// # use kubernetes_core::{Execute, ListRequest, RequestError};
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # async fn example<E: Execute<Error: RequestError>>(client: &E) -> Result<(), E::Error> {
    /// let mut pages = ListRequest::<Pod>::all_namespaces().pages(client);
    /// while let Some(page) = pages.next_page().await? {
    ///     println!("{} pods", page.items.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// All pages show the state at the time of the first. If reading takes so long that the server has forgotten that
    /// state (410, after about five minutes), another list of all objects in their current state follows, which
    /// replaces all pages before it, and [`Pages::has_restarted`] returns true. client-go's `ListPager` does the same.
    ///
    /// One page is in memory at a time.
    pub fn pages<E>(mut self, client: &E) -> Pages<'_, K, E>
    where
        E: Execute<Error: RequestError>,
    {
        if self.request.query.get("limit").is_none() {
            self.request.query.set("limit", PAGE_SIZE);
        }
        let mut tokens = ContinueTokens::default();
        if let Some(token) = self.request.query.get("continue") {
            // The first token can't be a repetition.
            let _ = tokens.follow(token, false);
        }
        Pages {
            client,
            next: Some(self.request.clone()),
            base: self.request,
            fetching: None,
            state: State::First,
            tokens,
        }
    }

    /// Lists page by page, and yields single objects; see [`pages`](Self::pages).
    ///
    /// If the server forgets the version being listed, all objects follow again in their current state.
    pub fn items<E>(self, client: &E) -> Items<'_, K, E>
    where
        E: Execute<Error: RequestError>,
    {
        Items { pages: self.pages(client), current: Vec::new().into_iter() }
    }

    /// Lists page by page, and joins the pages. This saves the server from building one large response.
    ///
    /// If the server forgets the version in the meantime, the whole list is read again in a single request, as
    /// client-go does.
    ///
    /// # Errors
    /// As [`Execute::execute`], and also fails if the server's pages never end.
    ///
    /// # Cancel safety
    /// If the future is dropped, the request is abandoned; it changes nothing on the server.
    pub async fn send_all<E>(self, client: &E) -> Result<List<K>, E::Error>
    where
        E: Execute<Error: RequestError>,
    {
        let mut pages = self.pages(client);
        let Some(mut all) = pages.next_page().await? else { return Ok(List::default()) };
        while let Some(page) = pages.next_page().await? {
            if pages.has_restarted() {
                all = page;
            } else {
                all.items.extend(page.items);
            }
        }
        all.metadata.continue_ = None;
        all.metadata.remaining_item_count = None;
        Ok(all)
    }
}

/// A list, page by page; created by [`ListRequest::pages`].
///
/// The stream ends with `None`, or after its first error.
///
/// # Cancel safety
/// [`next_page`](Self::next_page) is cancel safe: no page is lost if its future is dropped. Dropping the stream abandons the request.
#[must_use = "streams do nothing unless polled"]
pub struct Pages<'a, K, E: Execute> {
    client: &'a E,
    /// The first request.
    base: Request,
    /// The next request; `None` at the end.
    next: Option<Request>,
    fetching: Option<Fetching<'a, K, E>>,
    state: State,
    tokens: ContinueTokens,
}

/// The page that was requested last.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    First,
    /// A page with a token.
    Later,
    /// The whole list, after the server had forgotten its pages.
    Whole,
    /// A page with a token that came with the whole list, from a server that pages without being asked to.
    LaterOfWhole,
}

type Fetching<'a, K, E> = Pin<Box<dyn Future<Output = Result<List<K>, <E as Execute>::Error>> + Send + 'a>>;

impl<K: Object, E: Execute<Error: RequestError>> Pages<'_, K, E> {
    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// As [`Execute::execute`], and also fails if the server's pages never end.
    pub async fn next_page(&mut self) -> Result<Option<List<K>>, E::Error> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await.transpose()
    }

    /// Whether the server had forgotten the version, so that the last page starts a new list, which replaces all
    /// earlier pages.
    pub fn has_restarted(&self) -> bool {
        self.state == State::Whole
    }

    fn page(&mut self, page: List<K>) -> Result<List<K>, E::Error> {
        if let Some(token) = page.continue_token() {
            self.tokens.follow(token, page.items.is_empty()).map_err(|error| {
                let error = DecodeError::new(error.to_string(), 0);
                E::Error::from_decode(error.in_field("continue").in_field("metadata"))
            })?;
            let mut next = self.base.clone();
            // A token implies the version, and servers refuse both together.
            next.query.remove("resourceVersion");
            next.query.remove("resourceVersionMatch");
            next.query.set("continue", token);
            self.next = Some(next);
        }
        Ok(page)
    }

    /// The whole list, after the server has forgotten the version of the pages.
    fn restart(&mut self) {
        self.state = State::Whole;
        self.tokens = ContinueTokens::default();
        let mut whole = self.base.clone();
        whole.query.remove("limit");
        whole.query.remove("continue");
        self.next = Some(whole);
    }
}

impl<K: Object, E: Execute<Error: RequestError>> Stream for Pages<'_, K, E> {
    type Item = Result<List<K>, E::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(fetching) = &mut this.fetching {
                let result = ready!(fetching.as_mut().poll(cx));
                this.fetching = None;
                match result {
                    Ok(page) => return Poll::Ready(Some(this.page(page))),
                    // Only once: a server that pages the whole list as well, and forgets it again, would cause an
                    // endless loop.
                    Err(error) if this.state == State::Later && error.status().is_some_and(crate::Status::is_gone) => {
                        this.restart();
                    }
                    Err(error) => return Poll::Ready(Some(Err(error))),
                }
            }
            let Some(request) = this.next.take() else { return Poll::Ready(None) };
            this.state = match (this.state, request.query.get("continue")) {
                (State::First, Some(_)) => State::Later,
                (State::Whole, Some(_)) => State::LaterOfWhole,
                (state, _) => state,
            };
            let client = this.client;
            this.fetching = Some(Box::pin(client.execute(request, Encoded::decode)));
        }
    }
}

impl<K, E: Execute> fmt::Debug for Pages<'_, K, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pages").field(&self.base).finish()
    }
}

/// A list, object by object; created by [`ListRequest::items`].
///
/// The stream ends with `None`, or after its first error.
///
/// # Cancel safety
/// [`next_item`](Self::next_item) is cancel safe: no object is lost if its future is dropped. Dropping the stream abandons the request.
#[must_use = "streams do nothing unless polled"]
pub struct Items<'a, K, E: Execute> {
    pages: Pages<'a, K, E>,
    current: vec::IntoIter<K>,
}

impl<K: Object, E: Execute<Error: RequestError>> Items<'_, K, E> {
    /// The next object; `None` after the last.
    ///
    /// # Errors
    /// See [`Pages::next_page`].
    pub async fn next_item(&mut self) -> Result<Option<K>, E::Error> {
        loop {
            if let Some(item) = self.current.next() {
                return Ok(Some(item));
            }
            match self.pages.next_page().await? {
                Some(page) => self.current = page.items.into_iter(),
                None => return Ok(None),
            }
        }
    }
}

impl<K: Object + Unpin, E: Execute<Error: RequestError>> Stream for Items<'_, K, E> {
    type Item = Result<K, E::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.current.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut this.pages).poll_next(cx)) {
                Some(Ok(page)) => this.current = page.items.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<K, E: Execute> fmt::Debug for Items<'_, K, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Items").field(&self.pages).finish()
    }
}
