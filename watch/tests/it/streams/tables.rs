//! Objects as the server prints them, watched.

use futures_util::{StreamExt, TryStreamExt};
use kubernetes_client::Client;
use kubernetes_core::{CreateRequest, DeleteRequest, Printed};
use kubernetes_testing::{CustomResource, TestServer};
use kubernetes_watch::{Event, Informer, Watch, WatchStream};

use super::server::{Answer, Part, Server};
use super::{Widget, refusal, widgets};

async fn create(client: &Client, name: &str) {
    CreateRequest::namespaced("shop", &Widget::named(name)).send(client).await.unwrap();
}

/// The kind of the next event, and the first cell of its row.
async fn next(stream: &mut WatchStream<Printed<Widget>>) -> (&'static str, String) {
    let event = stream.try_next().await.unwrap().unwrap();
    (event.type_name(), event.object().map(|widget| widget.row.text(0).into_owned()).unwrap_or_default())
}

#[tokio::test]
async fn rows_follow_the_table_that_was_listed() {
    let server = TestServer::builder().resource(CustomResource::of::<Widget>()).namespace("shop").in_process();
    let client = server.client();
    create(&client, "a").await;
    let table = widgets().table().send(&client).await.unwrap();
    assert_eq!((table.column("Name"), &*table.rows[0].text(0)), (Some(0), "a"));

    let rows = widgets().printed().resource_version(table.resource_version());
    let mut stream = Watch::new(&client).stream(rows);
    create(&client, "b").await;
    DeleteRequest::<Widget>::namespaced("shop", "a").send(&client).await.unwrap();
    assert_eq!(next(&mut stream).await, ("ADDED", "b".to_owned()));
    assert_eq!(next(&mut stream).await, ("DELETED", "a".to_owned()));
}

#[tokio::test]
async fn existing_objects_come_as_rows() {
    let server = TestServer::builder().resource(CustomResource::of::<Widget>()).namespace("shop").in_process();
    let client = server.client();
    create(&client, "a").await;
    let mut stream = Watch::new(&client).stream(widgets().printed());
    assert_eq!(next(&mut stream).await, ("ADDED", "a".to_owned()));
    let Some(Ok(Event::Bookmark(bookmark))) = stream.next().await else { panic!("no bookmark") };
    assert!(bookmark.ends_initial_events());

    let informer = Informer::start(&client, widgets().printed());
    informer.wait_until_ready().await.unwrap();
    let rows = informer.store().snapshot();
    assert_eq!(rows.iter().map(|widget| widget.row.text(0).into_owned()).collect::<Vec<_>>(), ["a"]);
}

/// As a server without streaming lists answers.
#[tokio::test(start_paused = true)]
async fn a_table_is_listed_in_pages() {
    let table = |name: &str, next: &str| {
        let row =
            format!(r#"{{"cells":["{name}"],"object":{{"metadata":{{"name":"{name}","resourceVersion":"4"}}}}}}"#);
        let metadata = format!(r#"{{"resourceVersion":"9","continue":"{next}"}}"#);
        let text = format!(r#"{{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{metadata},"rows":[{row}]}}"#);
        Answer::Body(vec![Part::Bytes(text.into())])
    };
    let server = Server::new([refusal(400, "BadRequest"), table("a", "t"), table("b", "")]);
    let mut stream = Watch::new(&server.client()).stream(widgets().printed());
    assert_eq!(next(&mut stream).await, ("ADDED", "a".to_owned()));
    assert_eq!(next(&mut stream).await, ("ADDED", "b".to_owned()));
}
