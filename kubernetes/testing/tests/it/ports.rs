use kubernetes_client::{Client, ContentType};
use kubernetes_core::{CreateRequest, DeleteRequest, List, ListRequest, ObjectMeta, Path, ReplaceRequest};
use kubernetes_testing::{CustomResource, Fault, TestServer};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Widget {
    #[serde(default)]
    metadata: ObjectMeta,
    #[serde(default)]
    spec: WidgetSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct WidgetSpec {
    size: i32,
}

kubernetes_core::resource!(Widget: "example.com" / "v1" / "Widget", "widgets", namespaced, watch, serde);

const PATH: &str = "/apis/example.com/v1/namespaces/{namespace}/widgets";

async fn exercise(server: &TestServer, client: Client) {
    let mut widget = Widget { spec: WidgetSpec { size: 3 }, ..Widget::default() };
    widget.metadata.name = Some("a".into());
    let path = || Path::new(PATH, &["default"]);
    let created = CreateRequest::<Widget>::at(path(), &widget).send(&client).await.unwrap();
    assert_eq!(created.spec.size, 3);
    let refused = CreateRequest::<Widget>::at(path(), &widget).send(&client).await.unwrap_err();
    assert!(refused.is_already_exists(), "{refused}");

    let one = || Path::new(&format!("{PATH}/{{name}}"), &["default", "a"]);
    let replaced = ReplaceRequest::at(one(), &created).send(&client).await.unwrap();
    assert_eq!(replaced.metadata.generation, Some(1));
    let mut stale = created.clone();
    stale.spec.size = 4;
    let changed = ReplaceRequest::at(one(), &stale).send(&client).await.unwrap();
    assert_eq!(changed.metadata.generation, Some(2));
    let conflict = ReplaceRequest::at(one(), &stale).send(&client).await.unwrap_err();
    assert!(conflict.is_conflict(), "{conflict}");

    server.inject(Fault::status(503).verb("list"));
    assert!(ListRequest::<Widget>::namespaced("default").send(&client).await.is_err());
    let list: List<Widget> = ListRequest::namespaced("default").send(&client).await.unwrap();
    assert_eq!(list.items, [changed]);
    DeleteRequest::<Widget>::at(one()).send(&client).await.unwrap();
    assert!(ListRequest::<Widget>::all_namespaces().send(&client).await.unwrap().items.is_empty());
}

fn builder() -> kubernetes_testing::TestServerBuilder {
    TestServer::builder().resource(CustomResource::of::<Widget>().with_status())
}

#[tokio::test]
async fn a_client_works_in_process() {
    let server = builder().in_process();
    exercise(&server, server.client()).await;
}

#[tokio::test]
async fn a_client_works_over_a_port() {
    let server = builder().start().await.unwrap();
    exercise(&server, server.client()).await;
    let kubeconfig = kubernetes_config::Kubeconfig::parse(&server.kubeconfig(), "/config".as_ref());
    let config = kubernetes_config::Config::from_kubeconfig(&kubeconfig.unwrap(), None).unwrap();
    assert_eq!(config.server.to_string(), format!("{}/", server.url()));
}

#[tokio::test]
async fn a_client_that_prefers_cbor_falls_back_to_json() {
    let server = builder().start().await.unwrap();
    let config = kubernetes_config::Config::new(server.url().parse().unwrap());
    let client = Client::builder(config).content_type(ContentType::Cbor).build().unwrap();
    exercise(&server, client).await;
}

/// Connections are opened while nothing accepts them, since the test does not yield to the server.
#[cfg(target_os = "linux")] // Others allow fewer, whatever is asked for.
#[tokio::test]
async fn hundreds_of_connections_can_begin_at_once() {
    let server = builder().start().await.unwrap();
    let address = server.url().strip_prefix("http://").unwrap().parse().unwrap();
    let within = std::time::Duration::from_millis(900);
    let connect = |_| std::net::TcpStream::connect_timeout(&address, within);
    let streams: Vec<_> = (0..500).map(connect).collect::<Result<_, _>>().expect("no connection is kept waiting");
    assert_eq!(streams.len(), 500);
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let server = builder().start().await.unwrap();
    let client = server.client();
    assert!(ListRequest::<Widget>::all_namespaces().send(&client).await.is_ok());
    let watch = ListRequest::<Widget>::all_namespaces().into_watch().open(&client).await.unwrap();
    drop(server);
    let end: Vec<_> = futures_util::StreamExt::collect(watch).await;
    assert!(end.iter().any(Result::is_err), "{end:?}");
    assert!(ListRequest::<Widget>::all_namespaces().send(&client).await.is_err());
}
