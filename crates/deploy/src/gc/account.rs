//! Reading everything that may refer to an asset.

use std::collections::BTreeSet;

use aws_sdk_cloudformation::types::{ChangeSetSummary, TemplateStage};
use aws_sdk_ssm::types::ParameterType;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::decide::{References, Stored};
use crate::{DeployedStack, Error, Event, Observer, Session, StackStatus};

/// Stacks that are read at once.
const STACKS_AT_ONCE: usize = 4;
/// Names that one call takes.
const NAMES_AT_ONCE: usize = 10;
/// What tells a template that says something else once CloudFormation has processed it.
const TRANSFORM: &str = "Transform";
/// What a reference to a parameter in a template begins with.
const RESOLVE: [&str; 2] = ["{{resolve:ssm:", "{{resolve:ssm-secure:"];

/// What tells whether something has been deployed since.
pub(super) fn seen(stacks: &[DeployedStack]) -> BTreeSet<(String, String, Option<i64>)> {
    let one = |stack: &DeployedStack| (stack.stack_id.clone(), stack.status.as_str().to_owned(), stack.last_change);
    stacks.iter().map(one).collect()
}

impl Session {
    /// All stacks of the account and region, nested ones included.
    pub(super) async fn all_stacks(&self) -> Result<Vec<DeployedStack>, Error> {
        let mut stacks = Vec::new();
        let mut token = None;
        loop {
            let page = self.cloudformation.describe_stacks().set_next_token(token).send().await;
            let page = page.map_err(|error| Error::from_sdk("DescribeStacks", &error))?;
            stacks.extend(page.stacks().iter().map(DeployedStack::from_sdk));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                stacks.retain(|stack| stack.status != StackStatus::DeleteComplete);
                return Ok(stacks);
            }
        }
    }

    /// Reads all that may refer to something stored.
    pub(super) async fn read_account(
        &self,
        stacks: &[DeployedStack],
        references: &mut References,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        let mut pointers = BTreeSet::new();
        let mut texts = stream::iter(stacks).map(|stack| self.texts(stack)).buffer_unordered(STACKS_AT_ONCE);
        let mut done = 0;
        while let Some(texts) = texts.try_next().await? {
            for text in &texts {
                references.read(text);
                pointers.extend(resolved(text));
            }
            done += 1;
            observer.event(Event::ReadingStacks { done, total: stacks.len() });
        }
        // The value of a parameter that stands for one of the Parameter Store is its name.
        pointers
            .extend(stacks.iter().flat_map(|stack| stack.parameters.values().filter(|value| is_name(value)).cloned()));
        self.read_pointers(pointers, references).await
    }

    /// All texts of a stack.
    async fn texts(&self, stack: &DeployedStack) -> Result<Vec<String>, Error> {
        let mut texts: Vec<String> = stack.parameters.values().cloned().collect();
        texts.extend(stack.outputs.iter().map(|output| output.value.clone()));
        // One that has nothing but change sets has no template.
        if stack.status != StackStatus::ReviewInProgress {
            let original = self.text_of(&stack.stack_id, None, TemplateStage::Original).await?;
            if original.as_ref().is_some_and(|text| text.contains(TRANSFORM)) {
                texts.extend(self.text_of(&stack.stack_id, None, TemplateStage::Processed).await?);
            }
            texts.extend(original);
        }
        let mut token = None;
        loop {
            let page =
                self.cloudformation.list_change_sets().stack_name(&stack.stack_id).set_next_token(token).send().await;
            let page = match page.map_err(|error| Error::from_sdk("ListChangeSets", &error)) {
                Ok(page) => page,
                // It was deleted meanwhile, and needs nothing any more.
                Err(error) if error.is_not_found() => return Ok(texts),
                Err(error) => return Err(error),
            };
            for id in page.summaries().iter().filter_map(ChangeSetSummary::change_set_id) {
                texts.extend(self.text_of(&stack.stack_id, Some(id), TemplateStage::Original).await?);
                let described = self.cloudformation.describe_change_set().change_set_name(id).send().await;
                match described.map_err(|error| Error::from_sdk("DescribeChangeSet", &error)) {
                    Ok(described) => {
                        let values =
                            described.parameters().iter().flat_map(|one| [one.parameter_value(), one.resolved_value()]);
                        texts.extend(values.flatten().map(str::to_owned));
                    }
                    Err(error) if error.is_not_found() => {}
                    Err(error) => return Err(error),
                }
            }
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(texts);
            }
        }
    }

    async fn text_of(
        &self,
        stack: &str,
        change_set: Option<&str>,
        stage: TemplateStage,
    ) -> Result<Option<String>, Error> {
        let request = self.cloudformation.get_template().template_stage(stage);
        // The id of a change set names its stack as well.
        let request = match change_set {
            Some(id) => request.change_set_name(id),
            None => request.stack_name(stack),
        };
        match request.send().await.map_err(|error| Error::from_sdk("GetTemplate", &error)) {
            Ok(answer) => Ok(answer.template_body),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the Parameter Store: whatever names an asset there is a pointer, and so is what it said before.
    async fn read_pointers(&self, mut names: BTreeSet<String>, references: &mut References) -> Result<(), Error> {
        let ssm = self.ssm();
        let mut concerned = Vec::new();
        let mut token = None;
        loop {
            let page = ssm.get_parameters_by_path().path("/").recursive(true).set_next_token(token).send().await;
            let page = page.map_err(|error| Error::from_sdk("GetParametersByPath", &error))?;
            for parameter in page.parameters() {
                let name = parameter.name().unwrap_or_default();
                names.remove(name);
                // A secret comes as it is stored.
                let is_secret = parameter.r#type() == Some(&ParameterType::SecureString);
                let value = parameter.value().filter(|_| !is_secret).unwrap_or_default();
                if references.concerns(value) {
                    references.read(value);
                    concerned.push(name.to_owned());
                }
            }
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        // Names without a path may not be listed under one.
        let left: Vec<String> = names.into_iter().collect();
        for names in left.chunks(NAMES_AT_ONCE) {
            let answer = ssm.get_parameters().set_names(Some(names.to_vec())).send().await;
            let answer = answer.map_err(|error| Error::from_sdk("GetParameters", &error))?;
            for parameter in answer.parameters() {
                let value = parameter.value().unwrap_or_default();
                if references.concerns(value) {
                    references.read(value);
                    concerned.extend(parameter.name().map(str::to_owned));
                }
            }
        }
        for name in concerned {
            let mut token = None;
            loop {
                let page = ssm.get_parameter_history().name(&name).set_next_token(token).send().await;
                let page = page.map_err(|error| Error::from_sdk("GetParameterHistory", &error))?;
                page.parameters().iter().filter_map(|one| one.value()).for_each(|value| references.read(value));
                token = page.next_token().map(str::to_owned);
                if token.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The objects of a bucket; `None` if there is no such bucket.
    pub(super) async fn stored_objects(&self, bucket: &str, prefix: &str) -> Result<Option<Vec<Stored>>, Error> {
        let mut stored = Vec::new();
        let mut token = None;
        loop {
            let request = self.s3.list_objects_v2().bucket(bucket).prefix(prefix).set_continuation_token(token);
            let page = request.expected_bucket_owner(&self.identity().account).send().await;
            let page = match page.map_err(|error| Error::from_sdk("ListObjectsV2", &error)) {
                Ok(page) => page,
                Err(error) if error.code() == Some("NoSuchBucket") => return Ok(None),
                Err(error) => return Err(error),
            };
            stored.extend(page.contents().iter().map(|object| Stored {
                place: bucket.to_owned(),
                key: object.key().unwrap_or_default().to_owned(),
                tags: None,
                bytes: object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                // What has no date was sent just now.
                sent: object.last_modified().map_or(i64::MAX, aws_smithy_types::DateTime::secs),
            }));
            token = page.next_continuation_token().map(str::to_owned);
            if token.is_none() {
                return Ok(Some(stored));
            }
        }
    }

    /// The images of a repository; `None` if there is no such repository.
    pub(super) async fn stored_images(&self, repository: &str) -> Result<Option<Vec<Stored>>, Error> {
        let client = self.ecr();
        let mut stored = Vec::new();
        let mut token = None;
        loop {
            let page = client.describe_images().repository_name(repository).set_next_token(token).send().await;
            let page = match page.map_err(|error| Error::from_sdk("DescribeImages", &error)) {
                Ok(page) => page,
                Err(error) if error.code() == Some("RepositoryNotFoundException") => return Ok(None),
                Err(error) => return Err(error),
            };
            stored.extend(page.image_details().iter().map(|image| Stored {
                place: repository.to_owned(),
                key: image.image_digest().unwrap_or_default().to_owned(),
                tags: Some(image.image_tags().to_vec()),
                bytes: image.image_size_in_bytes().and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                sent: image.image_pushed_at().map_or(i64::MAX, aws_smithy_types::DateTime::secs),
            }));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(Some(stored));
            }
        }
    }

    pub(super) async fn object_text(&self, bucket: &str, key: &str) -> Result<String, Error> {
        let request = self.s3.get_object().bucket(bucket).key(key).expected_bucket_owner(&self.identity().account);
        let answer = match request.send().await.map_err(|error| Error::from_sdk("GetObject", &error)) {
            Ok(answer) => answer,
            // Nothing needs what has gone.
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(String::new()),
            Err(error) => return Err(error),
        };
        let body = answer.body.collect().await;
        let body = body.map_err(|error| Error::Protocol { operation: "GetObject", reason: error.to_string() })?;
        Ok(String::from_utf8_lossy(&body.into_bytes()).into_owned())
    }
}

/// The names of parameters that a template has resolved where it is deployed, as far as they are written out.
fn resolved(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for start in RESOLVE {
        for rest in text.split(start).skip(1) {
            let name = rest.split("}}").next().unwrap_or_default().split(':').next().unwrap_or_default();
            if is_name(name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// Whether this can be the name of a parameter in the Parameter Store: one with a path begins with its root.
fn is_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
    let is_rooted = text.starts_with('/') && text.len() > 1 && !text.ends_with('/');
    !text.is_empty() && text.len() <= 1011 && text.bytes().all(is_letter) && (is_rooted || !text.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_templates() {
        let text = r#"{"A":"{{resolve:ssm:/a/b:3}}","B":"x{{resolve:ssm-secure:plain}}y{{resolve:ssm:/${C}}}","D":"{{resolve:ssm:"}"#;
        assert_eq!(resolved(text), ["/a/b", "plain"]);
    }
}
