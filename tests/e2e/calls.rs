//! What object-counter's deployments ask of AWS: each call, in order. A change here is a change of what people wait for and of what they must be permitted.

use skysmith_scripted::{Aws, Scripted};

use crate::harness::{Ran, Shell, root};

struct Account {
    shell: Shell,
    /// In front of the emulator, counting.
    aws: Aws,
}

impl Account {
    fn deploy(&self, app: &str) -> Ran {
        let arguments = ["--app", app, "--endpoint-url", self.aws.url(), "--region", "us-east-1", "deploy", "--yes"];
        let mut command = self.shell.command(root(), arguments);
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        Ran::of(command.output().unwrap()).exits(0)
    }

    /// What was asked since the last time. Calls of one kind that follow each other are made at once.
    fn asked(&self) -> Vec<String> {
        let operations = self.aws.operations();
        self.aws.forget();
        let runs = operations.chunk_by(|one, next| one == next);
        runs.map(|run| if run.len() > 1 { format!("{} × {}", run[0], run.len()) } else { run[0].clone() }).collect()
    }
}

#[test]
fn the_calls_of_a_first_deploy_an_update_and_a_deploy_of_nothing_new() {
    let (_one, shell) = Shell::with_local_aws("calls");
    let aws = Scripted::in_front_of(&shell.endpoint()).start();
    let assembly = shell.folder().join("assembly");
    let app = assembly.to_str().unwrap();
    shell.skysmith(["--out", app, "synth", "-q"]).exits(0);
    let account = Account { shell, aws };

    // Its credentials, what is there, two assets that are not, a bucket for them, these with the template as it is deployed, and the plan. The emulator has made
    // everything before it is looked at.
    account.deploy(app);
    assert_eq!(
        account.asked(),
        [
            "GetCallerIdentity",
            "DescribeStacks",
            "HeadObject × 2",
            "GetBucketLifecycleConfiguration",
            "CreateBucket",
            "PutPublicAccessBlock",
            "PutBucketEncryption",
            "PutBucketVersioning",
            "PutBucketPolicy",
            "PutBucketLifecycleConfiguration",
            "PutObject × 3",
            "CreateChangeSet",
            "DescribeChangeSet",
            "ExecuteChangeSet",
            "DescribeStackEvents",
            "DescribeStacks",
        ]
    );

    account.deploy(app);
    assert_eq!(account.asked(), ["GetCallerIdentity", "DescribeStacks", "GetTemplate"]);

    let template = assembly.join("object-counter.template.json");
    let text = std::fs::read_to_string(&template).unwrap();
    let changed = text.replacen("\"MemorySize\": 256", "\"MemorySize\": 512", 1);
    assert_ne!(text, changed);
    std::fs::write(&template, changed).unwrap();
    // Right before the execution the stack is looked at once more.
    account.deploy(app);
    assert_eq!(
        account.asked(),
        [
            "GetCallerIdentity",
            "DescribeStacks",
            "GetTemplate",
            "HeadObject × 2",
            "PutObject",
            "CreateChangeSet",
            "DescribeChangeSet",
            "DescribeStacks",
            "ExecuteChangeSet",
            "DescribeStackEvents",
            "DescribeStacks",
        ]
    );
}
