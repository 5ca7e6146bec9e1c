//! Derives of custom resources and their schemas.
