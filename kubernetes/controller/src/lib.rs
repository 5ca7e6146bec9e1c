//! Controllers: from a reconcile function to an operator in production.
