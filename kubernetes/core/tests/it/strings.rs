//! Str behaves as a String does, whether its text is inside, shared or static. Also run by Miri (`scripts/check --long`),
//! as the crate below it has unsafe code.

use std::borrow::Cow;
use std::thread;

use kubernetes_core::{Str, json};
use proptest::prelude::*;

proptest! {
    /// The lengths lie around the 16 bytes that need no allocation.
    #[test]
    fn every_way_to_make_one_keeps_the_text(text in "\\PC{0,24}|[a-zé€😀]{14,18}") {
        let made = [
            Str::from(text.as_str()),
            Str::from(text.clone()),
            Str::from(&text),
            Str::from(Cow::Borrowed(text.as_str())),
            text.chars().collect(),
            json::from_str(&json::to_string(&text).unwrap()).unwrap(),
        ];
        for one in &made {
            prop_assert_eq!(one, &text);
            let clone = one.clone();
            prop_assert_eq!(&clone, one);
            let optional = Some(clone.clone());
            prop_assert_eq!(optional.as_deref(), Some(text.as_str()));
            prop_assert_eq!(String::from(clone), text.clone());
        }
    }

    #[test]
    fn order_and_hashes_are_those_of_the_text(mut texts in prop::collection::vec("[ab]{0,20}", 0..12)) {
        let mut strs: Vec<Str> = texts.iter().map(Str::from).collect();
        strs.sort();
        texts.sort();
        prop_assert!(strs.iter().map(Str::as_str).eq(texts.iter().map(String::as_str)));
        let set: std::collections::HashSet<Str> = strs.into_iter().collect();
        prop_assert!(texts.iter().all(|text| set.contains(text.as_str())));
    }
}

#[test]
fn an_optional_one_is_as_large_as_one() {
    assert_eq!(size_of::<Option<Str>>(), size_of::<Str>());
    assert_eq!(Some(Str::EMPTY).as_deref(), Some(""));
    assert_eq!(Str::from_static("a text that is too long to be inside"), "a text that is too long to be inside");
}

#[test]
fn a_shared_text_lives_as_long_as_its_last_clone_on_any_thread() {
    let text = "too long to be stored inside of the string itself";
    let first = Str::from(text);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let clone = first.clone();
            thread::spawn(move || {
                let clones = [clone.clone(), clone.clone()];
                drop(clone);
                clones.map(|clone| clone.len())
            })
        })
        .collect();
    drop(first);
    for thread in threads {
        assert_eq!(thread.join().expect("no panic"), [text.len(); 2]);
    }
}
