//! Swagger 2.0 with Kubernetes extensions, typed, and lifted to OpenAPI 3.0 without loss.
