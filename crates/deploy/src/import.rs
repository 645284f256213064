//! Resources that exist already become part of a stack.
//!
//! An import takes no other change along: its template is the deployed one with the imported resources added to it, whatever else is new in the app's.
//! What can be imported is told by comparing the two ([`importable`]); [`Wanted::importing`] makes what is sent.

use std::collections::{BTreeMap, BTreeSet};

use skysmith_template::{Map, Node, Template};

use crate::{DeployedStack, Error, ImportedResource, Wanted};

/// A resource that the app has and the deployed stack does not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Importable {
    /// Its logical id.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// What identifies one that exists, by the specification; empty where that does not say.
    pub keys: Vec<&'static str>,
    /// The values of these that the template has as plain text.
    pub known: BTreeMap<String, String>,
}

/// The resources that the app has and the deployed stack does not, in the template's order.
#[must_use]
pub fn importable(app: &Template, deployed: Option<&Template>) -> Vec<Importable> {
    let is_new = |id: &str| deployed.is_none_or(|template| template.resource(id).is_none());
    let new = app.resources().filter(|resource| is_new(resource.logical_id())).filter_map(|resource| {
        let resource_type = resource.resource_type()?.to_owned();
        let keys: Vec<&'static str> = skysmith_spec::resource_type(&resource_type)
            .map(|known| known.primary_identifier().collect())
            .unwrap_or_default();
        let text = |key: &&str| Some(((*key).to_owned(), resource.property(key)?.as_str()?.to_owned()));
        let known = keys.iter().filter_map(text).collect();
        Some(Importable { logical_id: resource.logical_id().to_owned(), resource_type, keys, known })
    });
    new.collect()
}

impl Wanted {
    /// The same stack with nothing new but these resources, which are imported. `deployed` is the stack as it is, with its template.
    ///
    /// A resource without a deletion policy is retained until the next deployment says otherwise: CloudFormation wants one, and none that would delete
    /// what was there before.
    ///
    /// # Errors
    /// [`Error::CannotImport`]: the template does not have a resource, or it refers to one that the stack would not have.
    pub fn importing(
        mut self,
        deployed: Option<(&DeployedStack, &Template)>,
        imports: Vec<ImportedResource>,
    ) -> Result<Self, Error> {
        let refused = |reason: String| Error::CannotImport { stack: self.stack.stack_name.clone(), reason };
        let app = &self.template;
        let mut template = deployed.map(|(_, template)| template.clone()).unwrap_or_default();
        if deployed.is_none() {
            for name in ["AWSTemplateFormatVersion", "Description", "Transform"] {
                if let Some(value) = app.root().get(name) {
                    template.root_mut().insert(name.to_owned(), value.clone());
                }
            }
        }
        for name in ["Mappings", "Conditions"] {
            add_missing(&mut template, app, name, |_| true);
        }
        for import in &imports {
            let Some(resource) = app.resource(&import.logical_id) else {
                return Err(refused(format!("the app's template has no resource {}", import.logical_id)));
            };
            if template.resource(&import.logical_id).is_some() {
                return Err(refused(format!("{} is in the stack already", import.logical_id)));
            }
            let mut body = resource.body().clone();
            if !body.contains_key("DeletionPolicy") {
                body.insert("DeletionPolicy".to_owned(), Node::String("Retain".to_owned()));
            }
            template.section_mut("Resources").insert(import.logical_id.clone(), Node::Map(body));
        }
        let included: BTreeSet<String> = template.resources().map(|one| one.logical_id().to_owned()).collect();
        for import in &imports {
            let Some(Node::Map(body)) = template.section_mut("Resources").get_mut(&import.logical_id) else { continue };
            depend_only_on(body, &included);
            let mut missing = None;
            for value in body.values() {
                value.for_each_ref(&mut |target: &String| {
                    if app.resource(target).is_some() && !included.contains(target) {
                        missing.get_or_insert_with(|| target.clone());
                    }
                });
            }
            if let Some(target) = missing {
                return Err(refused(format!(
                    "{} refers to {target}, which the stack does not have: import that as well",
                    import.logical_id
                )));
            }
        }
        let mut used = BTreeSet::new();
        for name in ["Resources", "Conditions"] {
            for value in template.section(name).into_iter().flat_map(Map::values) {
                value.for_each_ref(&mut |target: &String| {
                    used.insert(target.clone());
                });
            }
        }
        add_missing(&mut template, app, "Parameters", |name| used.contains(name));
        // Other values of parameters, or other tags, would change what is there.
        let before = deployed.map(|(stack, _)| stack);
        let is_new = |name: &str| before.is_none_or(|stack| !stack.parameters.contains_key(name));
        self.parameters.retain(|name, _| template.parameter(name).is_some() && is_new(name));
        if let Some(stack) = before {
            self.tags.clone_from(&stack.tags);
            self.stack.notification_arns = None;
        }
        self.body = template.to_json();
        self.template = template;
        self.imports = imports;
        Ok(self)
    }
}

/// Adds entries of a section that the template does not have.
fn add_missing(template: &mut Template, from: &Template, section: &str, wanted: impl Fn(&str) -> bool) {
    for (name, value) in from.section(section).into_iter().flatten().filter(|(name, _)| wanted(name)) {
        template.section_mut(section).entry(name.clone()).or_insert_with(|| value.clone());
    }
}

/// Takes dependencies out that would be on nothing: they come back with the next deployment, and an import makes nothing that could come too early.
fn depend_only_on(body: &mut Map, included: &BTreeSet<String>) {
    let is_there = |node: &Node| node.as_str().is_some_and(|id| included.contains(id));
    match body.get_mut("DependsOn") {
        Some(Node::List(list)) => list.retain(is_there),
        Some(one) if is_there(one) => {}
        Some(_) => {
            body.shift_remove("DependsOn");
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use skysmith_assembly::Stack;

    use super::*;

    const APP: &str = r#"{"Parameters":{"P":{"Type":"String"},"Unused":{"Type":"String"}},"Conditions":{"C":{"Fn::Equals":["a","a"]}},
        "Resources":{
            "Old":{"Type":"AWS::SNS::Topic","Properties":{"DisplayName":"changed"}},
            "Objects":{"Type":"AWS::S3::Bucket","Condition":"C","DependsOn":["Old","Other"],"Properties":{"BucketName":"photos","Tags":[{"Key":"k","Value":{"Ref":"P"}}]}},
            "Policy":{"Type":"AWS::S3::BucketPolicy","DeletionPolicy":"Delete","Properties":{"Bucket":{"Ref":"Objects"}}},
            "Other":{"Type":"AWS::SQS::Queue"}},
        "Outputs":{"Name":{"Value":{"Ref":"Objects"}}}}"#;
    const DEPLOYED: &str =
        r#"{"Resources":{"Old":{"Type":"AWS::SNS::Topic"}},"Outputs":{"Topic":{"Value":{"Ref":"Old"}}}}"#;

    fn template(text: &str) -> Template {
        skysmith_template::read(text).unwrap().template
    }

    fn wanted() -> Wanted {
        Wanted {
            stack: Stack::plain("s", "s.json"),
            body: APP.to_owned(),
            template: template(APP),
            parameters: BTreeMap::from([("P".to_owned(), "v".to_owned())]),
            tags: BTreeMap::new(),
            settings: crate::Settings::default(),
            imports: Vec::new(),
            followers: Default::default(),
        }
    }

    fn import(id: &str, resource_type: &str) -> ImportedResource {
        ImportedResource { logical_id: id.into(), resource_type: resource_type.into(), identifier: BTreeMap::new() }
    }

    fn stack() -> DeployedStack {
        DeployedStack {
            stack_id: "arn:s".into(),
            stack_name: "s".into(),
            status: crate::StackStatus::CreateComplete,
            status_reason: None,
            parameters: BTreeMap::new(),
            tags: BTreeMap::from([("team".to_owned(), "a".to_owned())]),
            notification_arns: Vec::new(),
            rollback_alarms: Vec::new(),
            termination_protection: false,
            outputs: Vec::new(),
            last_change: None,
        }
    }

    #[test]
    fn only_what_is_new_can_be_imported() {
        let found = importable(&template(APP), Some(&template(DEPLOYED)));
        let ids: Vec<_> = found.iter().map(|one| one.logical_id.as_str()).collect();
        assert_eq!(ids, ["Objects", "Policy", "Other"]);
        assert_eq!((found[0].keys.clone(), found[0].known["BucketName"].as_str()), (vec!["BucketName"], "photos"));
        assert_eq!(found[2].keys, ["QueueUrl"]);
        assert_eq!(importable(&template(APP), None).len(), 4);
    }

    #[test]
    fn nothing_else_changes() {
        let (stack, deployed) = (stack(), template(DEPLOYED));
        let sent = wanted().importing(Some((&stack, &deployed)), vec![import("Objects", "AWS::S3::Bucket")]).unwrap();
        let ids: Vec<_> = sent.template.resources().map(|one| one.logical_id().to_owned()).collect();
        assert_eq!(ids, ["Old", "Objects"]);
        assert_eq!(sent.template.resource("Old").unwrap().body(), deployed.resource("Old").unwrap().body());
        let objects = sent.template.resource("Objects").unwrap();
        assert_eq!(objects.deletion_policy().and_then(Node::as_str), Some("Retain"));
        assert_eq!(objects.depends_on(), ["Old"]);
        assert_eq!(sent.template.section("Outputs"), deployed.section("Outputs"));
        assert_eq!(sent.template.parameters().map(|one| one.name().to_owned()).collect::<Vec<_>>(), ["P"]);
        assert_eq!((sent.parameters.len(), sent.tags["team"].as_str()), (1, "a"));
        assert_eq!(skysmith_template::read(&sent.body).unwrap().template, sent.template);
    }

    #[test]
    fn what_refers_to_something_that_is_not_there_is_refused() {
        let policy = || import("Policy", "AWS::S3::BucketPolicy");
        let Err(Error::CannotImport { reason, .. }) = wanted().importing(None, vec![policy()]) else { panic!() };
        assert!(reason.contains("Policy refers to Objects"), "{reason}");
        let both = wanted().importing(None, vec![policy(), import("Objects", "AWS::S3::Bucket")]).unwrap();
        assert_eq!(both.template.resource("Policy").unwrap().deletion_policy().and_then(Node::as_str), Some("Delete"));
        assert_eq!(both.template.section("Outputs"), None);
        assert!(matches!(wanted().importing(None, vec![import("Nope", "X")]), Err(Error::CannotImport { .. })));
    }
}
