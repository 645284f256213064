//! Every place that credentials come from.

use super::sts::Sts;
use super::{check, project, report, with_profiles};
use crate::project::TestProject;

/// Where the credentials came from, by the doctor, and the access key that arrived.
#[track_caller]
fn found(sts: &Sts, project: &TestProject, options: &[&str]) -> (String, String) {
    let report = report(project, options);
    let asked = sts.asked();
    let caller = asked.iter().rfind(|asked| asked.action() == "GetCallerIdentity").unwrap();
    let source = check(&report, "source")["detail"].as_str().unwrap().to_owned();
    (source.split("; ").next().unwrap().to_owned(), caller.key().trim_end_matches(char::is_numeric).to_owned())
}

#[test]
fn variables_then_the_profile_that_they_name_then_the_default() {
    let sts = Sts::start();
    let keys = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = s\n\
                [named]\naws_access_key_id = AKIANAMED\naws_secret_access_key = s\n";
    let default = with_profiles(&sts, "", keys);
    assert_eq!(found(&sts, &default, &[]), ("the keys of profile `default`".into(), "AKIADEFAULT".into()));
    let named = with_profiles(&sts, "", keys).variable("AWS_PROFILE", "named");
    assert_eq!(found(&sts, &named, &[]), ("the keys of profile `named`".into(), "AKIANAMED".into()));
    let variables = named.variable("AWS_ACCESS_KEY_ID", "AKIAENV").variable("AWS_SECRET_ACCESS_KEY", "s");
    assert_eq!(found(&sts, &variables, &[]).1, "AKIAENV");
    // A profile that is chosen here wins over the variables, as in the AWS CLI.
    assert_eq!(found(&sts, &variables, &["--profile", "default"]).1, "AKIADEFAULT");
    let ran = variables.skysmith(["--profile", "other", "outputs"]).code(1);
    ran.err_has("there is no profile `other`; there are default, named");
}

#[test]
fn a_process_gives_them() {
    let sts = Sts::start();
    let json = r#"{"Version":1,"AccessKeyId":"ASIAPROCESS","SecretAccessKey":"s","SessionToken":"t"}"#;
    let config = format!(
        "[profile p]\ncredential_process = echo '{json}'\n[profile broken]\ncredential_process = echo sorry >&2; exit 3\n"
    );
    let project = with_profiles(&sts, &config, "");
    let seen = found(&sts, &project, &["--profile", "p"]);
    assert_eq!(seen, ("the credential_process of profile `p`".into(), "ASIAPROCESS".into()));
    project.skysmith(["--profile", "broken", "outputs"]).code(1).err_has("sorry");
}

#[test]
fn a_token_of_another_provider_gives_them() {
    let sts = Sts::start();
    let project = project(&sts).file("token", "the-token").variable("AWS_ENDPOINT_URL_STS", &sts.url);
    let file = project.path("token").display().to_string();
    let role = "arn:aws:iam::1:role/ci";
    let config =
        format!("[profile web]\nrole_arn = {role}\nweb_identity_token_file = {file}\nrole_session_name = me\n");
    let project = project.file("home/.aws/config", &config);
    super::works(&project, ["--profile", "web"]);
    let asked = sts.asked();
    let fields = ["RoleArn", "WebIdentityToken", "RoleSessionName"].map(|name| asked[0].field(name));
    assert_eq!(fields, [Some(role), Some("the-token"), Some("me")]);
    assert_eq!(asked[1].key(), "ASIAROLE1");
    let project = project.variable("AWS_WEB_IDENTITY_TOKEN_FILE", &file).variable("AWS_ROLE_ARN", role);
    assert_eq!(found(&sts, &project, &[]), ("the environment (AWS_WEB_IDENTITY_TOKEN_FILE)".into(), "ASIAROLE".into()));
}

#[test]
fn a_container_and_an_instance_give_them_and_no_proxy_is_in_between() {
    let sts = Sts::start();
    let dead = "http://127.0.0.1:9";
    let proxied = |project: TestProject| project.variable("HTTP_PROXY", dead).variable("HTTPS_PROXY", dead);
    let container = proxied(project(&sts))
        .variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{}/container", sts.url))
        .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc");
    let said = report(&container, &[]);
    let asked = sts.asked();
    assert_eq!(asked[0].headers["authorization"], "Basic abc");
    assert_eq!(asked.last().unwrap().key(), "ASIACONTAINER");
    assert!(check(&said, "source")["detail"].as_str().unwrap().starts_with("the container; "), "{said}");
    let instance = proxied(project(&sts))
        .variable("AWS_EC2_METADATA_DISABLED", "false")
        .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", &sts.url)
        .variable("AWS_REGION", "");
    let said = report(&instance, &[]);
    assert_eq!(check(&said, "region")["detail"], "eu-central-1");
    assert!(check(&said, "source")["detail"].as_str().unwrap().starts_with("the EC2 instance; "), "{said}");
    assert_eq!(sts.asked().last().unwrap().key(), "ASIAINSTANCE");
    // A role with the instance's credentials.
    let role = instance.file(
        "home/.aws/config",
        "[profile r]\nrole_arn = arn:r\ncredential_source = Ec2InstanceMetadata\nregion = eu-west-1\n",
    );
    super::works(&role, ["--profile", "r"]);
    let asked = sts.asked();
    let taken = asked.iter().find(|asked| asked.action() == "AssumeRole").unwrap();
    assert_eq!((taken.key(), taken.field("RoleArn")), ("ASIAINSTANCE", Some("arn:r")));
}

/// A login as `aws sso login` leaves it.
fn login(project: TestProject, name: &str, token: &str, end: &str) -> TestProject {
    let text = format!(
        r#"{{"startUrl":"https://corp.example/start","region":"eu-west-1","accessToken":"{token}","expiresAt":"{end}"}}"#
    );
    project.file(&format!("home/.aws/sso/cache/{name}.json"), &text)
}

#[test]
fn a_login_gives_them_and_the_command_that_renews_it_is_told() {
    // SHA-1 of `corp`, and of the start URL: what the AWS CLI names the files after.
    const SESSION: &str = "ee0bfd2552fbd840c02cc48b6e823320543c450f";
    const URL: &str = "f7c9b39d0b4c7a7d82c79307585f77e1c5e74378";
    let sts = Sts::start();
    let config = "[profile new]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\n\
                  [sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example/start\n\
                  [profile old]\nsso_region = eu-west-1\nsso_start_url = https://corp.example/start\nsso_account_id = 123456789012\nsso_role_name = dev\n";
    let project = || with_profiles(&sts, config, "").variable("AWS_ENDPOINT_URL_SSO", &sts.url);
    let later = "2999-01-01T00:00:00Z";
    let good = login(login(project(), SESSION, "good", later), URL, "good", later);
    for profile in ["new", "old"] {
        let seen = found(&sts, &good, &["--profile", profile]);
        assert_eq!(seen, (format!("the SSO login of profile `{profile}`"), "ASIASSO".into()));
    }
    let over = login(login(project(), SESSION, "good", "2001-01-01T00:00:00Z"), URL, "gone", "2001-01-01T00:00:00Z");
    let refused = login(login(project(), SESSION, "gone", later), URL, "gone", later);
    for project in [project(), over, refused] {
        let ran = project.skysmith(["--profile", "new", "outputs"]).code(1);
        ran.err_has("error: the SSO login of profile `new` is over, or was never made")
            .err_has("  = log in: aws sso login --sso-session corp\n");
        project.skysmith(["--profile", "old", "outputs"]).code(1).err_has("  = log in: aws sso login --profile old\n");
    }
}

#[test]
fn a_role_that_ends_is_taken_again_and_keys_that_end_are_told() {
    let sts = Sts::start().lasting(5);
    let keys = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = s\n\
                [over]\naws_access_key_id = ASIAOVER\naws_secret_access_key = s\naws_session_token = t\n";
    let project = with_profiles(&sts, "", keys);
    super::works(&project, ["--role-arn", "arn:aws:iam::1:role/short"]);
    let taken = sts.actions().iter().filter(|action| *action == "AssumeRole").count();
    assert!(taken > 1, "{taken}");
    let ran = project.skysmith(["--duration", "1h", "outputs"]).code(1);
    ran.err_has("warning: --duration does nothing: the keys of profile `default` give no session");
    sts.expire("ASIAOVER");
    let ran = project.skysmith(["--profile", "over", "outputs"]).code(1);
    ran.err_has("error: the AWS credentials have expired").err_has("log in again: aws sso login --profile over");
    let variables = project
        .variable("AWS_ACCESS_KEY_ID", "ASIAOVER")
        .variable("AWS_SECRET_ACCESS_KEY", "s")
        .variable("AWS_SESSION_TOKEN", "t");
    variables
        .skysmith(["outputs"])
        .code(1)
        .err_has("set new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN");
}

#[test]
fn a_console_login_is_read_by_the_program_that_made_it() {
    let sts = Sts::start();
    let json = r#"{"Version":1,"AccessKeyId":"ASIALOGIN","SecretAccessKey":"s","SessionToken":"t"}"#;
    let aws = |script: &str| {
        let config = "[profile c]\nlogin_session = arn:aws:iam::1:user/me\n";
        crate::doctor::scripts(with_profiles(&sts, config, ""), &[("aws", script)])
    };
    let exports = "[ \"$*\" = 'configure export-credentials --profile c --format process' ]";
    let project = aws(&format!("{exports} && echo '{json}'"));
    super::works(&project, ["--profile", "c"]);
    assert_eq!(sts.asked()[0].key(), "ASIALOGIN");
    let ran = aws("echo 'Your session has expired.' >&2; exit 255").skysmith(["--profile", "c", "outputs"]).code(1);
    ran.err_has("the console login of profile `c` is over, or was never made")
        .err_has("Your session has expired.")
        .err_has("  = log in: aws login --profile c\n");
}
