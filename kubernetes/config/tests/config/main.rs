//! What users rely on: which configuration a file or environment leads to, and which error.

mod environment;
mod hostile;
mod refused;
mod support;
mod table;
