use std::sync::Arc;

/// A function that transforms each object before it is stored.
pub(super) type Transform<K> = Arc<dyn Fn(&mut K) + Send + Sync>;
