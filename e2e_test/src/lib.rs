//! Tests of the Kubernetes SDK against a real cluster; they are in `tests/it`.
