//! The same profiles, read by the AWS SDK for Python: a reader that we did not write, which asks STS for the same things.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::sts::{Asked, CODE, NEXT_CODE, Sts};
use super::with_profiles;

const CONFIG: &str = "\
[profile plain]
role_arn = arn:aws:iam::1:role/external-plain
source_profile = user
external_id = e-1
role_session_name = me
duration_seconds = 1800
[profile chained]
role_arn = arn:aws:iam::1:role/second
source_profile = plain
role_session_name = me
[profile coded]
role_arn = arn:aws:iam::1:role/coded
source_profile = user
mfa_serial = arn:aws:iam::1:mfa/me
role_session_name = me
[profile above]
role_arn = arn:aws:iam::1:role/above
source_profile = coded
role_session_name = me
[profile self]
role_arn = arn:aws:iam::1:role/self
source_profile = self
role_session_name = me
aws_access_key_id = AKIASELF
aws_secret_access_key = s
[profile both]
role_arn = arn:aws:iam::1:role/both
source_profile = user
role_session_name = me
aws_access_key_id = AKIABOTH
aws_secret_access_key = s
[profile over]
role_arn = arn:aws:iam::1:role/over
source_profile = both
role_session_name = me
[profile process]
role_arn = arn:aws:iam::1:role/process
source_profile = program
role_session_name = me
[profile program]
credential_process = echo '{\"Version\":1,\"AccessKeyId\":\"ASIAPROCESS\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\"}'
";
const KEYS: &str = "[user]\naws_access_key_id = AKIAUSER\naws_secret_access_key = s\n";

const PROGRAM: &str = "
import sys, boto3
session = boto3.Session(profile_name=sys.argv[1])
session._session.get_component('credential_provider').get_provider('assume-role')._prompter = lambda _: sys.argv[2]
session.client('sts').get_caller_identity()
";

fn python() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/python/bin/python");
    match std::env::var_os("SKYSMITH_TEST_PYTHON") {
        Some(path) => path.into(),
        None if installed.exists() => installed,
        None => panic!("run `cargo xtask test`, which installs what this test needs"),
    }
}

/// What STS was asked for, and by whom, without what differs from run to run.
fn wishes(asked: &[Asked]) -> Vec<String> {
    const FIELDS: [&str; 6] =
        ["RoleArn", "ExternalId", "RoleSessionName", "DurationSeconds", "SerialNumber", "TokenCode"];
    let number = |key: &str| key.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    asked
        .iter()
        .map(|asked| {
            let fields = FIELDS.map(|name| asked.field(name).unwrap_or("-").replace(NEXT_CODE, CODE));
            format!("{} by {}: {}", asked.action(), number(asked.key()), fields.join(" "))
        })
        .collect()
}

#[test]
fn profiles_are_read_as_boto_reads_them() {
    for profile in ["user", "plain", "chained", "coded", "above", "self", "both", "over", "process"] {
        let sts = Sts::start();
        let project = with_profiles(&sts, CONFIG, KEYS);
        super::works(&project, ["--profile", profile, "--mfa-code", CODE]);
        let ours = wishes(&sts.asked());
        let output = Command::new(python())
            .args(["-c", PROGRAM, profile, NEXT_CODE])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", project.path("home"))
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_ENDPOINT_URL", &sts.url)
            .output()
            .unwrap();
        assert!(output.status.success(), "{profile}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(ours, wishes(&sts.asked()), "{profile}");
    }
}
