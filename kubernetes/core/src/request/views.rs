//! Other representations of the same objects: their metadata, a table, or the text that the server sent.
//!
//! Source: <https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources>

use http::HeaderValue;

use super::{GetRequest, ListRequest, ReadRequest, Request};
use crate::{PartialObjectMetadata, Printed, Raw, Table};

const METADATA: HeaderValue =
    HeaderValue::from_static("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json");
const METADATA_LIST: HeaderValue =
    HeaderValue::from_static("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json");
const TABLE: HeaderValue = HeaderValue::from_static("application/json;as=Table;v=v1;g=meta.k8s.io,application/json");

/// Equivalent to `application/json`, but a client that prefers another format leaves it alone.
const TEXT: HeaderValue = HeaderValue::from_static("application/json;q=1");

impl<K> ListRequest<K> {
    /// Asks only for the metadata of the objects, which is less to send, decode and keep if a program only needs names,
    /// labels and owners. It can also be [watched](ListRequest::into_watch).
    ///
    /// ```
    /// use kubernetes_core::ListRequest;
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let request = ListRequest::<Pod>::namespaced("shop").metadata_only().label_selector("app=web");
    /// assert_eq!(
    ///     request.request().accept,
    ///     "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
    /// );
    /// ```
    pub fn metadata_only(mut self) -> ListRequest<PartialObjectMetadata<K>> {
        self.request.accept = METADATA_LIST;
        ListRequest::from_request(self.request)
    }

    /// Keeps the objects as the JSON text that the server sends. It can also be [watched](ListRequest::into_watch).
    ///
    /// ```
    /// # use kubernetes_core::{Execute, ListRequest, json};
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # async fn example<E: Execute>(client: &E) -> Result<(), E::Error> {
    /// let pods = ListRequest::<Pod>::namespaced("shop").raw().send(client).await?;
    /// for pod in &pods.items {
    ///     println!("{} {}", pod.name(), pod.text());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw(mut self) -> ListRequest<Raw<K>> {
        self.request.accept = TEXT;
        ListRequest::from_request(self.request)
    }

    /// The same request, but reads the objects as another type.
    ///
    /// ```
    /// use kubernetes_core::{ListRequest, PartialObjectMetadata};
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let pods = ListRequest::<Pod>::namespaced("shop");
    /// let request: ListRequest<PartialObjectMetadata<Pod>> = pods.clone().read_as();
    /// assert_eq!(request.request().accept, pods.request().accept); // the whole object is sent, but only a part is kept
    /// ```
    pub fn read_as<T>(self) -> ListRequest<T> {
        ListRequest::from_request(self.request)
    }

    /// Asks for the objects as the server prints them, each as an item of a list that can be
    /// [watched](ListRequest::into_watch), as `kubectl get --watch` does.
    ///
    /// ```
    /// # use kubernetes_core::{Execute, ListRequest};
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # async fn example<E: Execute>(client: &E) -> Result<(), E::Error> {
    /// let pods = ListRequest::<Pod>::namespaced("shop");
    /// let table = pods.clone().table().send(client).await?;
    /// let headings: Vec<_> = table.column_definitions.iter().map(|column| column.name.as_str()).collect();
    ///
    /// // Watch it with `kubernetes-watch`, or send it to get a list of rows.
    /// let changes = pods.printed().resource_version(table.resource_version());
    /// # Ok(())
    /// # }
    /// ```
    pub fn printed(mut self) -> ListRequest<Printed<K>> {
        self.request.accept = TABLE;
        ListRequest::from_request(self.request)
    }

    /// Asks for the objects as the server prints them, in one [`Table`]. Set parameters first. For a table that can be
    /// watched, see [`printed`](Self::printed).
    ///
    /// ```
    /// use kubernetes_core::ListRequest;
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let request = ListRequest::<Pod>::namespaced("shop").label_selector("app=web").table();
    /// assert_eq!(request.request().accept, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
    /// ```
    pub fn table(mut self) -> GetRequest<Table> {
        self.request.accept = TABLE;
        GetRequest::from_request(self.request)
    }
}

impl<K> ReadRequest<K> {
    /// Asks only for the metadata of the object.
    pub fn metadata_only(mut self) -> ReadRequest<PartialObjectMetadata<K>> {
        self.request.accept = METADATA;
        ReadRequest::from_request(self.request)
    }

    /// Keeps the object as the JSON text that the server sends.
    pub fn raw(mut self) -> ReadRequest<Raw<K>> {
        self.request.accept = TEXT;
        ReadRequest::from_request(self.request)
    }

    /// Asks for the object as the server prints it: a table with one row.
    pub fn table(mut self) -> GetRequest<Table> {
        self.request.accept = TABLE;
        GetRequest::from_request(self.request)
    }
}

impl Request {
    /// Changes the media type of a list to that of its watch, whose events carry single objects: for metadata alone,
    /// the API server would otherwise send no events.
    ///
    /// [`ListRequest::into_watch`] does this automatically.
    pub fn accept_for_watch(&mut self) {
        if self.accept == METADATA_LIST {
            self.accept = METADATA;
        }
    }
}
