//! The AWS CDK's own command line and library beside Skysmith: each reads what the other writes.
//!
//! `cargo xtask test` installs what they need. The applications are in `apps`, each a folder as `cdk init` would make it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod apps;
mod assembly;
mod both;
#[path = "../e2e/harness.rs"]
#[allow(dead_code, reason = "the other end-to-end tests use the rest")]
mod harness;
mod images;
mod leaving;
mod object_counter;
#[path = "../e2e/recorder.rs"]
mod recorder;
