use kubernetes_core::Str;

/// The verdict of a condition on a state. A `bool` converts into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The condition holds.
    Met,
    /// The condition does not hold yet, for this reason (`1 of 3 replicas are available`), which may be empty.
    Waiting(Str),
    /// The condition can no longer hold, for this reason, so waiting is pointless.
    Failed(Str),
}

impl From<bool> for Verdict {
    fn from(met: bool) -> Self {
        if met { Self::Met } else { Self::Waiting(Str::default()) }
    }
}

impl Verdict {
    /// Creates a verdict that the condition does not hold yet, for this reason.
    pub fn waiting(reason: impl Into<Str>) -> Self {
        Self::Waiting(reason.into())
    }

    /// Creates a verdict that the condition can no longer hold, for this reason.
    pub fn failed(reason: impl Into<Str>) -> Self {
        Self::Failed(reason.into())
    }

    /// Whether the condition holds.
    pub fn is_met(&self) -> bool {
        *self == Self::Met
    }

    /// Met if both are met, failed if one is failed.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Failed(reason), _) | (_, Self::Failed(reason)) => Self::Failed(reason),
            (Self::Waiting(first), Self::Waiting(second)) => Self::Waiting(both(first, second)),
            (Self::Met, other) | (other, Self::Met) => other,
        }
    }

    /// Met if one is met, failed if both are failed.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Met, _) | (_, Self::Met) => Self::Met,
            (Self::Failed(first), Self::Failed(second)) => Self::Failed(both(first, second)),
            (Self::Waiting(first), Self::Waiting(second)) => Self::Waiting(both(first, second)),
            (Self::Waiting(reason), Self::Failed(_)) | (Self::Failed(_), Self::Waiting(reason)) => {
                Self::Waiting(reason)
            }
        }
    }

    /// Met if this is not met.
    pub(super) fn not(self) -> Self {
        Self::from(!self.is_met())
    }

    /// Adds `subject: ` before the reason.
    pub(super) fn about(self, subject: &str) -> Self {
        let named = |reason: Str| match reason.as_str() {
            "" => subject.into(),
            reason => format!("{subject}: {reason}").into(),
        };
        match self {
            Self::Met => Self::Met,
            Self::Waiting(reason) => Self::Waiting(named(reason)),
            Self::Failed(reason) => Self::Failed(named(reason)),
        }
    }
}

fn both(first: Str, second: Str) -> Str {
    match (first.as_str(), second.as_str()) {
        ("", _) => second,
        (_, "") => first,
        (first, second) => format!("{first}; {second}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations() {
        let (met, waiting, failed) = (Verdict::Met, Verdict::waiting("soon"), Verdict::failed("never"));
        for (first, second, and, or) in [
            (&met, &met, &met, &met),
            (&met, &waiting, &waiting, &met),
            (&met, &failed, &failed, &met),
            (&waiting, &failed, &failed, &waiting),
            (&waiting, &waiting, &Verdict::waiting("soon; soon"), &Verdict::waiting("soon; soon")),
            (&failed, &failed, &failed, &Verdict::failed("never; never")),
        ] {
            for (first, second) in [(first, second), (second, first)] {
                assert_eq!(first.clone().and(second.clone()), *and, "{first:?} and {second:?}");
                assert_eq!(first.clone().or(second.clone()), *or, "{first:?} or {second:?}");
            }
        }
        assert_eq!([met.not(), waiting.not(), failed.not()], [Verdict::from(false), Verdict::Met, Verdict::Met]);
        assert_eq!(Verdict::from(false).and(Verdict::waiting("soon")), Verdict::waiting("soon"));
        assert_eq!(Verdict::from(false).about("web"), Verdict::waiting("web"));
        assert_eq!(Verdict::failed("never").about("web"), Verdict::failed("web: never"));
    }
}
