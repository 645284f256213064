//! Deployments against a scripted CloudFormation: what an emulator is too lenient to play, and what only the requests can show.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as well")]

mod ends;
mod harness;
mod many;
mod nested;
mod nesting;
mod plans;
mod ways;
