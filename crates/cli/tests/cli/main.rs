//! The `skysmith` command from outside: what it prints where, and how it exits. Nothing here needs AWS or a network; one test asks the AWS SDK for Python for its opinion.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod app;
mod assembly;
mod assets;
mod aws;
mod change_sets;
mod checks;
mod command_line;
mod config;
mod credentials;
mod deploying;
mod diff;
mod doctor;
mod fake_aws;
#[path = "../judges/mod.rs"]
mod judges;
mod leaving;
mod many;
mod pace;
mod package;
mod params;
mod permissions;
mod plans;
mod project;
mod template;
mod wrong;
