//! Valid documents of a definition, made from the description.

use fastrand::Rng;
use serde_json::Value;

use crate::description::{Form, Object, Other, Property};
use crate::tree::Tree;

/// Which documents are made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Every property is set, to something that is not empty.
    Full,
    /// Properties are set, empty, null or missing, in any order, unknown ones among them.
    Random,
    /// As random, and some are there twice.
    RandomTwice,
}

/// Makes documents.
pub(crate) struct Generator<'a> {
    pub(crate) style: Style,
    pub(crate) rng: Rng,
    /// The definitions around what is made: a recursive one is not entered again.
    open: Vec<&'a str>,
}

const TEXTS: &[&str] = &[
    "",
    "a",
    "web",
    "true",
    "null",
    "12",
    "a \"quoted\" text\n\twith \\ and /",
    "ünïcödé 漢字 😀",
    "\u{0}\u{1f}\u{7f}\u{2028}",
    "exactly twenty-three byt",
    "exactly twenty-four byte",
    "one more than what stays inline",
    "registry.example.com/a:v1",
];
const QUANTITIES: &[&str] =
    &["0", "500m", "1Gi", "1.5", "100M", "12e6", "0.5Gi", "-3", "1024Ki", "9223372036854775807"];
const TIMES: &[&str] = &[
    "2026-11-23T08:30:00Z",
    "2026-11-23T09:30:00+01:00",
    "1970-01-01T00:00:00Z",
    "2024-02-29T23:59:59.999999Z",
    "9999-12-30T00:00:00Z",
    "0001-01-02T00:00:00Z",
];

impl<'a> Generator<'a> {
    pub(crate) fn new(style: Style, seed: u64) -> Self {
        Self { style, rng: Rng::with_seed(seed), open: Vec::new() }
    }

    /// A valid value.
    pub(crate) fn value(&mut self, form: Form<'a>) -> Tree {
        let full = self.style == Style::Full;
        match form {
            Form::String(known) => match known.len() {
                0 => Tree::text(if full { "text" } else { self.pick(TEXTS) }),
                _ if !full && self.chance(20) => Tree::text("a value of a newer server"),
                _ => Tree::text(known[self.rng.usize(..known.len())].as_str()),
            },
            Form::Bytes => Tree::text(self.pick(&["AA==", "AAEC", "/+8=", "aHVudGVyMg=="])),
            Form::Integer32 => Tree::Scalar(self.pick(&[1, i32::MAX, i32::MIN, -1, 420]).into()),
            Form::Integer64 => Tree::Scalar(self.pick(&[1, i64::MAX, i64::MIN, -1, 1 << 53]).into()),
            Form::Number => Tree::Scalar(self.pick(&[1.5, -0.25, 1e300, 3.0, 5e-324]).into()),
            Form::Boolean => Tree::Scalar((full || self.rng.bool()).into()),
            Form::Quantity if !full && self.chance(20) => Tree::Scalar(self.pick(&[3, -1, 0]).into()),
            Form::Quantity => Tree::text(self.pick(QUANTITIES)),
            Form::Time | Form::MicroTime => Tree::text(self.pick(TIMES)),
            Form::IntOrString if self.rng.bool() => Tree::Scalar(self.pick(&[80, 0, i32::MIN]).into()),
            Form::IntOrString => Tree::text(self.pick(&["http", "25%", ""])),
            Form::Any => self.any(),
            Form::List(items) => Tree::List((0..self.count()).map(|_| self.element(items.form())).collect()),
            Form::Map(values) => {
                let entry =
                    |this: &mut Self, index| (format!("{}{index}", this.pick(TEXTS)), this.element(values.form()));
                Tree::Object((0..self.count()).map(|index| entry(self, index)).collect())
            }
            Form::Object(object) => self.object(object),
            Form::Union(object, other) => match other {
                _ if self.rng.bool() => self.object(object),
                Other::Boolean => Tree::Scalar(self.rng.bool().into()),
                Other::Strings => Tree::List((0..self.count()).map(|_| self.element(Form::String(&[]))).collect()),
                Other::Objects => Tree::List((0..self.count()).map(|_| self.object(object)).collect()),
            },
        }
    }

    fn object(&mut self, object: Object<'a>) -> Tree {
        if object.name.is_some_and(|name| self.open.contains(&name)) {
            return Tree::Object(Vec::new());
        }
        self.open.extend(object.name);
        let mut fields = Vec::new();
        for (name, constant) in object.type_meta().into_iter().flatten() {
            let value =
                if self.style == Style::Full || self.chance(50) { Tree::text(constant) } else { self.nothing() };
            fields.push((name.to_owned(), value));
        }
        for property in object.properties() {
            self.property(&property, &mut fields);
        }
        if self.style != Style::Full {
            if self.chance(10) {
                fields.push(("fieldOfANewerServer".to_owned(), self.any()));
            }
            self.rng.shuffle(&mut fields);
        }
        if object.name.is_some() {
            self.open.pop();
        }
        Tree::Object(fields)
    }

    fn property(&mut self, property: &Property<'a>, fields: &mut Vec<(String, Tree)>) {
        let is_plain_object = property.required && matches!(property.schema.form(), Form::Object(_));
        let style = self.style;
        let times = match style {
            Style::Full => 1,
            // The deeper, the fewer, so that documents end.
            _ if self.rng.usize(..10) < self.open.len() * 2 => 0,
            Style::RandomTwice if !is_plain_object && self.chance(20) => 2,
            _ => 1,
        };
        for _ in 0..times {
            let is_null = self.style != Style::Full && self.chance(10);
            let value = if is_null { Tree::NULL } else { self.value(property.schema.form()) };
            fields.push((property.name.to_owned(), value));
        }
    }

    /// An element of a list or a value of a map.
    fn element(&mut self, form: Form<'a>) -> Tree {
        if self.style != Style::Full && self.chance(5) { Tree::NULL } else { self.value(form) }
    }

    fn any(&mut self) -> Tree {
        let text = self.pick(&[
            r#"{"b":1,"a":[1.5,null,{"c":"d"}]}"#,
            r#"[]"#,
            r#"{}"#,
            r#""text""#,
            "0",
            "false",
            r#"{"f:metadata":{".":{}}}"#,
        ]);
        serde_json::from_str::<Value>(text).expect("this is JSON").into()
    }

    /// Values that count as absent for a constant.
    fn nothing(&mut self) -> Tree {
        if self.rng.bool() { Tree::NULL } else { Tree::text("") }
    }

    fn count(&mut self) -> usize {
        if self.style == Style::Full { 1 } else { self.rng.usize(..3) }
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.rng.u32(..100) < percent
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.rng.usize(..from.len())]
    }
}
