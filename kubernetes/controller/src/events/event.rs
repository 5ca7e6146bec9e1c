use std::borrow::Cow;

use kubernetes_core::{Map, Object, ObjectReference, Str};
use kubernetes_models::events::v1;

use super::reference;
use crate::clock;

/// The longest note that Kubernetes takes (`NoteLengthLimit`).
pub(super) const MAX_NOTE_BYTES: usize = 1024;
/// The longest reason, action and name of an instance.
pub(super) const MAX_FIELD_BYTES: usize = 128;

/// An event, before it is [recorded](crate::Recorder::record) about an object.
///
/// ```
/// use kubernetes_controller::Event;
///
/// let event = Event::warning("ImagePullFailed", "PullImage").note("the registry does not know the tag 1.4.0");
/// ```
#[derive(Clone, Debug)]
pub struct Event {
    type_: &'static str,
    reason: Str,
    action: Str,
    note: Str,
    related: Option<ObjectReference>,
    annotations: Map<Str>,
}

impl Event {
    /// An event of the type `Normal`: information.
    ///
    /// `reason` is why it has happened, a word in CamelCase that programs understand, such as `Scaled`; `action` is the
    /// action that was taken or has failed, such as `ScaleUp`. Neither may be empty.
    pub fn normal(reason: &str, action: &str) -> Self {
        Self::new("Normal", reason, action)
    }

    /// An event of the type `Warning`: something has failed or may do so; see [`normal`](Self::normal).
    pub fn warning(reason: &str, action: &str) -> Self {
        Self::new("Warning", reason, action)
    }

    fn new(type_: &'static str, reason: &str, action: &str) -> Self {
        Self {
            type_,
            reason: truncated(reason, MAX_FIELD_BYTES),
            action: truncated(action, MAX_FIELD_BYTES),
            note: Str::default(),
            related: None,
            annotations: Map::default(),
        }
    }

    /// A description for people.
    pub fn note(mut self, note: impl AsRef<str>) -> Self {
        self.note = truncated(note.as_ref(), MAX_NOTE_BYTES);
        self
    }

    /// A second object that the event is about, such as one that was created for the first.
    pub fn related(self, object: &impl Object) -> Self {
        Self { related: Some(object.reference()), ..self }
    }

    /// An annotation of the event.
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key, value);
        self
    }

    /// The event as it is sent, now.
    pub(super) fn into_model(self, regarding: &ObjectReference, controller: &Str, instance: &Str) -> v1::Event {
        let mut event = v1::Event {
            action: Some(self.action),
            event_time: clock::micro_time(),
            note: Some(self.note).filter(|note| !note.is_empty()),
            reason: Some(self.reason),
            regarding: Some(Box::new(reference::to_model(regarding))),
            related: self.related.as_ref().map(|related| Box::new(reference::to_model(related))),
            reporting_controller: Some(controller.clone()),
            reporting_instance: Some(instance.clone()),
            type_: Some(self.type_.into()),
            ..v1::Event::default()
        };
        let namespace = regarding.namespace.as_deref().filter(|namespace| !namespace.is_empty());
        event.metadata.namespace = Some(namespace.unwrap_or("default").into());
        event.metadata.annotations = self.annotations;
        event
    }
}

/// At most `max` bytes of a text; one that was cut ends with `…`.
pub(super) fn truncated(text: &str, max: usize) -> Str {
    let text = if text.len() <= max {
        Cow::Borrowed(text)
    } else {
        let longest = max.saturating_sub('…'.len_utf8());
        let end = (0..=longest).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default()))
    };
    (&*text).into()
}
