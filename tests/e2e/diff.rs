//! The ways to ask what a deployment would change, against an AWS of which everything can be looked up: none of them changes anything.

use std::path::PathBuf;

use serde_json::Value;

use crate::harness::{Ran, Shell, aws};

struct Desk {
    _one: std::sync::MutexGuard<'static, ()>,
    shell: Shell,
    endpoint: String,
    folder: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let (one, shell) = Shell::with_local_aws("diff");
        let (endpoint, folder) = (shell.endpoint(), shell.folder().to_owned());
        Self { _one: one, shell, endpoint, folder }
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.join(file), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let all = [&["--local", "--app", "web.yaml"], arguments].concat();
        self.shell.skysmith_in(&self.folder, all)
    }

    fn diff(&self, flags: &[&str]) -> Ran {
        self.run(&[&["diff"], flags].concat())
    }

    /// All that a comparison could change: the stacks with their templates, their change sets, and the queue itself.
    fn everything(&self) -> String {
        aws(
            &self.endpoint,
            r"for s in c.list_stacks()['StackSummaries']:
    if s['StackStatus'] == 'DELETE_COMPLETE': continue
    n = s['StackName']
    print(n, s['StackStatus'], s.get('LastUpdatedTime'), c.get_template(StackName=n)['TemplateBody'])
    print([x['ChangeSetName'] for x in c.list_change_sets(StackName=n)['Summaries'] if x['ExecutionStatus'] != 'EXECUTE_COMPLETE'])
    print(b('sqs').get_queue_attributes(QueueUrl=name(n, 'Q'), AttributeNames=['All'])['Attributes'])",
        )
    }
}

fn web(delay: u32, more: &str) -> String {
    format!(
        "Resources:\n  Q: {{Type: AWS::SQS::Queue, Properties: {{DelaySeconds: {delay}, VisibilityTimeout: 40}}}}\n{more}"
    )
}

const OPEN: &str = "  P: {Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Q], PolicyDocument: {Statement: [{Effect: Allow, Principal: '*', Action: 'sqs:*', Resource: !GetAtt Q.Arn}]}}}\n";

#[test]
fn every_way_to_ask_changes_nothing() {
    let desk = Desk::new();
    desk.write("web.yaml", &web(1, ""));
    desk.run(&["deploy"]).exits(0);
    let before = desk.everything();

    // Nothing to say, in every form.
    desk.diff(&["--fail"]).exits(0);
    assert_eq!(desk.diff(&["--fail", "--quiet"]).exits(0).stdout, "");
    assert_eq!(desk.diff(&["--fail", "--change-set"]).exits(0).stdout.matches("no changes").count(), 1);
    assert!(desk.diff(&["--fail", "--markdown"]).exits(0).stdout.contains("No changes."));

    // A change, with and without CloudFormation's own opinion.
    desk.write("web.yaml", &web(5, ""));
    for flags in [&["--fail"][..], &["--fail", "--change-set"], &["--fail", "--quiet"]] {
        let ran = desk.diff(flags).exits(1);
        assert!(ran.stdout.contains("DelaySeconds  1 → 5"), "{}", ran.stdout);
    }
    let json = desk.diff(&["--json", "--change-set"]).exits(0).json();
    assert_eq!(json["stacks"][0]["resources"][0]["judge"], "both", "{json}");
    let markdown = desk.diff(&["--markdown"]).exits(0).stdout;
    assert!(markdown.starts_with("<!-- skysmith diff: "), "{markdown}");
    assert!(markdown.contains("DelaySeconds  1 → 5"), "{markdown}");
    assert_eq!(desk.diff(&["--fail", "--security-only"]).exits(0).stdout.matches("DelaySeconds").count(), 0);
    assert_eq!(desk.everything(), before);

    // What matters for security, alone.
    desk.write("web.yaml", &web(5, OPEN));
    let open = desk.diff(&["--fail", "--security-only"]).exits(1).stdout;
    assert!(open.contains("sqs:* by everybody") && !open.contains("DelaySeconds"), "{open}");

    // Changed behind CloudFormation's back: what was deployed, what is there, what the code says.
    aws(
        &desk.endpoint,
        "b('sqs').set_queue_attributes(QueueUrl=name('web','Q'), Attributes={'DelaySeconds': '9', 'VisibilityTimeout': '50'})",
    );
    let before = desk.everything();
    let ran = desk.diff(&["--drift", "--fail"]).exits(1).stdout;
    let back = ran.split("changed behind CloudFormation's back").nth(1).unwrap_or_else(|| panic!("{ran}"));
    assert!(back.contains("DelaySeconds       1 → 9") && back.contains("the code says 5; a deploy sets that"), "{ran}");
    assert!(back.contains("VisibilityTimeout  40 → 50") && back.contains("a deploy leaves it"), "{ran}");
    let json = desk.diff(&["--drift", "--json"]).exits(0).json();
    let drifted: Vec<[&Value; 4]> = json["stacks"][0]["drift"][0]["properties"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| ["path", "deployed", "real", "wanted"].map(|key| &it[key]))
        .collect();
    assert!(drifted.contains(&["DelaySeconds", "1", "9", "5"].map(Value::from).each_ref()), "{json}");
    // Nothing in the code, and something all the same.
    desk.write("web.yaml", &web(1, ""));
    desk.diff(&["--fail"]).exits(0);
    desk.diff(&["--fail", "--drift"]).exits(1);
    assert_eq!(desk.everything(), before);

    // A stack that is not there, and is not there afterwards.
    desk.write("other.yaml", &web(1, ""));
    let ran = desk.shell.skysmith_in(&desk.folder, ["--local", "--app", "other.yaml", "diff", "--change-set"]).exits(0);
    assert!(ran.stdout.contains("not deployed yet") && ran.stdout.contains("1 to add"), "{}", ran.stdout);
    assert_eq!(desk.everything(), before);

    // Files alone, for which nobody is asked.
    desk.write("old.yaml", &web(1, OPEN));
    for flag in ["--template", "--against"] {
        let ran =
            desk.shell.skysmith_in(&desk.folder, ["--app", "web.yaml", "diff", flag, "old.yaml", "--fail"]).exits(1);
        assert!(ran.stdout.contains("- P "), "{}", ran.stdout);
    }
}
