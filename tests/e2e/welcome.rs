//! welcome: one program, two environments that know nothing of each other.

use serde_json::Value;

use crate::harness::{Ran, Shell};

const TEXT: &str = "<b>Grüß Gott</b> & \"hello\"";
const TEXT_IN_HTML: &str = "&lt;b&gt;Grüß Gott&lt;/b&gt; &amp; &quot;hello&quot;";

struct Running<'a> {
    shell: &'a Shell,
    endpoint: String,
}

impl Running<'_> {
    fn skysmith(&self, arguments: &[&str]) -> Ran {
        self.shell.skysmith(["-C", "apps/welcome", "--local"].into_iter().chain(arguments.iter().copied()))
    }

    fn person(&self, arguments: &[&str]) -> Value {
        self.shell.person(&self.endpoint, arguments)
    }

    /// The status of a page and its body.
    fn page(&self, url: &str) -> (u64, String) {
        let answer = self.person(&["get", url]);
        assert_eq!(answer["headers"]["content-type"], "text/html; charset=utf-8");
        (answer["status"].as_u64().unwrap(), answer["body"].as_str().unwrap().to_owned())
    }

    /// Everything there is but the bucket for assets, which stacks share.
    fn inventory(&self) -> Value {
        let mut found = self.person(&["inventory"]);
        let buckets = found["buckets"].as_array_mut().unwrap();
        buckets.retain(|bucket| !bucket.as_str().unwrap().starts_with("skysmith-assets-"));
        found
    }
}

/// The names in an inventory that have `part` in them, with their kind.
fn having(inventory: &Value, part: &str) -> Vec<String> {
    let kinds = inventory.as_object().unwrap().iter();
    let names = kinds.flat_map(|(kind, names)| {
        names.as_array().unwrap().iter().map(move |name| format!("{kind}: {}", name.as_str().unwrap()))
    });
    names.filter(|name| name.contains(part)).collect()
}

#[test]
fn two_environments_come_answer_and_go_each_by_itself() {
    let (_one, shell) = Shell::with_local_aws("welcome");
    let running = Running { endpoint: shell.endpoint(), shell: &shell };
    let before = running.inventory();

    // Both are deployed, and one list has the URLs of both.
    running.skysmith(&["deploy", "--all"]).exits(0);
    let list = running.skysmith(&["outputs"]).exits(0).stdout;
    assert_eq!(list.lines().count(), 2, "{list}");
    let outputs = running.skysmith(&["outputs", "--json"]).exits(0).json();
    let url = |environment: &str| {
        let output = &outputs[format!("welcome-{environment}")]["Url"];
        let path = format!("/{environment}/welcome");
        let [value, local] = ["value", "local_url"].map(|key| output[key].as_str().unwrap().to_owned());
        assert!(value.starts_with("https://") && value.ends_with(&path), "{value}");
        assert!(local.starts_with(&running.endpoint) && local.ends_with(&path), "{local}");
        assert!(list.contains(&local), "{local} is not in\n{list}");
        local
    };
    let (dev, prod) = (url("dev"), url("prod"));

    // No text yet; then one in dev, which prod knows nothing of; then one in prod.
    assert_eq!((running.page(&dev).0, running.page(&prod).0), (404, 404));
    running.person(&["put_text", "welcome-dev", "welcome", TEXT]);
    let (status, body) = running.page(&dev);
    assert!(status == 200 && body.contains(TEXT_IN_HTML) && !body.contains("<b>"), "{status}\n{body}");
    assert_eq!(running.page(&prod).0, 404);
    running.person(&["put_text", "welcome-prod", "welcome", "Hello world"]);
    let (status, body) = running.page(&prod);
    assert!(status == 200 && body.contains("Hello world"), "{status}\n{body}");
    let refused = running.person(&["get", &prod, "POST"]);
    assert_eq!((&refused["status"], &refused["headers"]["allow"]), (&405.into(), &"GET".into()));

    // Nothing to do, and nothing done.
    running.skysmith(&["diff", "--fail"]).exits(0);
    running.skysmith(&["deploy", "--all"]).exits(0);
    assert_eq!(running.page(&prod).0, 200);

    // A text is not lost by a slip.
    let both = running.inventory();
    let refused = running.skysmith(&["destroy", "welcome-dev", "--yes"]).exits(1);
    assert!(refused.stderr.contains("--allow-data-loss"), "{}", refused.stderr);
    assert_eq!(running.inventory(), both);

    // One goes, and the other is as it was.
    let (of_dev, of_prod) = (having(&both, "welcome-dev"), having(&both, "welcome-prod"));
    assert!(of_dev.len() >= 6 && of_dev.len() == of_prod.len(), "{of_dev:#?}\n{of_prod:#?}");
    running.skysmith(&["destroy", "welcome-dev", "--yes", "--allow-data-loss"]).exits(0);
    let left = running.inventory();
    assert_eq!(having(&left, "welcome-dev"), [""; 0]);
    assert_eq!(having(&left, "welcome-prod"), of_prod);
    assert_eq!(running.page(&prod), (status, body));
    let outputs = running.skysmith(&["outputs", "--json"]).exits(0).json();
    assert_eq!(outputs.as_object().unwrap().keys().collect::<Vec<_>>(), ["welcome-prod"]);

    // Both gone, nothing is left.
    running.skysmith(&["destroy", "--all", "--yes", "--allow-data-loss"]).exits(0);
    assert_eq!(running.inventory(), before);
}

#[test]
fn environments_are_parameters() {
    let shell = Shell::new("welcome-environments");
    let list = |environments: &str| {
        let param = format!("environments={environments}");
        shell.skysmith(["-C", "apps/welcome", "--param", &param, "list", "--json"])
    };
    let listed = list("test, prod, eu-1").exits(0).json().to_string();
    for stack in ["welcome-test", "welcome-prod", "welcome-eu-1"] {
        assert!(listed.contains(&format!("\"{stack}\"")), "{listed}");
    }
    assert!(!listed.contains("welcome-dev"), "{listed}");
    for mistake in ["dev,", "dev,dev", "a_b"] {
        let refused = list(mistake).exits(1);
        assert!(refused.stderr.contains("apps/welcome/src/main.rs:"), "{}", refused.stderr);
    }
}
