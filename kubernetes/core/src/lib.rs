//! What Kubernetes models and requests are made of: traits, JSON reader and writer, requests without a transport.
