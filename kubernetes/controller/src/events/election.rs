use kubernetes_core::ObjectReference;
use kubernetes_election::ElectionEvent;

use super::event::Event;

/// The event that client-go records of a step of an election, about its Lease.
pub(super) fn event<'a>(event: &ElectionEvent<'a>) -> Option<(&'a ObjectReference, Event)> {
    let (lease, identity, action, step) = match *event {
        ElectionEvent::StartedLeading { lease, identity } => (lease, identity, "StartLeading", "became leader"),
        ElectionEvent::StoppedLeading { lease, identity } => (lease, identity, "StopLeading", "stopped leading"),
        _ => return None,
    };
    Some((lease, Event::normal("LeaderElection", action).note(format!("{identity} {step}"))))
}
