//! Where credentials come from, and what is taken with them, against a small AWS on loopback that remembers what it was asked.

mod boto;
mod mfa;
mod network;
mod sources;
mod sts;

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::project::{TEMPLATE, TestProject};
use sts::Sts;

/// A project, a home without anything of ours, and that AWS.
fn project(sts: &Sts) -> TestProject {
    let project = TestProject::new().file("only.json", TEMPLATE).file("skysmith.toml", "app = \"only.json\"\n");
    let home = project.path("home").display().to_string();
    project
        .file("home/empty", "")
        .variable("HOME", &home)
        .variable("SKYSMITH_CACHE_DIR", &format!("{home}/cache"))
        .variable("AWS_REGION", "eu-west-1")
        .variable("AWS_EC2_METADATA_DISABLED", "true")
        .variable("SKYSMITH_ENDPOINT_URL", &sts.url)
}

/// One with these files in `~/.aws`.
fn with_profiles(sts: &Sts, config: &str, credentials: &str) -> TestProject {
    project(sts).file("home/.aws/config", config).file("home/.aws/credentials", credentials)
}

/// Runs a command that works with AWS, and has nothing to do there.
#[track_caller]
fn works<const N: usize>(project: &TestProject, options: [&str; N]) {
    project.skysmith_with(&options, ["outputs"]).code(1).err_has("error: not deployed: only");
}

/// What `skysmith doctor --json` says. It does not wait for long, which on a busy machine may be too short.
#[track_caller]
fn report(project: &TestProject, options: &[&str]) -> Value {
    for _ in 0..5 {
        let ran = project.skysmith_with(options, ["doctor", "--json"]);
        if !ran.out.contains("no answer within") {
            return ran.ok().json();
        }
    }
    panic!("it never had an answer");
}

/// A check of `skysmith doctor --json`.
#[track_caller]
fn check(report: &Value, name: &str) -> Value {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).cloned().unwrap_or_else(|| panic!("no {name} in {report}"))
}

/// `2026-01-31T12:00:00Z`.
fn iso(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (days, second) = (seconds / 86400, seconds % 86400);
    // Days of the Gregorian calendar counted from a March, so that the leap day is the last of a year.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[test]
fn times() {
    let at = |seconds| iso(UNIX_EPOCH + std::time::Duration::from_secs(seconds));
    assert_eq!(
        (at(951_782_400), at(1_769_860_799)),
        ("2000-02-29T00:00:00Z".to_owned(), "2026-01-31T11:59:59Z".to_owned())
    );
}

/// Runs the command on a terminal of its own, and types these lines. What stands on the screen then, and the exit code.
fn typed<const N: usize>(project: &TestProject, args: [&str; N], lines: &[&str]) -> (String, i32) {
    use std::fs::{File, OpenOptions};
    use std::io::{Read as _, Write as _};
    use std::os::unix::ffi::OsStringExt as _;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = std::ffi::OsString::from_vec(ptsname(&terminal, Vec::new()).unwrap().into_bytes());
    let other_end = || OpenOptions::new().read(true).write(true).open(&name).unwrap();
    let mut command = project.command("", args);
    let mut child = command.stdin(other_end()).stdout(other_end()).stderr(other_end()).spawn().unwrap();
    // The command has its ends; ours would keep the terminal open.
    drop(command);
    let mut terminal = File::from(terminal);
    terminal.write_all(lines.iter().map(|line| format!("{line}\n")).collect::<String>().as_bytes()).unwrap();
    let mut screen = Vec::new();
    let mut piece = [0; 4096];
    // It ends with an error once nobody has the other end.
    while let Ok(read @ 1..) = terminal.read(&mut piece) {
        screen.extend_from_slice(&piece[..read]);
    }
    (String::from_utf8_lossy(&screen).into_owned(), child.wait().unwrap().code().unwrap())
}
