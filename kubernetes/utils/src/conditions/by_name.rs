use kubernetes_core::json::{self, DecodeError, Reader, Value, Writer};
use kubernetes_core::{Object, ObjectMeta, Str};
use kubernetes_watch::{ObjectCondition, Verdict};

/// Holds if an object of any type has a condition in `status.conditions` with this status, like `kubectl wait
/// --for=condition=TYPE=STATUS`.
///
/// Case does not matter. A condition that was observed for an older generation than the object's does not count; the
/// observed generation is that of the condition, or else of the status.
///
/// Source: <https://github.com/kubernetes/kubectl/blob/v0.37.2/pkg/cmd/wait/condition.go>
///
/// ```
/// use kubernetes_utils::conditions::condition_is;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let suspended = condition_is::<Pod>("Ready", "False");
/// assert_eq!(suspended.to_string(), "has the condition Ready=False");
/// ```
pub fn condition_is<K: Object>(type_: impl Into<Str>, status: impl Into<Str>) -> ObjectCondition<K> {
    let (type_, status) = (type_.into(), status.into());
    let description = format!("has the condition {type_}={status}");
    ObjectCondition::new(description, move |object: &K| check(object, &type_, &status))
}

/// Holds if an object of any type has a condition in `status.conditions` that is true, like `kubectl wait
/// --for=condition=TYPE`; see [`condition_is`].
pub fn condition_is_true<K: Object>(type_: impl Into<Str>) -> ObjectCondition<K> {
    condition_is(type_, "True")
}

fn check<K: Object>(object: &K, type_: &str, status: &str) -> Verdict {
    // The conditions are in the same place of the text for every type.
    let seen = match json::to_string(object).map(|text| json::from_str::<Seen>(&text)) {
        Ok(Ok(seen)) => seen,
        Ok(Err(error)) => return Verdict::waiting(format!("its conditions can't be read: {error}")),
        Err(error) => return Verdict::waiting(format!("its conditions can't be read: {error}")),
    };
    let mut conditions = seen.status.conditions.iter();
    let Some(found) = conditions.find(|condition| condition.type_.eq_ignore_ascii_case(type_)) else {
        return Verdict::waiting(format!("it has no condition {type_}"));
    };
    let observed = found.observed_generation.or(seen.status.observed_generation);
    if let (Some(generation), Some(observed)) = (seen.metadata.generation, observed)
        && observed < generation
    {
        let message =
            format!("its condition {type_} is of generation {observed}, but the object is of generation {generation}");
        return Verdict::waiting(message);
    }
    if found.status.eq_ignore_ascii_case(status) {
        return Verdict::Met;
    }
    let why = super::explained(found.reason.as_deref(), found.message.as_deref());
    Verdict::waiting(format!("{type_} is {}{why}", found.status))
}

/// The part of an object with its conditions.
#[derive(Clone, Debug, Default)]
struct Seen {
    metadata: ObjectMeta,
    status: Status,
}

#[derive(Clone, Debug, Default)]
struct Status {
    observed_generation: Option<i64>,
    conditions: Vec<Reported>,
}

#[derive(Clone, Debug, Default)]
struct Reported {
    type_: Str,
    status: Str,
    observed_generation: Option<i64>,
    reason: Option<Str>,
    message: Option<Str>,
}

/// A part of a document, which is only read; other fields are skipped.
macro_rules! part {
    ($type:ident { $($key:literal: $field:ident,)* }) => {
        impl Value for $type {
            const FIELDS: &'static [&'static str] = &[$($key),*];

            fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
                reader.fields(Self::FIELDS, &mut [$(&mut self.$field),*])
            }

            fn write_fields(&self, writer: &mut Writer) {
                $(writer.optional($key, &self.$field);)*
            }
        }
    };
}

part!(Seen { "metadata": metadata, "status": status, });
part!(Status { "observedGeneration": observed_generation, "conditions": conditions, });
part!(Reported {
    "type": type_,
    "status": status,
    "observedGeneration": observed_generation,
    "reason": reason,
    "message": message,
});
