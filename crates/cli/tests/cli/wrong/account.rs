//! Credentials, regions and endpoints that won't do. AWS is played by a server on loopback.

use super::fails;
use crate::fake_aws::Answer;
use crate::project::{TestProject, write_assembly};

/// A project with an assembly, and nothing of this machine's user.
fn bare() -> TestProject {
    let project = TestProject::new().file("skysmith.toml", "app = \"built\"\n");
    write_assembly(&project.path("built"), &[("only", &[])]);
    let home = project.path("home").display().to_string();
    project.variable("HOME", &home).variable("AWS_EC2_METADATA_DISABLED", "true")
}

fn with_keys() -> TestProject {
    bare().variable("AWS_ACCESS_KEY_ID", "AKIA").variable("AWS_SECRET_ACCESS_KEY", "secret")
}

fn at(url: &str) -> TestProject {
    with_keys().variable("AWS_REGION", "eu-west-1").variable("SKYSMITH_ENDPOINT_URL", url)
}

#[test]
fn no_credentials() {
    for command in ["diff", "outputs"] {
        fails(&bare().variable("AWS_REGION", "eu-west-1"), [command], 1)
            .err_has("error: no AWS credentials were found")
            .err_has("log in (`aws sso login`, `aws configure`)");
    }
    fails(&bare().variable("AWS_REGION", "eu-west-1"), ["--profile", "nobody", "diff"], 1)
        .err_has("error: no AWS credentials were found")
        .err_has("the profile is `nobody`");
}

#[test]
fn expired_credentials() {
    let url = Answer::refusal("ExpiredToken", "The security token included in the request is expired").served();
    fails(&at(&url), ["diff"], 1)
        .err_has("error: the AWS credentials have expired: ")
        .err_has("The security token included in the request is expired")
        .err_has("log in again: aws sso login");
    // What looks alike and is something else.
    let words = "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z";
    let url = Answer::refusal("SignatureDoesNotMatch", words).served();
    fails(&at(&url), ["diff"], 1).err_has("AWS refuses the credentials").err_has("set this machine's clock");
}

#[test]
fn refused_credentials() {
    let url = Answer::refusal("InvalidClientTokenId", "The security token included in the request is invalid").served();
    fails(&at(&url), ["diff"], 1)
        .err_has("error: AWS refuses the credentials: ")
        .err_has("AWS_ACCESS_KEY_ID")
        .err_has("one that the account has not enabled refuses all credentials");
}

#[test]
fn a_region_that_is_none() {
    fails(&with_keys(), ["diff"], 1).err_has("error: no AWS region is set").err_has("pass --region");
    for wrong in ["Frankfurt", "eu_west_1", "eu-west-1a", "http://x", "eu-west-1 "] {
        fails(&with_keys(), ["--region", wrong, "diff"], 2).err_has(&format!("`{wrong}` is not the name of a region"));
    }
    // One that could be, and is a slip. No proxy and no name server is asked: the proxy is a closed port.
    let project = with_keys().variable("HTTPS_PROXY", "http://127.0.0.1:9").variable("NO_PROXY", "");
    let ran = project.skysmith(["--region", "eu-wst-1", "diff"]).code(1).out("");
    ran.err_has("did you mean `eu-west-1`?")
        .err_has("cannot be reached")
        .err_has("check the network, the region's name");
    // A stack of another account than the credentials'.
    let url = Answer::identity("123456789012").served();
    let project = at(&url);
    let manifest = project.path("built/manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("unknown-account", "210987654321")).unwrap();
    fails(&project, ["diff"], 1)
        .err_has("stack only belongs to aws://210987654321/eu-west-1")
        .err_has("choose other credentials with --profile");
}

#[test]
fn an_endpoint_that_nobody_is_at() {
    fails(&at("http://127.0.0.1:9"), ["diff"], 1).err_has("http://127.0.0.1:9 cannot be reached: Connection refused");
    // One that is no AWS.
    let answer = Answer { status: "200 OK", body: "<html>It works!</html>".to_owned(), ..Answer::identity("1") };
    fails(&at(&answer.served()), ["diff"], 1).err_has("GetCallerIdentity");
}

#[test]
fn an_emulator_that_does_not_run() {
    let project = bare();
    let (local, cache) = (project.path("local").display().to_string(), project.path("cache").display().to_string());
    let project = project.variable("SKYSMITH_LOCAL_DIR", &local).variable("SKYSMITH_CACHE_DIR", &cache);
    project.skysmith(["local", "status"]).ok().out("stopped\n").err_has("skysmith local start, or --local");
    project.skysmith(["local", "stop"]).ok().err("the local AWS does not run\n");
    project.skysmith(["local", "logs"]).ok().out("").err_has("there is no log at ");
    // It is started where it is needed; without Python it cannot be.
    let empty = project.path("empty").display().to_string();
    let project = project.variable("PATH", &empty);
    let ran = project.skysmith(["--local", "diff"]).code(1).out("");
    ran.err_has("error: the local AWS needs Python 3.10 or newer, and there is no python3 on the PATH\n")
        .err_has("install Python from https://www.python.org");
}
