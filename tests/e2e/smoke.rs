//! The trials for a real account run: each comes to a verdict and takes down what it made.
//!
//! What the verdicts are is no matter here: an emulator is not what the claims are about.

use std::process::Command;

use crate::harness::{Ran, Shell, cli, python, root};

#[test]
fn every_trial_comes_to_a_verdict_and_leaves_nothing() {
    let (_one, shell) = Shell::with_local_aws("smoke");
    let endpoint = shell.endpoint();
    let before = shell.person(&endpoint, &["inventory"]);
    let mut trials = Command::new(python());
    trials.arg(root().join("tests/aws/smoke.py")).arg("--skysmith").arg(cli()).arg("--root").arg(root());
    let environment = shell.command(root(), []);
    let environment = environment.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let ran = Ran::of(trials.args(["--local", &endpoint]).envs(environment).output().unwrap());

    let rows: Vec<Vec<&str>> = ran
        .stdout
        .lines()
        .skip(2)
        .map(|line| line.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect())
        .collect();
    assert!(rows.len() >= 9, "{}{}", ran.stdout, ran.stderr);
    for row in &rows {
        assert!(["as claimed", "otherwise", "not tried"].contains(&row[2]), "{row:?}\n{}", ran.stderr);
    }
    // This one is no peculiarity of AWS.
    assert!(rows.iter().any(|row| row[0] == "whole-way" && row[2] == "as claimed"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("left behind"), "{}", ran.stderr);
    let mut after = shell.person(&endpoint, &["inventory"]);
    // The bucket for assets stays, for the next deployment.
    after["buckets"] = before["buckets"].clone();
    assert_eq!(after, before);
}
