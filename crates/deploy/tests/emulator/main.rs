//! Deployments against an emulator. What it is too lenient to judge (full buckets, other accounts' buckets) is judged by the calls or by what is left.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as well")]

mod bootstrapping;
mod collecting;
mod deploying;
mod destroying;
mod drifting;
mod faults;
mod harness;
mod importing;
mod publishing;
mod recorder;
mod repairing;
mod rolling_back;
