//! The connections of a tunnel, frame by frame.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::PortStream;
use super::connection::Read;
use super::connections::Connections;
use super::shared::Shared;
use crate::clock;
use crate::error::Error;
use crate::spdy::{Encoder, Frame};

const RECEIVE_BYTES: usize = 1000;

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn connections() -> Connections {
    Connections::new(RECEIVE_BYTES)
}

/// Connections with one that the server has accepted, whose streams are 1 and 3.
fn accepted() -> Connections {
    let mut connections = connections();
    assert_eq!(connections.open(80).unwrap(), 0);
    for id in [1, 3] {
        connections.receive(Frame::Reply { id, fin: false });
    }
    written(&mut connections);
    connections
}

fn written(connections: &mut Connections) -> Bytes {
    match connections.poll_batch(&cx()) {
        Poll::Ready(Some(batch)) => batch.freeze(),
        Poll::Ready(None) | Poll::Pending => Bytes::new(),
    }
}

fn frames(write: impl FnOnce(&mut BytesMut)) -> Bytes {
    let mut buffer = BytesMut::new();
    write(&mut buffer);
    buffer.freeze()
}

fn data(id: u32, bytes: &'static [u8], fin: bool) -> Frame {
    Frame::Data { id, bytes: Bytes::from_static(bytes), fin }
}

#[test]
fn a_connection_begins_with_two_streams_and_ends_that_of_errors() {
    let mut connections = connections();
    connections.open(80).unwrap();
    let expected = frames(|buffer| {
        let mut encoder = Encoder::default();
        encoder.open(buffer, 1, &[("streamtype", "error"), ("port", "80"), ("requestid", "0")]);
        encoder.open(buffer, 3, &[("streamtype", "data"), ("port", "80"), ("requestid", "0")]);
    });
    assert_eq!(written(&mut connections), expected);
    // The replies may come in any order.
    connections.receive(Frame::Reply { id: 3, fin: false });
    assert!(connections.poll_accepted(0, &cx()).is_pending());
    assert_eq!(written(&mut connections), Bytes::new());
    connections.receive(Frame::Reply { id: 1, fin: false });
    assert!(matches!(connections.poll_accepted(0, &cx()), Poll::Ready(Ok(()))));
    assert_eq!(written(&mut connections), frames(|buffer| Encoder::end(buffer, 1)));
    connections.receive(Frame::Reply { id: 1, fin: false });
    assert_eq!(written(&mut connections), Bytes::new(), "a second reply is not answered");
}

#[test]
fn the_end_of_data_waits_for_the_end_of_errors() {
    let mut connections = accepted();
    connections.receive(data(3, b"abc", true));
    assert!(matches!(connections.read(0, &cx()), Read::Bytes(bytes) if bytes == "abc"));
    assert!(matches!(connections.read(0, &cx()), Read::PendingError));
    connections.receive(data(1, b"", true));
    assert!(matches!(connections.read(0, &cx()), Read::End));
    // What this side would still send would wait in the server forever.
    assert_eq!(written(&mut connections), frames(|buffer| Encoder::reset(buffer, 3, 5)));
    assert!(matches!(connections.poll_write(0, &[b"x"], &cx()), Poll::Ready(Err(_))));
}

#[test]
fn an_error_after_the_end_of_data_is_not_missed() {
    let mut connections = accepted();
    connections.receive(data(3, b"", true));
    connections.receive(data(1, b"it bro", false));
    connections.receive(data(1, b"ke", true));
    let Read::Failed(error) = connections.read(0, &cx()) else { panic!("no error") };
    assert_eq!(error.to_string(), "the connection to port 80 failed: it broke");
}

#[test]
fn data_after_the_text_of_an_error_is_not_lost() {
    let mut connections = accepted();
    connections.receive(data(1, b"it broke", true));
    assert!(matches!(connections.read(0, &cx()), Read::PendingData));
    connections.receive(data(3, b"abc", false));
    assert!(matches!(connections.read(0, &cx()), Read::Bytes(bytes) if bytes == "abc"));
    connections.end_data(0);
    assert!(matches!(connections.read(0, &cx()), Read::Failed(error) if error.is_refused()));
    assert_eq!(written(&mut connections), frames(|buffer| Encoder::reset(buffer, 3, 5)));
}

/// A stream to port 80, whose server has sent these frames and sends nothing more.
fn stream_after(frames: impl IntoIterator<Item = Frame>) -> (Arc<Shared>, PortStream) {
    let shared = Shared::new(RECEIVE_BYTES, Arc::default());
    shared.lock().open(80).unwrap();
    for frame in [1, 3].map(|id| Frame::Reply { id, fin: false }).into_iter().chain(frames) {
        shared.lock().receive(frame);
    }
    (Arc::clone(&shared), PortStream::new(shared, 0, 80))
}

#[tokio::test(start_paused = true)]
async fn a_refused_port_is_an_error_though_its_data_does_not_end() {
    let (_, mut stream) = stream_after([data(1, b"connect: connection refused", true), data(3, b"abc", false)]);
    let (start, mut read) = (clock::now(), Vec::new());
    let error = stream.read_to_end(&mut read).await.unwrap_err();
    assert!(Error::of_io(&error).unwrap().is_refused(), "{error}");
    assert_eq!((read.as_slice(), start.elapsed().as_secs()), (&b"abc"[..], 10));
    let error = stream.write_all(b"x").await.unwrap_err();
    assert!(Error::of_io(&error).unwrap().is_refused(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_data_is_the_end_though_no_error_follows() {
    let (_, mut stream) = stream_after([data(3, b"abc", true)]);
    let (start, mut read) = (clock::now(), Vec::new());
    stream.read_to_end(&mut read).await.unwrap();
    assert_eq!((read.as_slice(), start.elapsed().as_secs()), (&b"abc"[..], 10));
    stream.write_all(b"x").await.expect("the pod may still read");
    // Any text of an error is one, though its end is missing.
    let (_, mut stream) = stream_after([data(3, b"", true), data(1, b"connect: ", false)]);
    let error = stream.read(&mut [0; 3]).await.unwrap_err();
    assert!(Error::of_io(&error).unwrap().is_refused(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_error_behind_a_slow_reader_is_not_missed() {
    let (shared, mut stream) = stream_after([data(3, b"", true)]);
    let mut read = [0; 3];
    let failing = async {
        shared.lock().open(81).unwrap();
        shared.lock().receive(Frame::Data { id: 7, bytes: vec![1; RECEIVE_BYTES + 1].into(), fin: false });
        clock::sleep(Duration::from_secs(12)).await;
        shared.lock().read(1, &cx());
        shared.lock().receive(data(1, b"it broke", true));
    };
    let (error, ()) = tokio::join!(stream.read(&mut read), failing);
    assert_eq!(Error::of_io(&error.unwrap_err()).unwrap().to_string(), "the connection to port 80 failed: it broke");
}

#[tokio::test(start_paused = true)]
async fn an_error_in_the_time_after_the_end_of_data_is_the_outcome() {
    let (shared, mut stream) = stream_after([data(3, b"", true)]);
    let mut read = [0; 3];
    let failing = async {
        clock::sleep(Duration::from_secs(9)).await;
        shared.lock().receive(data(1, b"it broke", true));
    };
    let (error, ()) = tokio::join!(stream.read(&mut read), failing);
    assert_eq!(Error::of_io(&error.unwrap_err()).unwrap().to_string(), "the connection to port 80 failed: it broke");
}

#[test]
fn a_connection_that_both_sides_have_ended_is_not_reset() {
    let mut connections = accepted();
    connections.end(0).unwrap();
    connections.receive(data(3, b"", true));
    connections.receive(data(1, b"", true));
    assert_eq!(written(&mut connections), frames(|buffer| Encoder::end(buffer, 3)));
    connections.abandon(0, clock::now());
    assert!(matches!(connections.read(0, &cx()), Read::Failed(_)), "it is forgotten");
}

#[test]
fn a_reset_is_an_error() {
    let mut connections = accepted();
    connections.receive(Frame::Reset { id: 3, status: 2 });
    let Read::Failed(error) = connections.read(0, &cx()) else { panic!("no error") };
    assert_eq!(error.to_string(), "the server reset the connection to port 80 (SPDY status 2)");
    assert_eq!(written(&mut connections), Bytes::new());
}

#[test]
fn a_connection_that_is_given_up_early_is_reset() {
    let mut connections = connections();
    connections.open(80).unwrap();
    written(&mut connections);
    connections.abandon(0, clock::now());
    let resets = |buffer: &mut BytesMut| [1, 3].into_iter().for_each(|id| Encoder::reset(buffer, id, 5));
    assert_eq!(written(&mut connections), frames(resets));
    connections.receive(Frame::Reply { id: 1, fin: false });
    assert_eq!(written(&mut connections), Bytes::new());
}

#[test]
fn writers_take_turns() {
    let mut connections = accepted();
    connections.open(81).unwrap();
    let bytes = vec![7; 100_000];
    for key in [0, 1] {
        let written = connections.poll_write(key, &[&bytes[..10], &bytes[10..]], &cx());
        assert!(matches!(written, Poll::Ready(Ok(65_536))), "{written:?}");
        assert!(connections.poll_write(key, &[&bytes], &cx()).is_pending());
    }
    assert!(written(&mut connections).len() > 2 * 65_536);
    assert!(matches!(connections.poll_write(0, &[&bytes], &cx()), Poll::Ready(Ok(65_536))));
}

#[test]
fn pings_are_answered_and_sent() {
    let mut connections = connections();
    connections.receive(Frame::Ping { id: 2 });
    connections.receive(Frame::Ping { id: 1 });
    assert_eq!(written(&mut connections), frames(|buffer| Encoder::ping(buffer, 2)));
    for id in [1, 3] {
        connections.tick(clock::now(), Duration::from_secs(60));
        assert_eq!(written(&mut connections), frames(|buffer| Encoder::ping(buffer, id)));
    }
}

#[test]
fn a_flood_of_pings_stops_reading_until_they_are_answered() {
    let mut connections = connections();
    let mut taken = 0;
    while connections.receive(Frame::Ping { id: 2 }) {
        taken += 1;
        assert!(taken < 10_000);
    }
    assert!(connections.poll_may_read(&cx()).is_pending());
    written(&mut connections);
    assert!(connections.poll_may_read(&cx()).is_ready());
}

#[test]
fn a_server_opens_no_streams() {
    let mut connections = connections();
    connections.receive(Frame::Open { id: 2 });
    assert_eq!(written(&mut connections), frames(|buffer| Encoder::reset(buffer, 2, 3)));
}

#[test]
fn after_a_go_away_connections_go_on_and_none_is_added() {
    let mut connections = accepted();
    connections.receive(Frame::GoAway);
    assert!(!connections.is_open());
    assert!(connections.open(80).unwrap_err().is_connection_lost());
    connections.receive(data(3, b"x", false));
    assert!(matches!(connections.read(0, &cx()), Read::Bytes(_)));
    connections.abandon(0, clock::now());
    connections.receive(Frame::Reset { id: 3, status: 5 });
    let end = std::iter::from_fn(|| match connections.poll_batch(&cx()) {
        Poll::Ready(batch) => batch,
        Poll::Pending => panic!("the tunnel has no reason to stay"),
    });
    end.for_each(drop);
}

#[test]
fn a_full_buffer_stops_reading_until_there_is_room() {
    let mut connections = accepted();
    assert!(connections.receive(Frame::Data { id: 3, bytes: vec![1; RECEIVE_BYTES].into(), fin: false }));
    assert!(!connections.receive(data(3, b"x", false)));
    assert!(connections.poll_may_read(&cx()).is_pending());
    connections.reset_slow_reader(Duration::from_secs(1));
    assert!(connections.poll_may_read(&cx()).is_pending(), "no other connection waits");
    connections.read(0, &cx());
    assert!(connections.poll_may_read(&cx()).is_ready());
}

#[test]
fn a_lost_tunnel_fails_what_had_not_ended() {
    let mut connections = accepted();
    connections.open(81).unwrap();
    connections.receive(data(3, b"last", true));
    connections.receive(data(1, b"", true));
    connections.lose(&Error::cut_short());
    // The first reason stays.
    connections.lose(&Error::closed());
    assert!(matches!(connections.read(0, &cx()), Read::Bytes(_)));
    assert!(matches!(connections.read(0, &cx()), Read::End));
    assert!(matches!(connections.poll_accepted(1, &cx()), Poll::Ready(Err(error)) if error.is_connection_lost()));
    assert!(connections.open(82).unwrap_err().is_connection_lost());
}
