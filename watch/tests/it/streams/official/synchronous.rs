//! The 22 cases of `watch_test.py`.

use futures_util::StreamExt;
use kubernetes_core::{ListRequest, Raw};
use kubernetes_watch::{Event, Watch, WatchStream};
use serde::{Deserialize, Serialize};

use super::{failure, from, lines, log, pieces, with_timeout};
use crate::streams::server::{Answer, Part, Server};
use crate::streams::{
    Widget, added, bookmark, bytes, ended, error, line, next, open, refusal, stream, take, then, widgets,
};

/// 1 is in `server.rs`: a generated list function, and one typed event.
///
/// 2, watch_typing_annotation_falls_back_to_documented_model: the type of the events is that of the list, known to the
/// compiler.
#[test]
fn case_2_the_type_is_that_of_the_list() {
    let _: fn(&Watch, ListRequest<Widget>) -> WatchStream<Widget> = Watch::stream;
}

#[tokio::test(start_paused = true)]
async fn case_3_watch_with_decode() {
    let text = [added("test1", 1), added("test2", 2), added("test3", 3)].concat() + "should_not_happened\n";
    let server = Server::new([pieces(text.as_bytes().chunks(37))]);
    let mut stream = stream(&server);
    for version in 1..=3 {
        assert_eq!(next(&mut stream).await, format!("+test{version}@{version}"));
        assert_eq!(stream.resource_version(), Some(&*version.to_string()));
    }
    stream.stop();
    assert_eq!(take(&mut stream).await, ["end", "end"], "the garbage behind it is not looked at");
    assert_eq!((server.times().len(), server.open()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn case_4_watch_with_interspersed_newlines() {
    let (first, rest) = (added("test1", 1), added("test2", 2) + &added("test3", 3));
    let (start, end) = first.split_at(40);
    let body = ["\n", "", start, "", end, "\n\n", "", &rest, "\n"];
    let server = Server::new([pieces(body.map(str::as_bytes))]);
    let mut stream = stream(&server);
    // Q1: nothing is yielded for a blank line.
    assert_eq!(take(&mut stream).await, ["+test1@1", "+test2@2", "+test3@3"]);
}

#[tokio::test(start_paused = true)]
async fn case_5_watch_with_multibyte_utf8() {
    let text = added("©1", 1) + &added("©2", 2);
    let half = text.find("©2").unwrap() + 1;
    let server = Server::new([pieces([&text.as_bytes()[..half], &text.as_bytes()[half..]])]);
    let mut stream = stream(&server);
    assert_eq!(take(&mut stream).await, ["+©1@1", "+©2@2"]);
    assert_eq!(stream.resource_version(), Some("2"));
}

#[tokio::test(start_paused = true)]
async fn case_6_watch_with_invalid_utf8() {
    for (invalid, replaced) in [(&b"\x80"[..], 1), (b"\xc0\xaf", 2), (b"\xe0\x80\xaf", 3)] {
        let event = added("NAME", 1);
        let (before, after) = event.split_once("NAME").unwrap();
        let body = [before.as_bytes(), "😄 ".as_bytes(), invalid, " 😄".as_bytes(), after.as_bytes()].concat();
        for size in [1, 3, body.len()] {
            let server = Server::new([pieces(body.chunks(size))]);
            let expected = format!("+😄 {} 😄@1", "\u{fffd}".repeat(replaced));
            assert_eq!(next(&mut stream(&server)).await, expected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn case_7_watch_for_follow() {
    let server = Server::new([then(["log_line_1\n".into(), "log_line_2\n".into()], Part::Hang)]);
    let mut lines = Watch::new(&server.client()).stream_lines(log());
    assert_eq!(lines.next().await.unwrap().unwrap(), "log_line_1");
    lines.stop();
    assert!(lines.next().await.is_none());
    assert_eq!(server.queries(), ["follow=true"]);
    assert_eq!(server.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn case_8_watch_resource_version_set() {
    let events = || ended([added("test1", 1), added("test2", 2), added("test3", 3)]);
    let server = Server::new([ended([]), events(), events(), open([])]);
    let mut stream = stream(&server);
    assert_eq!(take(&mut stream).await, ["+test1@1", "+test2@2", "+test3@3", "+test1@1", "+test2@2", "+test3@3"]);
    let _ = tokio::time::timeout(std::time::Duration::from_secs(30), stream.next()).await;
    assert_eq!(server.asked("resourceVersion"), ["5", "5", "3", "3"]);
}

// 9 and 10 are in `server.rs`.

#[tokio::test(start_paused = true)]
async fn case_11_unmarshal_with_float_object() {
    // An object is one, with metadata: what is none is an error, since nobody could resume after it.
    let server = Server::new([pieces([&b"{\"type\":\"ADDED\",\"object\":1}\n"[..]])]);
    assert!(failure(&mut stream(&server)).await.is_undecodable());
}

#[tokio::test(start_paused = true)]
async fn case_12_unmarshal_with_no_return_type() {
    let object = r#"{"metadata": {"resourceVersion": "6", "name": "a"},  "unknown": [1.0, 2e1]}"#;
    let server = Server::new([open([format!("{{\"type\":\"ADDED\",\"object\":{object}}}\n")])]);
    let mut stream = Watch::new(&server.client()).stream(widgets().resource_version("5").raw());
    let event = stream.next().await.unwrap().unwrap();
    let raw: &Raw<Widget> = event.object().unwrap();
    assert_eq!((event.type_name(), raw.text()), ("ADDED", object), "to the letter");
    assert_eq!(raw.decode().unwrap().name(), "a");
    // Q7: the version is followed here too.
    assert_eq!(stream.resource_version(), Some("6"));
}

#[tokio::test(start_paused = true)]
async fn case_13_unmarshal_with_custom_object() {
    #[derive(Clone, Debug, Default, Serialize, Deserialize)]
    struct Custom {
        metadata: kubernetes_core::ObjectMeta,
        spec: std::collections::BTreeMap<String, String>,
    }
    kubernetes_core::resource!(Custom: "example.com" / "v1" / "Custom", "customs", namespaced, watch, serde);

    let object =
        r#"{"apiVersion":"example.com/v1","kind":"Custom","metadata":{"resourceVersion":"1"},"spec":{"a":"b"}}"#;
    let server = Server::new([open([format!("{{\"type\":\"ADDED\",\"object\":{object}}}\n")])]);
    let request = ListRequest::<Custom>::namespaced("shop").resource_version("5");
    let mut stream = Watch::new(&server.client()).stream(request);
    let event = stream.next().await.unwrap().unwrap();
    assert_eq!(event.object().unwrap().spec["a"], "b");
    assert_eq!(stream.resource_version(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn case_14_unmarshal_with_bookmark() {
    // Hardly a field of it is set, and those that a Job must have are null.
    let partial = r#"{"type":"BOOKMARK","object":{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"resourceVersion":"1","creationTimestamp":null},"spec":{"template":{"metadata":{},"spec":{"containers":null}}},"status":{}}}"#;
    let server = Server::new([open([format!("{partial}\n")])]);
    let mut stream = stream(&server);
    let event = stream.next().await.unwrap().unwrap();
    assert_eq!(event.type_name(), "BOOKMARK");
    assert!(matches!(event, Event::Bookmark(bookmark) if bookmark.resource_version() == "1"));
    assert_eq!(stream.resource_version(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn cases_15_and_16_bookmarks_without_a_version() {
    // Python yields these, and goes on from a version that it has not been told.
    for metadata in [r#""metadata""#, r#"{"creationTimestamp":null}"#] {
        let text = format!("{{\"type\":\"BOOKMARK\",\"object\":{{\"metadata\":{metadata}}}}}\n");
        let server = Server::new([open([text])]);
        assert!(failure(&mut stream(&server)).await.is_undecodable(), "{metadata}");
    }
}

#[tokio::test(start_paused = true)]
async fn case_17_watch_with_exception() {
    let server = Server::new([then([], Part::Reset)]).always(open([added("a", 6)]));
    let failure = failure(&mut with_timeout(&server).stream(widgets().resource_version("5"))).await;
    assert!(!failure.is_undecodable() && failure.status().is_none(), "{failure}");
    assert_eq!((server.times().len(), server.open()), (1, 0));
    // Unless told otherwise, it is tried again.
    assert_eq!(next(&mut stream(&server)).await, "+a@6");
}

#[tokio::test(start_paused = true)]
async fn case_18_watch_with_error_event() {
    // Python ends without a word (Q5), and who called it believes that nothing happens.
    let server = Server::new([]).always(ended([error(410, "Gone")]));
    let mut stream = Watch::new(&server.client()).stream(widgets());
    assert!(failure(&mut stream).await.is_gone());
}

#[tokio::test(start_paused = true)]
async fn case_19_watch_retries_on_error_event() {
    let server = Server::new([]).always(ended([error(410, "Gone")]));
    assert!(failure(&mut from(&server, "7")).await.is_gone());
    assert_eq!(server.asked("resourceVersion"), ["7", "7"], "one retry");
    assert_eq!(server.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn case_20_watch_with_error_event_and_timeout_param() {
    let server = Server::new([]).always(ended([error(410, "Gone")]));
    let mut stream = with_timeout(&server).stream(widgets().resource_version("7"));
    assert!(failure(&mut stream).await.is_gone());
    assert_eq!((server.times().len(), server.open()), (1, 0));
    assert_eq!(server.asked("timeoutSeconds"), ["10"]);
}

#[tokio::test(start_paused = true)]
async fn case_21_pod_log_empty_lines() {
    let server = Server::new([ended(["first\n\n".into(), "\nlast\n".into()])]);
    assert_eq!(lines(&server).await, ["first", "", "", "last"]);
}

#[tokio::test(start_paused = true)]
async fn case_22_watch_with_deserialize_param() {
    let event = line("MODIFIED", "a", 6);
    let server = Server::new([]).always(open([event, "\n".into(), line("DELETED", "a", 7), bookmark(8)]));
    let mut decoded = stream(&server);
    assert_eq!(take(&mut decoded).await, ["~a@6", "-a@7", "=8"]);
    // Q6: blank lines are left out, and the version is followed, in this form too.
    let mut raw = Watch::new(&server.client()).stream(widgets().resource_version("5").raw());
    let mut seen = Vec::new();
    for _ in 0..3 {
        let event = raw.next().await.unwrap().unwrap();
        seen.push((event.type_name(), event.into_object().map(|raw| raw.text().to_owned())));
    }
    let text = |version| Some(crate::streams::object("a", version));
    assert_eq!(seen, [("MODIFIED", text(6)), ("DELETED", text(7)), ("BOOKMARK", None)]);
    assert_eq!(raw.resource_version(), Some("8"));
    assert_eq!(server.queries()[0], server.queries()[1], "the server is asked for the same");
}

/// `test_generated_api.py`: watch_raises_generated_api_http_errors.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_an_error_is_one() {
    let server = Server::new([refusal(404, "NotFound")]);
    let failure = failure(&mut stream(&server)).await;
    assert!(failure.is_not_found());
    assert_eq!(failure.status().and_then(|status| status.reason.as_deref()), Some("NotFound"));
}

/// Q2: the last line of a log counts, though it has no end. Lines that end as on Windows, characters in two chunks, and
/// lines without measure.
#[tokio::test(start_paused = true)]
async fn a_log_is_read_to_its_last_byte() {
    let text = "erste Zeile\r\nzweite ü\nletzte".as_bytes();
    let half = text.iter().position(|byte| *byte == 0xc3).unwrap() + 1;
    let server = Server::new([Answer::Body(vec![bytes(&text[..half]), bytes(&text[half..])])]);
    assert_eq!(lines(&server).await, ["erste Zeile", "zweite ü", "letzte"]);

    let long = vec![b'x'; 3 << 20];
    let server = Server::new([Answer::Body(vec![bytes(long)])]);
    let lines = lines(&server).await;
    assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [1 << 20; 3], "in pieces");
}

#[tokio::test(start_paused = true)]
async fn a_log_is_not_reconnected_and_stops_like_a_watch() {
    let server = Server::new([then(["a\n".into(), "b".into()], Part::Reset)]).always(open(["a\n".into()]));
    let watch = Watch::new(&server.client());
    let mut lines = watch.stream_lines(log().follow(false));
    assert_eq!(lines.next().await.unwrap().unwrap(), "a");
    assert!(lines.next().await.unwrap().is_err(), "half a line is an error");
    assert!(lines.next().await.is_none());
    assert_eq!(server.queries(), ["follow=false"]);

    let mut lines = watch.stream_lines(log());
    assert_eq!(lines.next().await.unwrap().unwrap(), "a");
    let waiting = tokio::spawn(async move { lines.next().await.is_none() });
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    assert!(!waiting.is_finished(), "silence is nothing strange in a log");
    watch.stop();
    assert!(waiting.await.unwrap());
    assert_eq!(server.open(), 0);

    let refused = Server::new([refusal(404, "NotFound")]);
    let mut lines = Watch::new(&refused.client()).stream_lines(log());
    assert!(lines.next().await.unwrap().unwrap_err().is_not_found());
    assert!(lines.next().await.is_none());
}
