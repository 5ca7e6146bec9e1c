//! Which field is expected next is a guess: a wrong one changes nothing about what is read.

use kubernetes_core::json::{AnyValue, Reader};

type Names = &'static [&'static str];

/// More types than the reader keeps orders for, some with more fields than it keeps the order of.
fn types() -> Vec<Names> {
    let names = |count: usize| (0..count).map(|index| -> &'static str { format!("f{index}").leak() });
    (0..400).map(|index| -> Names { names(3 + index * 127 / 399).collect::<Vec<_>>().leak() }).collect()
}

const ROUNDS: usize = 6;

/// The fields of an object in the order of this round, by their index.
fn fields(count: usize, round: usize) -> Vec<usize> {
    match round {
        0 | 1 => (0..count).collect(),
        // A prime above all counts: each field comes once.
        2 => (0..count).map(|index| index * 131 % count).collect(),
        3 => (0..count).rev().chain(0..count).collect(),
        4 => (0..count).filter(|index| index % 3 != 1).collect(),
        _ => (0..count).flat_map(|index| [index, index]).collect(),
    }
}

/// An object, with fields that the type does not have, and what its fields are read as.
fn object(count: usize, round: usize) -> (String, Vec<i64>) {
    let (mut text, mut expected) = (String::from("{"), vec![0; count]);
    for (place, index) in fields(count, round).into_iter().enumerate() {
        let value = (round + 1) * 1000 + place;
        if place % 7 == 3 {
            text += &format!(r#""f{count}":{{"f{index}":-1}},"#);
        }
        text += &format!(r#""f{index}":{value},"#);
        expected[index] = value.try_into().unwrap();
    }
    (text + r#""f":[]}"#, expected)
}

fn assert_read(types: &[Names], order: impl Iterator<Item = (usize, usize)> + Clone) {
    let objects = order.clone().map(|(index, round)| object(types[index].len(), round).0);
    let text = format!("[{}]", objects.collect::<Vec<_>>().join(","));
    let mut reader = Reader::new(&text);
    let mut first = true;
    reader.begin_list().unwrap();
    for (index, round) in order {
        assert!(reader.next_element(&mut first).unwrap());
        let names = types[index];
        let mut values = vec![0; names.len()];
        let mut fields: Vec<_> = values.iter_mut().map(|value: &mut i64| value as &mut dyn AnyValue).collect();
        reader.fields(names, &mut fields).unwrap();
        assert_eq!(values, object(names.len(), round).1, "{} fields, round {round}", names.len());
    }
    assert!(!reader.next_element(&mut first).unwrap());
    reader.end().unwrap();
}

#[test]
fn fields_of_many_types_are_read_in_any_order() {
    let types = types();
    assert_eq!((types[0].len(), types[399].len()), (3, 130));
    let count = types.len();
    assert_read(&types, (0..ROUNDS * count).map(|turn| (turn % count, turn / count)));
    assert_read(&types, (0..ROUNDS * count).map(|turn| (turn / ROUNDS, turn % ROUNDS)));
}

#[test]
fn names_that_begin_at_one_address_are_those_of_different_types() {
    static NAMES: [&str; 3] = ["first", "second", "third"];
    let turns: [(Names, &str, &[i64]); 3] = [
        (&NAMES[..2], r#"{"first":1}"#, &[1, 0]),
        (&["third", "other", "first"], r#"{"third":2,"first":3}"#, &[2, 0, 3]),
        (&NAMES, r#"{"first":4}"#, &[4, 0, 0]),
    ];
    // Orders are kept in long documents only.
    let text = [turns.map(|(_, text, _)| text).join(" "), " ".repeat(8 << 10)].concat();
    let mut reader = Reader::new(&text);
    for (names, text, expected) in turns {
        let mut values = vec![0; names.len()];
        let mut fields: Vec<_> = values.iter_mut().map(|value: &mut i64| value as &mut dyn AnyValue).collect();
        reader.fields(names, &mut fields).unwrap();
        assert_eq!(values, expected, "{text}");
    }
}
