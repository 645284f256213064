//! Skysmith: infrastructure as code for AWS in Rust.
