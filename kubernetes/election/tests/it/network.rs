//! A network between a client and the testing server that a test can cut and slow down.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use kubernetes_client::{Body, Client};
use kubernetes_testing::{ResponseBody, TestServer, TestService};
use tower_service::Service;

/// The way of one client to the server.
#[derive(Clone)]
pub(crate) struct Network {
    server: TestService,
    condition: Arc<Mutex<Condition>>,
}

#[derive(Clone, Copy, Default)]
struct Condition {
    is_cut: bool,
    /// How long a request takes to the server.
    there: Duration,
    /// How long a response takes back.
    back: Duration,
}

impl Network {
    pub(crate) fn to(server: &TestServer) -> Self {
        Self { server: server.service(), condition: Arc::default() }
    }

    pub(crate) fn client(&self) -> Client {
        Client::with_service(self.clone(), "shop")
    }

    /// Whether requests and responses are lost.
    pub(crate) fn cut(&self, is_cut: bool) {
        self.condition.lock().unwrap().is_cut = is_cut;
    }

    pub(crate) fn slow(&self, there: Duration, back: Duration) {
        let mut condition = self.condition.lock().unwrap();
        (condition.there, condition.back) = (there, back);
    }

    async fn lost_if_cut(&self) {
        if self.condition.lock().unwrap().is_cut {
            std::future::pending::<()>().await;
        }
    }
}

impl Service<Request<Body>> for Network {
    type Response = Response<ResponseBody>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Response<ResponseBody>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let mut network = self.clone();
        let condition = *self.condition.lock().unwrap();
        Box::pin(async move {
            tokio::time::sleep(condition.there).await;
            network.lost_if_cut().await;
            let response = network.server.call(request).await?;
            tokio::time::sleep(condition.back).await;
            network.lost_if_cut().await;
            Ok(response)
        })
    }
}
