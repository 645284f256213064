//! The `skysmith` command from outside: what it prints where, and how it exits. Nothing here needs AWS, a network, or anything but a shell and Rust.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod app;
mod assembly;
mod aws;
mod command_line;
mod config;
mod doctor;
mod fake_aws;
mod package;
mod params;
mod permissions;
mod project;
mod template;
mod wrong;
