//! Renders the model and API crates of the Kubernetes SDK from an API description.
