//! The templates of nested stacks, compared with what is deployed of them, and hung into the difference of the stack around them.
//!
//! The new ones are found where the assembly has them. One that is not there, such as a template that lies in a bucket already, is not compared.

use std::path::{Path, PathBuf};

use skysmith_deploy::Session as Account;
use skysmith_diff::TemplateDiff;
use skysmith_template::{Node, Resource, Template};

use crate::app;

const STACK: &str = "AWS::CloudFormation::Stack";
/// Nested stacks in nested stacks; a template that names itself would otherwise be read for ever.
const MAX_DEPTH: usize = 6;

/// Compares those of a template whose file is `file` with those of a deployed stack. What cannot be read is left out.
pub async fn hang_in(
    diff: &mut TemplateDiff,
    account: &Account,
    deployed: Option<&str>,
    after: &Template,
    file: &Path,
    depth: usize,
) {
    let inner: Vec<(String, PathBuf)> = after
        .resources()
        .filter_map(|resource| Some((resource.logical_id().to_owned(), template_file(resource, file)?)))
        .collect();
    if inner.is_empty() || depth >= MAX_DEPTH {
        return;
    }
    let resources = match deployed {
        Some(stack) => account.resources(stack).await.unwrap_or_default(),
        None => Vec::new(),
    };
    for (logical_id, file) in inner {
        let Ok(new) = app::template_file(&file) else { continue };
        let there = resources.iter().find(|it| it.logical_id == logical_id && it.resource_type == STACK);
        let there = there.and_then(|it| it.physical_id.clone());
        let old = match &there {
            Some(id) => account.template(id).await.ok().flatten(),
            None => None,
        };
        // Of one that is there and cannot be read nothing can be said.
        if there.is_some() && old.is_none() {
            continue;
        }
        let mut nested = skysmith_diff::diff(&old.unwrap_or_default(), &new.template);
        Box::pin(hang_in(&mut nested, account, there.as_deref(), &new.template, &file, depth + 1)).await;
        diff.nest(&logical_id, nested);
    }
}

/// The file that an assembly has beside the template around it.
fn template_file(resource: Resource<'_>, around: &Path) -> Option<PathBuf> {
    if resource.resource_type() != Some(STACK) {
        return None;
    }
    let metadata = resource.metadata()?;
    let text = |key: &str| metadata.get(key).and_then(Node::as_str);
    let name = text("aws:asset:path").filter(|_| text("aws:asset:property") == Some("TemplateURL"))?;
    let folder = around.parent()?.canonicalize().ok()?;
    let file = folder.join(name).canonicalize().ok()?;
    // An assembly does not lead out of its folder.
    (file.starts_with(&folder) && file.is_file()).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_the_assembly_alone() {
        let folder = tempfile::tempdir().unwrap();
        let around = folder.path().join("out/app.template.json");
        std::fs::create_dir(folder.path().join("out")).unwrap();
        std::fs::write(folder.path().join("out/inner.json"), "{}").unwrap();
        std::fs::write(folder.path().join("outside.json"), "{}").unwrap();
        let found = |name: &str, property: &str| {
            let text = format!(
                r#"{{"Resources":{{"N":{{"Type":"{STACK}","Metadata":{{"aws:asset:path":"{name}","aws:asset:property":"{property}"}}}}}}}}"#
            );
            let template = skysmith_template::read(&text).unwrap().template;
            template_file(template.resource("N").unwrap(), &around).is_some()
        };
        assert!(found("inner.json", "TemplateURL"));
        assert!(!found("../outside.json", "TemplateURL"));
        assert!(!found("inner.json", "Code"));
        assert!(!found("gone.json", "TemplateURL"));
    }
}
