use std::error::Error;

use futures_util::StreamExt;

use crate::streams::server::Server;
use crate::streams::{added, next, open, stream, take};

#[tokio::test(start_paused = true)]
async fn what_is_no_event_is_an_error_that_names_the_place() {
    for (line, place) in [
        ("garbage", "expected"),
        ("null", "expected an object, found null"),
        (
            "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Gadget\",\"metadata\":{\"resourceVersion\":\"7\"}}}",
            "object.kind",
        ),
        ("{\"type\":\"RENAMED\",\"object\":{}}", "type: unknown"),
        ("{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{}}}", "object.metadata: no resourceVersion"),
    ] {
        let server = Server::new([open([added("a", 6), format!("{line}\n"), added("b", 8)])]);
        let mut stream = stream(&server);
        assert_eq!(next(&mut stream).await, "+a@6");
        let error = stream.next().await.expect("an item").expect_err("an error");
        assert!(error.is_undecodable(), "{error:?}");
        let source = error.source().expect("a source").to_string();
        assert!(source.contains(place), "{line}: {source}");
        assert_eq!(take(&mut stream).await, ["end", "end"]);
        assert_eq!((server.times().len(), server.open()), (1, 0));
        assert_eq!(stream.resource_version(), Some("6"));
    }
}
