//! What nobody may read along: keys, session tokens, codes, and the values of parameters that are marked `NoEcho`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Ran, Shell};

const PASSWORD: &str = "dummyPasswordOfTheTest";
const CHANGED: &str = "dummy\"Password\\OfTheTest2";
const TAKEN: &str = "dummy-bucket-name-of-the-test";
const CODE: &str = "424242";

const TEMPLATE: &str = r#"{
  "Parameters": { "Password": { "Type": "String", "NoEcho": true } },
  "Resources": {
    "Kept": { "Type": "AWS::SSM::Parameter", "Properties": { "Type": "String", "Name": "/secrets/kept", "Value": { "Ref": "Password" } } }
  },
  "Outputs": { "Name": { "Value": { "Ref": "Kept" } } }
}"#;
/// What it makes is there already.
const REFUSED: &str = r#"{
  "Parameters": { "Bucket": { "Type": "String", "NoEcho": true } },
  "Resources": { "Named": { "Type": "AWS::S3::Bucket", "Properties": { "BucketName": { "Ref": "Bucket" } } } }
}"#;

/// Files below a folder, and what is in them.
fn contents(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            found.push((path.display().to_string(), text));
        }
    }
    found
}

/// Somebody with a profile that asks for codes, and all that the command wrote for them.
struct Somebody<'a> {
    shell: &'a Shell,
    endpoint: String,
    home: PathBuf,
    work: PathBuf,
    app: &'static str,
    written: Vec<(String, String)>,
}

impl Somebody<'_> {
    fn runs(&mut self, arguments: &[&str], code: i32) -> Ran {
        let options = ["-vv", "--app", self.app];
        let mut command = self.shell.command(&self.work, options.into_iter().chain(arguments.iter().copied()));
        command
            .env("HOME", &self.home)
            .env("SKYSMITH_CACHE_DIR", self.home.join("cache"))
            .env("SKYSMITH_ENDPOINT_URL", &self.endpoint)
            .env("SKYSMITH_PROFILE", "me")
            .env("SKYSMITH_MFA_CODE", CODE)
            .env("AWS_REGION", "eu-west-1");
        let ran = Ran::of(command.output().unwrap());
        self.written.push((arguments[..1].concat(), format!("{}{}", ran.stdout, ran.stderr)));
        ran.exits(code)
    }
}

#[test]
fn nothing_that_a_run_writes_has_a_secret_in_it() {
    let (_one, shell) = Shell::with_local_aws("secrets");
    let endpoint = shell.endpoint();
    let key = shell.person(&endpoint, &["make_key", "somebody"]);
    let [id, secret] = [0, 1].map(|at| key[at].as_str().unwrap().to_owned());
    shell.person(&endpoint, &["make_bucket", TAKEN]);
    let (home, work) = (shell.folder().join("home"), shell.folder().join("work"));
    for folder in [&home.join(".aws"), &work] {
        fs::create_dir_all(folder).unwrap();
    }
    let profile = format!(
        "[me-long-term]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n\
         aws_mfa_device = arn:aws:iam::000000000000:mfa/me\n"
    );
    fs::write(home.join(".aws/credentials"), profile).unwrap();
    fs::write(work.join("secret.json"), TEMPLATE).unwrap();
    fs::write(work.join("refused.json"), REFUSED).unwrap();
    let (app, written) = ("secret.json", Vec::new());
    let mut somebody = Somebody { shell: &shell, endpoint: endpoint.clone(), home, work, app, written };

    somebody
        .runs(&["deploy", "--yes", "--outputs-file", "out.json", "--parameters", &format!("Password={PASSWORD}")], 0);
    // It was the code that made the session, and the session that did it.
    let sessions = contents(&somebody.home.join("cache/sessions"));
    let session: Value = serde_json::from_str(&sessions[0].1).unwrap();
    let of_session = |name: &str| session[name].as_str().unwrap().to_owned();
    let changed = format!("Password={CHANGED}");
    let plan = somebody.runs(&["deploy", "--yes", "--json", "--parameters", &changed], 0);
    assert!(plan.stdout.contains("\"deployed\""), "{}", plan.stdout);
    for command in ["diff", "outputs", "events"] {
        somebody.runs(&[command], 0);
        somebody.runs(&[command, "--json"], 0);
    }
    // A name that is mistyped, and one whose value comes back in the words of a service.
    let mistyped = somebody.runs(&["deploy", "--yes", "--parameters", &format!("Pasword={PASSWORD}")], 2);
    assert!(mistyped.stderr.contains("`--parameters Pasword=…`"), "{}", mistyped.stderr);
    let taken = format!("Bucket={TAKEN}");
    somebody.app = "refused.json";
    for json in ["--json", "-v"] {
        let refused = somebody.runs(&["deploy", "--yes", json, "--parameters", &taken], 1);
        assert!(refused.stderr.contains("****"), "nothing came back: {}", refused.stderr);
    }
    somebody.app = "secret.json";
    let kept = shell.person(&endpoint, &["change_sets", "secret", "eu-west-1"]).to_string();
    somebody.written.push(("change sets".to_owned(), kept));
    somebody.runs(&["doctor"], 0);
    somebody.runs(&["destroy", "--yes", "--json"], 0);

    somebody.written.extend(contents(&shell.folder().join("cdk.out")));
    somebody.written.extend(contents(&somebody.work));
    let cache = contents(&somebody.home.join("cache"));
    somebody.written.extend(cache.into_iter().filter(|(file, _)| !file.contains("cache/sessions/")));
    let in_json = Value::from(CHANGED).to_string();
    let secrets = [&secret, &of_session("SecretAccessKey"), &of_session("SessionToken"), CODE, PASSWORD, CHANGED];
    for (run, text) in &somebody.written {
        for secret in secrets.into_iter().chain([TAKEN, in_json.trim_matches('"')]) {
            assert!(!text.contains(secret), "{secret} in {run}:\n{text}");
        }
    }
}
