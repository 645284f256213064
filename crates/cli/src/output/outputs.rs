//! Outputs of deployed stacks: as a table, as JSON, as a file.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use skysmith_deploy::Output;

use super::table;

/// One output, with the local address that stands for its value where there is one.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The output.
    pub output: Output,
    /// Where the local AWS answers for it.
    pub local_url: Option<String>,
}

impl Shown {
    /// What a person can use: the local address if there is one.
    fn usable(&self) -> &str {
        self.local_url.as_deref().unwrap_or(&self.output.value)
    }
}

/// The outputs of some stacks, by the stack's path.
pub type Outputs = Vec<(String, Vec<Shown>)>;

/// Lines of name and value; with the stack's path before them if there are several.
pub fn text(outputs: &Outputs) -> String {
    let several = outputs.len() > 1;
    let rows: Vec<Vec<String>> = outputs
        .iter()
        .flat_map(|(stack, outputs)| {
            outputs.iter().map(move |shown| {
                let stack = if several { stack.clone() } else { String::new() };
                vec![stack, shown.output.name.clone(), shown.usable().to_owned()]
            })
        })
        .collect();
    table::columns(&rows)
}

/// By stack and name: the value as CloudFormation has it, and the local address beside it.
pub fn json(outputs: &Outputs) -> Value {
    let mut stacks = Map::new();
    for (stack, outputs) in outputs {
        stacks.insert(stack.clone(), stack_json(outputs));
    }
    Value::Object(stacks)
}

/// The same for one stack.
pub fn stack_json(outputs: &[Shown]) -> Value {
    let mut values = Map::new();
    for Shown { output, local_url } in outputs {
        let mut value = json!({ "value": output.value });
        let mut add = |key: &str, text: &Option<String>| {
            if let Some(text) = text {
                value[key] = json!(text);
            }
        };
        add("description", &output.description);
        add("export_name", &output.export_name);
        add("local_url", local_url);
        values.insert(output.name.clone(), value);
    }
    Value::Object(values)
}

/// What `--outputs-file` holds: the values by stack and output, as the CDK writes it; stacks without outputs are left out.
pub fn file(outputs: &Outputs) -> BTreeMap<&str, BTreeMap<&str, &str>> {
    outputs
        .iter()
        .filter(|(_, outputs)| !outputs.is_empty())
        .map(|(stack, outputs)| {
            (
                stack.as_str(),
                outputs.iter().map(|shown| (shown.output.name.as_str(), shown.output.value.as_str())).collect(),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs() -> Outputs {
        let output = Output {
            name: "Url".to_owned(),
            value: "https://x.amazonaws.com/prod".to_owned(),
            description: Some("The counts".to_owned()),
            export_name: None,
        };
        vec![("app".to_owned(), vec![Shown { output, local_url: Some("http://127.0.0.1:1/x".to_owned()) }])]
    }

    #[test]
    fn people_get_what_answers_and_programs_get_both() {
        assert_eq!(text(&outputs()), "Url  http://127.0.0.1:1/x\n");
        assert_eq!(
            json(&outputs()),
            json!({ "app": { "Url": { "value": "https://x.amazonaws.com/prod", "description": "The counts", "local_url": "http://127.0.0.1:1/x" } } })
        );
        assert_eq!(file(&outputs())["app"]["Url"], "https://x.amazonaws.com/prod");
        let two = [outputs(), outputs()].concat();
        assert!(text(&two).starts_with("app  Url  "));
    }
}
