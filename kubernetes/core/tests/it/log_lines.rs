//! Logs, line by line, however they arrive.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;
use kubernetes_core::LogLines;
use proptest::prelude::*;

struct Chunks(VecDeque<Result<Bytes, &'static str>>);

impl Stream for Chunks {
    type Item = Result<Bytes, &'static str>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front())
    }
}

fn chunks(chunks: &[&[u8]]) -> Chunks {
    Chunks(chunks.iter().map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect())
}

fn all(mut lines: LogLines<Chunks>) -> Vec<Result<String, &'static str>> {
    let mut yielded = Vec::new();
    while let Poll::Ready(Some(line)) = Pin::new(&mut lines).poll_next(&mut Context::from_waker(Waker::noop())) {
        yielded.push(line);
    }
    yielded
}

fn lines(log: &[&[u8]], longest: usize) -> Vec<String> {
    all(LogLines::new(chunks(log)).longest_line(longest)).into_iter().map(Result::unwrap).collect()
}

#[test]
fn splits_wherever_chunks_end() {
    let cases: &[(&[&[u8]], &[&str])] = &[
        (&[b"one\ntwo\n"], &["one", "two"]),
        (&[b"one\ntwo"], &["one", "two"]),
        (&[b"o", b"ne", b"\n", b"\n", b"two\n"], &["one", "", "two"]),
        (&[b"one\r", b"\ntwo\r\n"], &["one", "two"]),
        (&[b"\xc3", b"\xa9t\xc3\xa9\n"], &["été"]),
        (&[b"bad \xff byte\n"], &["bad \u{fffd} byte"]),
        (&[b"\n\n"], &["", ""]),
        (&[b""], &[]),
        (&[], &[]),
    ];
    for (log, expected) in cases {
        assert_eq!(lines(log, 1000), *expected, "{log:?}");
    }
}

#[test]
fn a_long_line_comes_in_pieces() {
    assert_eq!(lines(&[b"abcdefgh\nij\n"], 3), ["abc", "def", "gh", "ij"]);
    assert_eq!(lines(&[b"abc\nabcd\n"], 3), ["abc", "abc", "d"], "a line of just that length is whole");
    assert_eq!(lines(&[b"abc", b"\n", b"abc", b"d\n"], 3), ["abc", "abc", "d"]);
    assert_eq!(lines(&["ééé\n".as_bytes()], 3), ["é", "é", "é"], "no character is cut in two");
    assert_eq!(lines(&["€€\n".as_bytes()], 1).concat().chars().filter(|c| *c == '\u{fffd}').count(), 6);
    assert_eq!(lines(&[&[b'x'; 100_000]], 1).len(), 100_000);
}

#[test]
fn an_error_is_the_end_and_cuts_a_line_off() {
    let mut log = chunks(&[b"one\ntw"]);
    log.0.push_back(Err("reset"));
    log.0.push_back(Ok(Bytes::from_static(b"never\n")));
    assert_eq!(all(LogLines::new(log)), [Ok("one".to_owned()), Err("reset")]);
}

proptest! {
    #[test]
    fn is_the_same_however_it_is_cut(text in "[a\u{e9}\n\u{20ac}]{0,60}", cuts in prop::collection::vec(0usize..100, 0..8), longest in 4usize..20) {
        let bytes = text.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let cut: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        let whole = lines(&[bytes], longest);
        prop_assert_eq!(&lines(&cut, longest), &whole);
        prop_assert_eq!(whole.concat(), text.replace('\n', ""));
        prop_assert!(whole.iter().all(|line| line.len() <= longest && !line.contains(char::REPLACEMENT_CHARACTER)));
        prop_assert_eq!(lines(&cut, 1000), text.lines().collect::<Vec<_>>());
    }
}
