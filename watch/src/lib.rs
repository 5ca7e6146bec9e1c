//! Turns any Kubernetes list request into a resumable stream of events.
