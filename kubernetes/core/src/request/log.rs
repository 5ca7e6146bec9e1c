use bytes::Bytes;
use http::{HeaderValue, Method};

use super::{Execute, Request, shape};
use crate::{Path, Time};

shape::request_type! {
    /// Reads a container's log.
    ///
    /// ```
    /// use kubernetes_core::{LogRequest, Path};
    ///
    /// let path = Path::new("/api/v1/namespaces/{namespace}/pods/{name}/log", &["shop", "web"]);
    /// let request = LogRequest::at(path).container("main").tail_lines(10);
    /// assert_eq!(
    ///     format!("{:?}", request.request()),
    ///     "GET /api/v1/namespaces/shop/pods/web/log?container=main&tailLines=10"
    /// );
    /// ```
    LogRequest<> {}
}

impl LogRequest {
    /// Creates a request that reads the log at `path`.
    pub fn at(path: Path) -> Self {
        let mut request = Request::new(Method::GET, path);
        // The log is text, but for text/plain alone the API server responds with 406 whenever it has to report an
        // error.
        request.accept = HeaderValue::from_static("*/*");
        Self::from_request(request)
    }

    /// Shows only what was logged after this time, to the second. The server refuses it together with
    /// [`since_seconds`](Self::since_seconds).
    ///
    /// The API description lacks this parameter; the server has it in `PodLogOptions`.
    ///
    /// ```
    /// use kubernetes_core::{LogRequest, Path, Time};
    ///
    /// let path = Path::new("/api/v1/namespaces/{namespace}/pods/{name}/log", &["shop", "web"]);
    /// let since: Time = "2030-01-01T10:00:00Z".parse()?;
    /// let request = LogRequest::at(path).since_time(since);
    /// assert_eq!(request.request().query.get("sinceTime"), Some("2030-01-01T10:00:00Z"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn since_time(mut self, since: Time) -> Self {
        self.request.query.set("sinceTime", since.to_string());
        self
    }

    /// Reads the log written so far, as text.
    ///
    /// Invalid UTF-8 becomes U+FFFD; use [`send_bytes`](Self::send_bytes) to get it unchanged.
    ///
    /// # Errors
    /// See [`Execute::execute`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the request is abandoned.
    pub async fn send<E: Execute>(self, client: &E) -> Result<String, E::Error> {
        client.execute(self.request, |log| Ok(String::from_utf8_lossy(log.bytes()).into_owned())).await
    }

    /// Reads the log written so far, as bytes.
    ///
    /// # Errors
    /// See [`Execute::execute`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the request is abandoned.
    pub async fn send_bytes<E: Execute>(self, client: &E) -> Result<Bytes, E::Error> {
        client.execute(self.request, |log| Ok(log.bytes().clone())).await
    }

    /// Reads the log in chunks of any length as it arrives; with [`follow`](Self::follow), as it is written.
    ///
    /// # Errors
    /// See [`Execute::open`].
    ///
    /// # Cancel safety
    /// Dropping the future or the stream ends the request.
    pub async fn open<E: Execute>(self, client: &E) -> Result<E::Body, E::Error> {
        client.open(self.request).await
    }
}
