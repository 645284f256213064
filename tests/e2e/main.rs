//! End-to-end tests: the built CLI, the reference applications, and a local AWS.
//!
//! `cargo xtask test` installs what they need.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod bootstrap;
mod calls;
mod code;
mod diff;
mod exports;
mod harness;
#[path = "../../crates/cli/tests/judges/mod.rs"]
mod judges;
mod nested;
mod object_counter;
mod permissions;
mod recorder;
mod secrets;
mod smoke;
mod synth;
mod ways;
mod welcome;
