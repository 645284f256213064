//! The [stack policy](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html) of protected stacks: stateful resources
//! are neither replaced nor removed by an update, whoever starts it.
//!
//! It is set once an operation has succeeded, and never lifted: an update that was allowed to lose something carries a policy of its own for its time
//! (`StackPolicyDuringUpdateBody`). Setting another and restoring it would leave the stack open if the run were killed in between.

use std::collections::BTreeSet;

use skysmith_template::{Node, Template};

use crate::{Error, Event, Observer, Session};

/// The types in the templates that hold data.
pub(crate) fn protected_types<'a>(templates: impl Iterator<Item = &'a Template>) -> BTreeSet<String> {
    templates
        .flat_map(Template::resources)
        .filter_map(skysmith_template::Resource::resource_type)
        .filter(|kind| crate::is_stateful(kind))
        .map(str::to_owned)
        .collect()
}

/// The policy that keeps resources of these types from being replaced or removed, but for the exceptions (logical ids).
pub(crate) fn policy(types: &BTreeSet<String>, exceptions: &[String]) -> String {
    let list = |items: Vec<String>| items.iter().map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(",");
    let types = list(types.iter().cloned().collect());
    let resources = if exceptions.is_empty() {
        r#""Resource":"*""#.to_owned()
    } else {
        let ids = exceptions.iter().map(|id| format!("LogicalResourceId/{id}")).collect();
        format!(r#""NotResource":[{}]"#, list(ids))
    };
    format!(
        concat!(
            r#"{{"Statement":[{{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"}},"#,
            r#"{{"Effect":"Deny","Action":["Update:Replace","Update:Delete"],"Principal":"*",{},"#,
            r#""Condition":{{"StringEquals":{{"ResourceType":[{}]}}}}}}]}}"#
        ),
        resources, types
    )
}

fn read(policy: &str) -> Option<Node> {
    Some(Node::Map(skysmith_template::read_json(policy).ok()?.template.into_root()))
}

/// Whether this is a policy as [`policy`] writes them, for whatever types.
fn is_ours(policy: &Node) -> bool {
    let statements = policy.get("Statement").and_then(Node::as_list).unwrap_or_default();
    let kinds = |statement: &Node| {
        statement
            .get("Condition")
            .and_then(|node| node.get("StringEquals"))
            .and_then(|node| node.get("ResourceType"))
            .is_some()
            && statement.get("Effect").and_then(Node::as_str) == Some("Deny")
            && statement.get("Resource").and_then(Node::as_str) == Some("*")
    };
    statements.len() == 2
        && statements.first().and_then(|first| first.get("Action")).and_then(Node::as_str) == Some("Update:*")
        && statements.get(1).is_some_and(kinds)
}

impl Session {
    /// Sees to it that the stack has the policy. One that somebody else has set stays; that is told.
    pub(crate) async fn ensure_stack_policy(
        &self,
        stack_name: &str,
        stack_id: &str,
        types: &BTreeSet<String>,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        if types.is_empty() {
            return Ok(());
        }
        let wanted = policy(types, &[]);
        let answer = self.cloudformation.get_stack_policy().stack_name(stack_id).send().await;
        let answer = answer.map_err(|error| Error::from_sdk("GetStackPolicy", &error))?;
        if let Some(body) = answer.stack_policy_body().filter(|body| !body.trim().is_empty()) {
            let found = read(body);
            if found == read(&wanted) {
                return Ok(());
            }
            if !found.as_ref().is_some_and(is_ours) {
                let message = "it has a stack policy of its own, which stays as it is".to_owned();
                observer.event(Event::Warning { stack: stack_name.to_owned(), message });
                return Ok(());
            }
        }
        let request = self.cloudformation.set_stack_policy().stack_name(stack_id).stack_policy_body(wanted);
        request.send().await.map_err(|error| Error::from_sdk("SetStackPolicy", &error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types() -> BTreeSet<String> {
        ["AWS::DynamoDB::Table".to_owned(), "AWS::S3::Bucket".to_owned()].into()
    }

    #[test]
    fn stateful_types_are_protected() {
        let text = r#"{"Resources":{"T":{"Type":"AWS::DynamoDB::Table"},"B":{"Type":"AWS::S3::Bucket"},"Q":{"Type":"AWS::SNS::Topic"}}}"#;
        let template = skysmith_template::read_json(text).unwrap().template;
        assert_eq!(protected_types([&template, &template].into_iter()), types());
    }

    #[test]
    fn the_exception_is_for_the_allowed_resources_alone() {
        let always = read(&policy(&types(), &[])).unwrap();
        assert!(is_ours(&always));
        let once = read(&policy(&types(), &["CounterTable".to_owned()])).unwrap();
        let denied = &once.get("Statement").unwrap().as_list().unwrap()[1];
        assert_eq!(
            denied.get("NotResource").unwrap().as_list().unwrap()[0].as_str(),
            Some("LogicalResourceId/CounterTable")
        );
        assert!(denied.get("Resource").is_none() && denied.get("Condition").is_some());
        assert!(!is_ours(&once), "it must never stay");
        let theirs = r#"{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"}]}"#;
        assert!(!is_ours(&read(theirs).unwrap()));
    }
}
