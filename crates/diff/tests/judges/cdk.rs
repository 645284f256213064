//! `cdk diff` on two templates, and what it says as facts.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use skysmith_template::Template;

/// What `cdk diff` prints for the two templates.
pub fn diff(folder: &Path, before: &Template, after: &Template) -> String {
    std::fs::create_dir_all(folder.join("assembly")).unwrap();
    let manifest = r#"{"version":"36.0.0","artifacts":{"s":{"type":"aws:cloudformation:stack",
        "environment":"aws://unknown-account/unknown-region","properties":{"templateFile":"s.json"}}}}"#;
    std::fs::write(folder.join("assembly/manifest.json"), manifest).unwrap();
    std::fs::write(folder.join("assembly/s.json"), after.to_json()).unwrap();
    std::fs::write(folder.join("before.json"), before.to_json()).unwrap();
    let tools = crate::installed("SKYSMITH_TEST_CDK", "target/tools/cdk");
    let output = Command::new(tools.join("node_modules/.bin/cdk"))
        .args(["diff", "s", "--app", "assembly", "--template", "before.json", "--no-notices", "--no-color"])
        .current_dir(folder)
        .env("HOME", folder)
        .env("CDK_DISABLE_CLI_TELEMETRY", "true")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env_remove("CI")
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    text
}

/// What is said, one fact a line: `Table replace`, `Table.KeySchema replace`, `parameter Stage`, `+ Allow s3:GetObject`.
pub fn facts(text: &str) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    let mut section = "";
    let mut resource = String::new();
    let mut row: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(cells) = line.strip_prefix('│') {
            let cells: Vec<&str> = cells.trim_end_matches('│').split('│').map(str::trim).collect();
            if !cells[0].is_empty() {
                // Rows about the same resource have no line between them.
                rights(section, &std::mem::take(&mut row), &mut facts);
                row = cells.iter().map(|cell| (*cell).to_owned()).collect();
            } else if !row.is_empty() {
                for (whole, more) in row.iter_mut().zip(&cells) {
                    if !more.is_empty() {
                        whole.push('\n');
                        whole.push_str(more);
                    }
                }
            }
            continue;
        }
        if line.starts_with(['├', '└']) && !row.is_empty() {
            rights(section, &std::mem::take(&mut row), &mut facts);
        }
        let word = line.trim_end();
        if let Some(title) =
            ["Parameters", "Resources", "Outputs", "Conditions", "Mappings", "Metadata", "Other Changes"]
                .into_iter()
                .chain(["IAM Statement Changes", "IAM Policy Changes", "Security Group Changes", "Rules", "Template"])
                .find(|title| *title == word)
        {
            section = title;
            continue;
        }
        let mark = ["[+]", "[-]", "[~]", "[←]"].into_iter().find_map(|mark| Some((mark, line.strip_prefix(mark)?)));
        match (section, mark) {
            ("Resources", Some((mark, rest))) => {
                let mut words: Vec<&str> = rest.split_whitespace().collect();
                words.remove(0);
                let (impact, taken) = match words.as_slice() {
                    [.., "may", "be", "replaced"] => ("may replace", 3),
                    [.., "replace"] => ("replace", 1),
                    [.., "destroy"] => ("remove", 1),
                    [.., "orphan"] => ("orphan", 1),
                    _ => (
                        match mark {
                            "[+]" => "add",
                            "[-]" => "remove",
                            _ => "update",
                        },
                        0,
                    ),
                };
                resource = words[words.len() - taken - 1].to_owned();
                facts.insert(format!("{resource} {impact}"));
            }
            ("Resources", None) => {
                // Properties stand one step in; what differs in them stands further in.
                let rest = line.strip_prefix(" ├─ ").or_else(|| line.strip_prefix(" └─ ")).unwrap_or_default();
                if let Some(rest) =
                    rest.strip_prefix("[~] ").or(rest.strip_prefix("[+] ")).or(rest.strip_prefix("[-] "))
                {
                    let name = rest.split_whitespace().next().unwrap_or_default();
                    let impact = match rest {
                        rest if rest.contains("(requires replacement)") => "replace",
                        rest if rest.contains("(may cause replacement)") => "may replace",
                        _ => "update",
                    };
                    facts.insert(format!("{resource}.{name} {impact}"));
                }
            }
            ("Parameters" | "Outputs" | "Conditions" | "Mappings" | "Rules", Some((_, rest))) => {
                // `Output Url Url: {...}`: the kind, the name, and the name again.
                let name = rest.split_whitespace().nth(1).unwrap_or_default().trim_end_matches(':');
                facts.insert(format!("{} {name}", section.trim_end_matches('s').to_lowercase()));
            }
            ("Metadata" | "Other Changes" | "Template", Some(_)) => {
                facts.insert(format!("{} differs", section.to_lowercase()));
            }
            _ => {}
        }
    }
    facts
}

fn rights(section: &str, row: &[String], facts: &mut BTreeSet<String>) {
    let sign = row.first().map(String::as_str).unwrap_or_default();
    if !matches!(sign, "+" | "-") {
        return;
    }
    match section {
        "IAM Statement Changes" => {
            for action in row[3].lines() {
                facts.insert(format!("{sign} {} {action}", row[2]));
            }
        }
        "IAM Policy Changes" => {
            facts.insert(format!("{sign} managed policy"));
        }
        "Security Group Changes" => {
            facts.insert(format!("{sign} security group rule"));
        }
        _ => {}
    }
}
