use kubernetes_core::{ObjectMeta, PartialObjectMetadata};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;
use crate::wire::MAX_EVENT;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Widget {
    metadata: ObjectMeta,
}

kubernetes_core::resource!(Widget: "example.com" / "v1" / "Widget", "widgets", namespaced, watch, serde);

fn event(version: u32) -> String {
    let name = "quote \\\" brace } escape \\\\";
    format!(r#"{{"type":"ADDED","object":{{"metadata":{{"name":"{name}","resourceVersion":"{version}"}}}}}}"#)
}

/// The versions of the events, read as they arrive, and whether the body ended in the middle of one.
fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, pauses: bool) -> (Vec<String>, bool) {
    let (mut reader, mut slot, mut versions) = (EventReader::default(), None::<Widget>, Vec::new());
    let mut take = |event: Option<WatchEvent>| match event {
        Some(WatchEvent::Object(_, version)) => {
            versions.push(version.to_string());
            true
        }
        Some(other) => panic!("{other:?}"),
        None => false,
    };
    for chunk in chunks {
        reader.push(Bytes::copy_from_slice(chunk));
        while take(reader.next(&mut slot).expect("an event")) {}
        while pauses && take(reader.next_unterminated(&mut slot).expect("an event")) {}
    }
    let mut end = reader.next_at_end(&mut slot);
    while let Ok(Some(event)) = end {
        take(Some(event));
        end = reader.next_at_end(&mut slot);
    }
    (versions, end.is_err())
}

proptest! {
    #[test]
    fn any_sequence_of_values_in_any_chunks_is_read(
        separators in prop::collection::vec("[ \r\n\t]{0,3}", 1..6),
        pretty: bool,
        pauses: bool,
        mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        truncated: bool,
    ) {
        let text: String = separators.iter().zip(1..).map(|(separator, version)| {
            let event = event(version);
            let event = if pretty { event.replace(",\"", ",\n  \"") } else { event };
            format!("{event}{separator}")
        }).collect();
        let text = if truncated { text + "{\"type\":\"ADD" } else { text };
        let mut cuts: Vec<usize> = cuts.drain(..).map(|cut| cut.index(text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let (versions, is_truncated) = read(cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]), pauses);
        let expected: Vec<_> = (1..=separators.len()).map(|version| version.to_string()).collect();
        prop_assert_eq!(versions, expected);
        prop_assert_eq!(is_truncated, truncated);
    }
}

#[test]
fn an_end_in_the_middle_of_an_event_is_told_from_text_that_is_not_an_event() {
    for (text, is_truncated) in [
        ("{\"type\":\"ADDED\",\"obj", true),
        ("<html>", true),
        ("{\"kind\":\"WidgetList\",\"items\":[]}", false),
        ("{\"type\":\"RENAMED\",\"object\":{}}", false),
    ] {
        let mut reader = EventReader::default();
        reader.push(text.into());
        assert!(reader.next(&mut None::<Widget>).unwrap().is_none());
        let end = reader.next_at_end(&mut None::<Widget>).unwrap_err();
        assert_eq!(matches!(end, ReadError::Truncated), is_truncated, "{text}: {end:?}");
    }
}

/// Each of them is an event as soon as it is complete.
#[test]
fn values_without_line_ends_are_read_as_they_come() {
    let mut reader = EventReader::default();
    for version in 1..10 {
        reader.push(event(version).into());
        assert!(reader.next(&mut None::<Widget>).unwrap().is_none() || version > 1);
        let event = reader.next_unterminated(&mut None::<Widget>).unwrap();
        assert!(event.is_some() || version > 1);
    }
}

#[test]
fn text_that_is_not_an_event_is_an_error_at_once() {
    for text in [
        "garbage\n",
        "null\n",
        "{}\n",
        "{\"type\":\"RENAMED\",\"object\":{}}\n",
        "{\"type\":\"AD\n",
        "{garbage\n",
        "<html>\n<body>",
    ] {
        let mut reader = EventReader::default();
        reader.push(text.into());
        assert!(matches!(reader.next(&mut None::<Widget>), Err(ReadError::Undecodable(_))), "{text}");
    }
}

#[test]
fn a_value_without_end_is_an_error() {
    for start in ["{\"type\":\n\"", "{\"type\":\""] {
        let mut reader = EventReader::default();
        reader.push(start.into());
        assert!(reader.next(&mut None::<Widget>).unwrap().is_none());
        let chunk = Bytes::from(vec![b'x'; 1024 * 1024]);
        let too_long = (0..=MAX_EVENT >> 20).find_map(|_| {
            reader.push(chunk.clone());
            reader.next(&mut None::<Widget>).err()
        });
        assert!(matches!(too_long, Some(ReadError::TooLong(_))), "{too_long:?}");
    }
}

#[test]
fn white_space_takes_no_memory() {
    let mut values = Values::new(Vec::new());
    for _ in 0..100 {
        values.push(&[b' '; 64 * 1024]);
        assert!(values.next().unwrap().is_none());
        assert!(values.size() <= 64 * 1024, "{}", values.size());
    }
}

/// A store of many objects has each common text once, as that of a list does.
#[test]
fn objects_of_a_watch_share_their_texts() {
    let name = "an-annotation.example.com/that-many-objects-have";
    let event = |version: usize| {
        let metadata = format!(r#"{{"resourceVersion":"{version}","annotations":{{"{name}":"{version}"}}}}"#);
        format!("{{\"type\":\"ADDED\",\"object\":{{\"metadata\":{metadata}}}}}\n")
    };
    let mut reader = EventReader::default();
    reader.push((1..2000).map(event).collect::<String>().into());
    let read = || {
        let mut slot = None::<PartialObjectMetadata<Widget>>;
        reader.next(&mut slot).expect("an event").and(slot).map(|object| object.metadata)
    };
    let metadata: Vec<ObjectMeta> = std::iter::from_fn(read).collect();
    let text_of = |metadata: &ObjectMeta| metadata.annotations.keys().next().map(|key| key.as_ptr());
    let [.., one, other] = metadata.as_slice() else { panic!("objects were read") };
    assert_eq!((text_of(one), text_of(one).is_some()), (text_of(other), true));
    assert_ne!(one, other);
}
