//! Codes: given along, typed, missing, wrong, and not needed again.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::sts::{CODE, NEXT_CODE, SECRET, Sts, TOKEN};
use super::{check, report, with_profiles};
use crate::project::TestProject;

const DEVICE: &str = "arn:aws:iam::123456789012:mfa/me";
const KEYS: &str = "[user]\naws_access_key_id = AKIAUSER\naws_secret_access_key = dummySecretOfTheUser\n";

fn with_device(sts: &Sts) -> TestProject {
    with_profiles(sts, &format!("[profile user]\nmfa_serial = {DEVICE}\n"), KEYS)
}

#[test]
fn a_profile_with_a_device_takes_a_session_which_the_next_command_uses() {
    let sts = Sts::start();
    let project = with_device(&sts);
    super::works(&project, ["--profile", "user", "--mfa-code", "123 456"]);
    let asked = sts.asked();
    assert_eq!((asked[0].action(), asked[0].key()), ("GetSessionToken", "AKIAUSER"));
    assert_eq!((asked[0].field("SerialNumber"), asked[0].field("TokenCode")), (Some(DEVICE), Some(CODE)));
    assert_eq!(asked[0].field("DurationSeconds"), None);
    assert_eq!((asked[1].action(), asked[1].key(), asked.len()), ("GetCallerIdentity", "ASIASESSION1", 2));
    // No code, no new session, one call.
    super::works(&project, ["--profile", "user"]);
    assert_eq!(sts.actions(), ["GetCallerIdentity"]);
    let report = report(&project, &["--profile", "user"]);
    let caller = "account 123456789012, arn:aws:iam::123456789012:user/ASIASESSION1";
    assert_eq!(check(&report, "credentials")["detail"], caller);
    let source = check(&report, "source")["detail"].as_str().unwrap().to_owned();
    let said = format!("the keys of profile `user`; with a code of {DEVICE}, given before; 11 h 5");
    assert!(source.starts_with(&said), "{source}");
    sts.asked();
    // What is kept is for this user alone.
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = project.path("home/cache/sessions");
    let kept: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!((mode(&folder), kept.len(), mode(&kept[0])), (0o700, 1, 0o600));
    // Another duration is another session.
    super::works(&project, ["--profile", "user", "--duration", "2h", "--mfa-code", NEXT_CODE]);
    let asked = sts.asked();
    assert_eq!((asked[0].action(), asked[0].field("DurationSeconds")), ("GetSessionToken", Some("7200")));
}

#[test]
fn a_kept_session_that_ends_soon_or_is_revoked_is_not_used() {
    let sts = Sts::start().lasting(299);
    let project = with_device(&sts);
    super::works(&project, ["--profile", "user", "--mfa-code", CODE]);
    sts.asked();
    let ran = project.skysmith(["--profile", "user", "outputs"]).code(1);
    assert_eq!(sts.actions(), Vec::<String>::new());
    ran.err_has("a code of MFA device arn:aws:iam::123456789012:mfa/me is needed");
    let sts = Sts::start();
    let project = with_device(&sts);
    super::works(&project, ["--profile", "user", "--mfa-code", CODE]);
    sts.revoke("ASIASESSION1");
    sts.asked();
    super::works(&project, ["--profile", "user", "--mfa-code", NEXT_CODE]);
    assert_eq!(sts.actions(), ["GetCallerIdentity", "GetSessionToken", "GetCallerIdentity"]);
}

#[test]
fn without_anybody_to_ask_the_next_step_is_told() {
    let sts = Sts::start();
    let project = with_device(&sts);
    let ran = project.skysmith(["--profile", "user", "outputs"]).code(1).out("");
    assert_eq!(
        ran.err,
        format!(
            "error: a code of MFA device {DEVICE} is needed, and there is nobody to ask\n  \
             = pass the six digits that it shows with --mfa-code, or as SKYSMITH_MFA_CODE; on a terminal they are asked for\n  \
             = the session is kept until it ends: the commands after this one need no code\n"
        )
    );
    let ran = project.skysmith(["--profile", "user", "doctor"]).ok();
    assert!(ran.out.contains(&format!("not checked: they take a code of {DEVICE}")), "{}", ran.out);
    assert_eq!(sts.actions(), Vec::<String>::new());
    // A wrong one, and none after it.
    let ran = project.skysmith(["--profile", "user", "--mfa-code", "111111", "outputs"]).code(1);
    let ran = ran
        .err_has("the code of MFA device")
        .err_has("failed with invalid MFA one time pass code")
        .err_has("works once");
    assert!(!ran.err.contains("111111"), "{}", ran.err);
    let ran = project.variable("SKYSMITH_MFA_CODE", "12345x").skysmith(["--profile", "user", "outputs"]).code(1);
    assert!(!ran.err_has("a code is six digits").err.contains("12345x"));
    assert_eq!(sts.actions(), ["GetSessionToken"]);
}

#[test]
fn keys_of_the_environment_take_a_device_as_well() {
    let sts = Sts::start();
    let keys = |project: TestProject| {
        project.variable("AWS_ACCESS_KEY_ID", "AKIAENV").variable("AWS_SECRET_ACCESS_KEY", "dummySecretOfTheUser")
    };
    let project = keys(with_profiles(&sts, "", ""));
    super::works(&project, ["--mfa-serial", "GAHT1", "--mfa-code", CODE, "--duration", "15m"]);
    let asked = sts.asked();
    assert_eq!((asked[0].key(), asked[0].field("SerialNumber")), ("AKIAENV", Some("GAHT1")));
    assert_eq!(asked[0].field("DurationSeconds"), Some("900"));
    // A session gives no session.
    let project = project.variable("AWS_SESSION_TOKEN", "t");
    project.skysmith(["--mfa-serial", "GAHT1", "outputs"]).code(1).err_has("is taken with the lasting keys of a user");
}

#[test]
fn long_term_keys_give_a_session_when_the_one_beside_them_is_over() {
    let sts = Sts::start();
    let files = |end: &str| {
        with_profiles(
            &sts,
            "",
            &format!(
                "[work-long-term]\naws_access_key_id = AKIALONG\naws_secret_access_key = s\naws_mfa_device = {DEVICE}\n\
                 [work]\naws_access_key_id = ASIASHORT\naws_secret_access_key = s\naws_session_token = t\nexpiration = {end}\n"
            ),
        )
    };
    let before = files("2001-01-01 00:00:00");
    super::works(&before, ["--profile", "work", "--mfa-code", CODE]);
    let asked = sts.asked();
    assert_eq!(
        (asked[0].action(), asked[0].key(), asked[0].field("SerialNumber")),
        ("GetSessionToken", "AKIALONG", Some(DEVICE))
    );
    assert_eq!(asked[1].key(), "ASIASESSION1");
    // The files are the user's, and of the tool that writes them.
    assert!(fs::read_to_string(before.path("home/.aws/credentials")).unwrap().contains("ASIASHORT"));
    let report = report(&files("2999-01-01 00:00:00"), &["--profile", "work"]);
    let asked = sts.asked();
    assert!(asked.iter().all(|asked| asked.key() == "ASIASHORT"));
    assert!(check(&report, "source")["detail"].as_str().unwrap().contains("the keys of profile `work`"), "{report}");
}

#[test]
fn a_role_that_asks_for_a_code_gets_it_and_its_session_is_kept() {
    let sts = Sts::start();
    let config = format!(
        "[profile prod]\nrole_arn = arn:aws:iam::1:role/external-prod\nexternal_id = e-1\nsource_profile = hub\nrole_session_name = mine\n\
         [profile hub]\nrole_arn = arn:aws:iam::1:role/hub\nmfa_serial = {DEVICE}\nsource_profile = user\nduration_seconds = 1800\n"
    );
    let project = with_profiles(&sts, &config, KEYS);
    super::works(&project, ["--profile", "prod", "--mfa-code", CODE]);
    let asked = sts.asked();
    let of = |at: usize, name: &str| asked[at].field(name).map(str::to_owned);
    assert_eq!((asked[0].key(), asked[1].key(), asked[2].key()), ("AKIAUSER", "ASIAROLE1", "ASIAROLE2"));
    assert_eq!(
        (of(0, "RoleArn").unwrap().as_str(), of(0, "SerialNumber").unwrap().as_str()),
        ("arn:aws:iam::1:role/hub", DEVICE)
    );
    assert_eq!((of(0, "TokenCode").as_deref(), of(0, "DurationSeconds").as_deref()), (Some(CODE), Some("1800")));
    assert_eq!(of(0, "RoleSessionName").as_deref(), Some("skysmith"));
    assert_eq!((of(1, "ExternalId").as_deref(), of(1, "RoleSessionName").as_deref()), (Some("e-1"), Some("mine")));
    assert_eq!((of(1, "SerialNumber"), of(1, "DurationSeconds")), (None, None));
    // The middle of the chain is kept; what comes after it is taken anew.
    super::works(&project, ["--profile", "prod"]);
    let asked = sts.asked();
    assert_eq!((asked[0].action(), asked[0].key(), asked.len()), ("AssumeRole", "ASIAROLE1", 2));
    // Below a session with the same device no second code is needed.
    let project = with_profiles(&sts, &config, &format!("{KEYS}mfa_serial = {DEVICE}\n"));
    super::works(&project, ["--profile", "prod", "--mfa-code", NEXT_CODE]);
    assert_eq!(sts.actions(), ["GetSessionToken", "AssumeRole", "AssumeRole", "GetCallerIdentity"]);
}

#[test]
fn a_role_of_the_command_line_has_its_id_name_and_duration() {
    let sts = Sts::start();
    let project = with_profiles(&sts, "", KEYS).file(
        "skysmith.toml",
        "app = \"only.json\"\n[environments.prod]\nprofile = \"user\"\nrole_arn = \"arn:aws:iam::1:role/external\"\nexternal_id = \"e-1\"\n\
         session_name = \"deployer\"\nduration = \"30m\"\n",
    );
    super::works(&project, ["--env", "prod"]);
    let asked = sts.asked();
    let fields = ["ExternalId", "RoleSessionName", "DurationSeconds"].map(|name| asked[0].field(name));
    assert_eq!(fields, [Some("e-1"), Some("deployer"), Some("1800")]);
    assert_eq!((asked[1].action(), asked[1].key(), asked.len()), ("GetCallerIdentity", "ASIAROLE1", 2));
    // A flag wins.
    let ran = project.skysmith(["--env", "prod", "--external-id", "wrong", "outputs"]).code(1);
    ran.err_has("role arn:aws:iam::1:role/external cannot be taken").err_has("trust policy");
    project
        .skysmith(["--profile", "user", "--external-id", "x", "outputs"])
        .code(2)
        .err_has("--external-id is about a role");
    project.skysmith(["--duration", "5m", "outputs"]).code(2).err_has("not between 15 minutes and 12 hours");
}

#[test]
fn on_a_terminal_a_code_is_asked_for_until_it_is_right() {
    let sts = Sts::start();
    let project = with_device(&sts);
    let (screen, code) = super::typed(&project, ["--profile", "user", "outputs"], &["12345", "000000", CODE]);
    assert!(screen.contains(&format!("Code of MFA device {DEVICE}: ")), "{screen}");
    assert!(screen.contains("a code is six digits") && screen.contains("invalid MFA one time pass code"), "{screen}");
    // What was to be done is done then: there is no such stack.
    assert_eq!(code, 1, "{screen}");
    assert_eq!(sts.actions(), ["GetSessionToken", "GetSessionToken", "GetCallerIdentity"]);
    for secret in [SECRET, TOKEN, "dummySecretOfTheUser"] {
        assert!(!screen.contains(secret), "{screen}");
    }
    // Nothing is typed: nothing is done.
    let (screen, code) = super::typed(&with_device(&sts), ["--profile", "user", "outputs"], &[""]);
    assert_eq!(code, 1, "{screen}");
    assert_eq!(sts.actions(), Vec::<String>::new());
}
