//! object-counter from a Rust program to a running stack and back.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::Shell;
use crate::judges::keeps_to;

const BUCKET: &str = "skysmith-demo-objects";
const TOPIC: &str = "skysmith-demo-object-changes";

struct Running<'a> {
    shell: &'a Shell,
    endpoint: String,
    url: String,
}

impl Running<'_> {
    fn person(&self, arguments: &[&str]) -> Value {
        self.shell.person(&self.endpoint, arguments)
    }

    fn counts(&self) -> Value {
        let answer = self.person(&["get", &self.url]);
        assert_eq!(answer["status"], 200);
        assert_eq!(answer["headers"]["access-control-allow-origin"], "*");
        serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
    }

    /// Waits until the counts are as expected: events take a moment.
    #[track_caller]
    fn await_counts(&self, expected: &Value) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let counts = self.counts();
            if counts == *expected {
                return;
            }
            assert!(Instant::now() < deadline, "expected {expected:#}\nbut the counts are {counts:#}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// An S3 notification as the bucket sends it, for an event that is delivered again.
fn notification(key: &str, sequencer: &str) -> String {
    json!({"Records": [{
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": BUCKET}, "object": {"key": key, "sequencer": sequencer}},
    }]})
    .to_string()
}

#[test]
fn from_a_program_to_a_running_stack_and_back() {
    let (_one, shell) = Shell::with_local_aws("object-counter");
    let endpoint = shell.endpoint();
    assert!(endpoint.starts_with("http://127.0.0.1:"), "{endpoint}");
    let before = shell.person(&endpoint, &["inventory"]);

    // Deployed, with a URL that answers.
    let outputs = shell.folder().join("outputs.json");
    let deployed = shell.skysmith(["deploy", "--local", "--outputs-file", outputs.to_str().unwrap()]).exits(0);
    let outputs: Value = serde_json::from_str(&std::fs::read_to_string(outputs).unwrap()).unwrap();
    let aws_url = outputs["object-counter"]["Url"].as_str().unwrap();
    assert!(aws_url.starts_with("https://") && aws_url.ends_with("/prod/count"), "{aws_url}");
    let url = deployed
        .stdout
        .split_whitespace()
        .find(|word| word.starts_with("http://127.0.0.1:") && word.ends_with("/count"))
        .unwrap_or_else(|| panic!("no local URL in\n{}", deployed.stdout))
        .to_owned();
    let running = Running { shell: &shell, endpoint, url };
    assert_eq!(running.counts(), json!({}));
    let events = running.person(&["notifications", BUCKET]);
    assert_eq!(events.as_object().unwrap().len(), 2, "{events}");

    // Three objects, one of them twice, one with a space and an umlaut in its key; one is removed.
    for (key, body) in [("a.txt", "1"), ("b.txt", "1"), ("b.txt", "2"), ("grün & blau/ü b.txt", "1")] {
        running.person(&["put", BUCKET, key, body]);
    }
    running.person(&["delete", BUCKET, "a.txt"]);
    let counted = json!({
        format!("{BUCKET}/a.txt"): {"created": 1, "removed": 1, "count": 0},
        format!("{BUCKET}/b.txt"): {"created": 2, "removed": 0, "count": 2},
        format!("{BUCKET}/grün & blau/ü b.txt"): {"created": 1, "removed": 0, "count": 1},
    });
    running.await_counts(&counted);

    // The same event twice changes the counts once, and another event of the same object counts.
    for sequencer in ["0A", "0A", "0B", "0A"] {
        running.person(&["publish", TOPIC, &notification("again+and+again", sequencer)]);
    }
    let mut counted_again = counted;
    counted_again[format!("{BUCKET}/again and again")] = json!({"created": 2, "removed": 0, "count": 2});
    running.await_counts(&counted_again);
    // A duplicate that is only slow would come now.
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(running.counts(), counted_again);

    // Nothing to do, then a change.
    shell.skysmith(["diff", "--local", "--fail"]).exits(0);
    let again = shell.skysmith(["deploy", "--local"]).exits(0);
    assert!(again.stderr.contains("no changes") || again.stderr.contains("nothing"), "{}", again.stderr);
    let change = ["--param", "OpenTopic=true"];
    let diff = shell.skysmith(["diff", "--local", "--fail"].into_iter().chain(change)).exits(1);
    assert!(diff.stdout.contains("Changes/Policy"), "{}", diff.stdout);
    shell.skysmith(["diff", "--local"].into_iter().chain(change)).exits(0);
    shell.skysmith(["deploy", "--local"].into_iter().chain(change)).exits(0);
    shell.skysmith(["diff", "--local", "--fail"].into_iter().chain(change)).exits(0);
    assert_eq!(running.counts(), counted_again);

    // What would lose the counts is refused, and says so.
    let rename = ["--param", "OpenTopic=true", "--param", "DBTableName=other"];
    let diff = shell.skysmith(["diff", "--local"].into_iter().chain(rename)).exits(0);
    assert!(diff.stdout.contains("DATA LOSS"), "{}", diff.stdout);
    let diff = shell.skysmith(["diff", "--local", "--json"].into_iter().chain(rename)).exits(0).json();
    keeps_to("architecture/diff.schema.json", &diff);
    assert!(diff["stacks"][0]["data_losses"][0]["contents"].is_string(), "{diff:#}");
    let refused = shell.skysmith(["deploy", "--local", "--yes"].into_iter().chain(rename)).exits(1);
    assert!(refused.stderr.contains("--allow-data-loss"), "{}", refused.stderr);
    assert_eq!(running.counts(), counted_again);
    let refused = shell.skysmith(["destroy", "--local", "--yes"]).exits(1);
    assert!(refused.stderr.contains("--allow-data-loss"), "{}", refused.stderr);
    assert_eq!(running.counts(), counted_again);

    // Gone, and nothing is left but the bucket for assets, which other stacks share.
    shell.skysmith(["destroy", "--local", "--yes", "--allow-data-loss"]).exits(0);
    let mut after = running.person(&["inventory"]);
    let buckets = after["buckets"].as_array_mut().unwrap();
    buckets.retain(|bucket| !bucket.as_str().unwrap().starts_with("skysmith-assets-"));
    assert_eq!(after, before);
    shell.skysmith(["destroy", "--local", "--yes"]).exits(0);
}

#[test]
fn a_name_that_is_taken_is_told_with_the_construct_and_its_line() {
    let (_one, shell) = Shell::with_local_aws("name-taken");
    let endpoint = shell.endpoint();
    shell.person(&endpoint, &["make_bucket", BUCKET]);
    let failed = shell.skysmith(["deploy", "--local"]).exits(1);
    for words in ["Objects (S3 bucket)", "already exists", "apps/object-counter/src/main.rs:", "s3::Bucket::builder("] {
        assert!(failed.stderr.contains(words), "no `{words}` in\n{}", failed.stderr);
    }
}
