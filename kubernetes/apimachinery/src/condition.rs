use crate::Str;
use crate::meta::v1::Condition;

/// Conditions as controllers report them in `status.conditions`, with the rules of Go's helpers:
/// <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/api/meta/conditions.go>
///
/// ```
/// use kubernetes_core::meta::v1::Condition;
///
/// let mut conditions = Vec::new();
/// Condition::set(&mut conditions, Condition::of("Ready", "True", "Serving").with_message("all replicas answer"));
/// assert!(Condition::find(&conditions, "Ready").is_some_and(Condition::is_true));
/// assert!(Condition::find(&conditions, "Degraded").is_none());
/// ```
impl Condition {
    /// Creates a condition of this type: `status` is `True`, `False` or `Unknown`, and `reason` is in CamelCase.
    ///
    /// [`set`](Self::set) fills in the time of its last transition.
    pub fn of(type_: impl Into<Str>, status: &str, reason: impl Into<Str>) -> Self {
        Self { type_: type_.into(), status: status.into(), reason: reason.into(), ..Self::default() }
    }

    /// Sets the message for people.
    #[must_use]
    pub fn with_message(self, message: impl Into<Str>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// Sets the `metadata.generation` of the object that the condition was observed for.
    #[must_use]
    pub fn with_observed_generation(self, generation: i64) -> Self {
        Self { observed_generation: Some(generation), ..self }
    }

    /// Whether the status is `True`.
    pub fn is_true(&self) -> bool {
        self.status.as_str() == "True"
    }

    /// Whether the status is `False`. An `Unknown` condition is neither true nor false.
    pub fn is_false(&self) -> bool {
        self.status.as_str() == "False"
    }

    /// The condition of this type, if there is one.
    pub fn find<'a>(conditions: &'a [Self], type_: &str) -> Option<&'a Self> {
        conditions.iter().find(|condition| condition.type_ == type_)
    }

    /// Adds a condition, or updates the one of the same type; returns whether that changed anything.
    ///
    /// The transition time stays as it was unless the status changes. Then it becomes that of the new condition, or the
    /// present if the new one has none.
    pub fn set(conditions: &mut Vec<Self>, new: Self) -> bool {
        let Some(existing) = conditions.iter_mut().find(|condition| condition.type_ == new.type_) else {
            let last_transition_time = new.transition_time();
            conditions.push(Self { last_transition_time, ..new });
            return true;
        };
        let status_changes = existing.status != new.status;
        let last_transition_time = if status_changes { new.transition_time() } else { existing.last_transition_time };
        // A missing generation is 0 in Go, so these are the same.
        let observed_generation = match (existing.observed_generation, new.observed_generation) {
            (None | Some(0), None | Some(0)) => existing.observed_generation,
            (_, observed) => observed,
        };
        let updated = Self { last_transition_time, observed_generation, ..new };
        let changed = *existing != updated;
        *existing = updated;
        changed
    }

    /// Removes the conditions of this type; returns whether there was one.
    pub fn remove(conditions: &mut Vec<Self>, type_: &str) -> bool {
        let before = conditions.len();
        conditions.retain(|condition| condition.type_ != type_);
        conditions.len() != before
    }

    fn transition_time(&self) -> crate::Time {
        if self.last_transition_time.is_zero() { crate::Time::now() } else { self.last_transition_time }
    }
}
