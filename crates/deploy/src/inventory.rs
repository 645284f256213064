//! What a stack has, what is in it, and what of it a deletion keeps.

use aws_sdk_cloudformation::types::TemplateStage;
use skysmith_assembly::EMPTY_ON_DELETE;
use skysmith_diff::Retention;
use skysmith_template::{Node, Template};

use crate::arns::arn;
use crate::monitor::STACK_TYPE;
use crate::{DeployedStack, Error, ResourceStatus, Session};

/// Pages of 1,000 versions that are counted in one bucket; beyond that "at least" is said.
const COUNTED_PAGES: usize = 10;
/// Nested stacks in nested stacks.
const MAX_DEPTH: usize = 6;
pub(crate) const BUCKET: &str = "AWS::S3::Bucket";
const TABLE: &str = "AWS::DynamoDB::Table";

/// A resource of a deployed stack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StackResource {
    /// Its logical id.
    pub logical_id: String,
    /// Its name in AWS, if it got one.
    pub physical_id: Option<String>,
    /// Its type.
    pub resource_type: String,
    /// Its status.
    pub status: ResourceStatus,
    /// CloudFormation's or the service's words on the status.
    pub reason: Option<String>,
    /// The logical ids of the nested stacks that it lies in, from the outermost; none for a resource of the stack itself.
    pub nested_in: Vec<String>,
}

impl StackResource {
    /// Its logical id, after those of the nested stacks that it lies in.
    #[must_use]
    pub fn path(&self) -> String {
        self.nested_in.iter().map(String::as_str).chain([self.logical_id.as_str()]).collect::<Vec<_>>().join("/")
    }

    /// The logical id, in the stack itself, of the resource or of the nested stack that it lies in.
    pub(crate) fn outermost(&self) -> &str {
        self.nested_in.first().unwrap_or(&self.logical_id)
    }
}

/// A resource that a stack lets go of: it stays when the stack goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Released {
    /// The resource.
    pub resource: StackResource,
    /// Its ARN, where that is known.
    pub arn: Option<String>,
    /// Whether the resource itself goes, and a snapshot of it stays.
    pub as_snapshot: bool,
}

/// What is in a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Contents {
    /// A table. DynamoDB brings these figures up to date about every six hours.
    Items {
        /// Items.
        count: u64,
        /// Their size.
        bytes: u64,
    },
    /// A bucket.
    Objects {
        /// Versions of objects and delete markers.
        versions: u64,
        /// The versions' size.
        bytes: u64,
        /// Whether all were counted. Otherwise there are at least as many.
        complete: bool,
    },
    /// It holds data, but nobody counted.
    NotCounted,
    /// It holds data, and the credentials may not count it.
    NotAllowed {
        /// The action that they lack.
        action: &'static str,
    },
    /// It is not there any more.
    Missing,
}

impl Contents {
    /// Whether it is known that nothing is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        matches!(self, Self::Items { count: 0, .. } | Self::Objects { versions: 0, .. } | Self::Missing)
    }
}

/// A resource that holds data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holding {
    /// The resource.
    pub resource: StackResource,
    /// What is in it.
    pub contents: Contents,
    /// Whether a policy keeps it, or a snapshot of it.
    pub kept: bool,
    /// Whether it is a bucket that is marked to be emptied.
    pub emptied: bool,
}

/// What destroying a stack means.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Inventory {
    /// The stack.
    pub stack: DeployedStack,
    /// All its resources that are still there.
    pub resources: Vec<StackResource>,
    /// Those that hold data, and those in nested stacks that do.
    pub holdings: Vec<Holding>,
    /// Those that a policy keeps, data or not, in nested stacks as well.
    pub kept: Vec<Released>,
    /// The template it was made from, as it was carried out.
    pub template: Template,
}

impl Inventory {
    /// What would be lost for good and is not known to be empty.
    pub fn lost(&self) -> impl Iterator<Item = &Holding> {
        self.holdings.iter().filter(|holding| !holding.kept && !holding.contents.is_empty())
    }

    /// Buckets that are full and neither kept nor marked: CloudFormation would fail at them half-way.
    pub fn blocking(&self) -> impl Iterator<Item = &Holding> {
        self.lost().filter(|holding| holding.resource.resource_type == BUCKET && !holding.emptied)
    }
}

impl Session {
    /// The resources of a stack that are there or have been in its latest operation.
    ///
    /// # Errors
    /// The call fails.
    pub async fn resources(&self, stack: &str) -> Result<Vec<StackResource>, Error> {
        let mut resources = Vec::new();
        let mut token = None;
        loop {
            let request = self.cloudformation.list_stack_resources().stack_name(stack).set_next_token(token);
            let page = request.send().await.map_err(|error| Error::from_sdk("ListStackResources", &error))?;
            resources.extend(page.stack_resource_summaries().iter().map(|summary| StackResource {
                logical_id: summary.logical_resource_id().unwrap_or_default().to_owned(),
                physical_id: summary.physical_resource_id().filter(|id| !id.is_empty()).map(str::to_owned),
                resource_type: summary.resource_type().unwrap_or_default().to_owned(),
                status: ResourceStatus::parse(summary.resource_status().map_or("", |status| status.as_str())),
                reason: summary.resource_status_reason().filter(|reason| !reason.is_empty()).map(str::to_owned),
                nested_in: Vec::new(),
            }));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(resources);
            }
        }
    }

    /// Counts what a stack holds; `None` if there is no such stack. Nothing is changed.
    ///
    /// # Errors
    /// A call fails.
    pub async fn inventory(
        &self,
        stack_name: &str,
        is_stateful: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Option<Inventory>, Error> {
        self.inventory_in(stack_name, is_stateful, &[]).await
    }

    /// The same for a nested stack.
    async fn inventory_in(
        &self,
        stack_name: &str,
        is_stateful: &(dyn Fn(&str) -> bool + Sync),
        nested_in: &[String],
    ) -> Result<Option<Inventory>, Error> {
        let Some(stack) = self.stack(stack_name).await? else { return Ok(None) };
        let template = self.processed_template(&stack.stack_id).await?;
        let mut resources = self.resources(&stack.stack_id).await?;
        resources.retain(|resource| resource.status != ResourceStatus::DeleteComplete);
        let mut holdings = Vec::new();
        let mut kept_resources = Vec::new();
        for resource in &mut resources {
            resource.nested_in = nested_in.to_vec();
            let written = template.resource(&resource.logical_id);
            let retention = written.and_then(skysmith_diff::kept_when_removed);
            let kept = retention.is_some();
            if kept {
                let as_snapshot = retention == Some(Retention::Snapshot);
                kept_resources.push(Released { as_snapshot, ..self.released(resource.clone()) });
            } else if is_nested_stack(resource)
                && nested_in.len() < MAX_DEPTH
                && let Some(inner) = &resource.physical_id
            {
                let path = [nested_in, std::slice::from_ref(&resource.logical_id)].concat();
                if let Some(inner) = Box::pin(self.inventory_in(inner, is_stateful, &path)).await? {
                    holdings.extend(inner.holdings);
                    kept_resources.extend(inner.kept);
                    // What it holds has been counted.
                    continue;
                }
            }
            if is_stateful(&resource.resource_type) {
                let marked = written
                    .and_then(skysmith_template::Resource::metadata)
                    .and_then(|metadata| metadata.get(EMPTY_ON_DELETE))
                    .and_then(Node::as_bool);
                let emptied = resource.resource_type == BUCKET && !kept && marked == Some(true);
                holdings.push(Holding {
                    contents: self.contents(resource).await?,
                    resource: resource.clone(),
                    kept,
                    emptied,
                });
            }
        }
        Ok(Some(Inventory { stack, resources, holdings, kept: kept_resources, template }))
    }

    /// A resource on its own.
    pub(crate) fn released(&self, resource: StackResource) -> Released {
        Released { arn: arn(&resource, &self.placeholders()), resource, as_snapshot: false }
    }

    /// The template as it was carried out, macros applied, since they may have added resources and policies.
    async fn processed_template(&self, stack: &str) -> Result<Template, Error> {
        let request = self.cloudformation.get_template().stack_name(stack).template_stage(TemplateStage::Processed);
        let body = match request.send().await.map_err(|error| Error::from_sdk("GetTemplate", &error)) {
            Ok(answer) => answer.template_body().unwrap_or_default().to_owned(),
            Err(error) if error.is_not_found() => String::new(),
            Err(error) => return Err(error),
        };
        if body.trim().is_empty() {
            return Ok(Template::new());
        }
        let document = skysmith_template::read(&body)
            .map_err(|source| Error::Template { path: stack.into(), source: Box::new(source) })?;
        Ok(document.template)
    }

    async fn contents(&self, resource: &StackResource) -> Result<Contents, Error> {
        let Some(id) = &resource.physical_id else { return Ok(Contents::Missing) };
        match resource.resource_type.as_str() {
            TABLE => match self.dynamodb.describe_table().table_name(id).send().await {
                Ok(answer) => {
                    let figure = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0);
                    let table = answer.table();
                    Ok(Contents::Items {
                        count: figure(table.and_then(aws_sdk_dynamodb::types::TableDescription::item_count)),
                        bytes: figure(table.and_then(aws_sdk_dynamodb::types::TableDescription::table_size_bytes)),
                    })
                }
                Err(error) => uncounted(Error::from_sdk("DescribeTable", &error), "ResourceNotFoundException"),
            },
            BUCKET => match self.count_versions(id).await {
                Ok(contents) => Ok(contents),
                Err(error) => uncounted(error, "NoSuchBucket"),
            },
            _ => Ok(Contents::NotCounted),
        }
    }

    async fn count_versions(&self, bucket: &str) -> Result<Contents, Error> {
        let (mut versions, mut bytes) = (0, 0);
        let (mut key_marker, mut version_marker) = (None, None);
        for _ in 0..COUNTED_PAGES {
            let page = self.versions_page(bucket, key_marker, version_marker).await?;
            versions += (page.versions().len() + page.delete_markers().len()) as u64;
            bytes += page
                .versions()
                .iter()
                .filter_map(aws_sdk_s3::types::ObjectVersion::size)
                .filter_map(|size| u64::try_from(size).ok())
                .sum::<u64>();
            if page.is_truncated() != Some(true) {
                return Ok(Contents::Objects { versions, bytes, complete: true });
            }
            (key_marker, version_marker) = (page.next_key_marker, page.next_version_id_marker);
        }
        Ok(Contents::Objects { versions, bytes, complete: false })
    }
}

/// Whether the resource is a stack that has been made.
pub(crate) fn is_nested_stack(resource: &StackResource) -> bool {
    resource.resource_type == STACK_TYPE && resource.physical_id.as_deref().is_some_and(|id| id.starts_with("arn:"))
}

/// A count that cannot be had must not stop the destruction: it is only shown. What matters is that data there is not called empty.
fn uncounted(error: Error, missing: &str) -> Result<Contents, Error> {
    match error {
        error if error.code() == Some(missing) => Ok(Contents::Missing),
        Error::Service(error) if error.denied().is_some() => {
            let action = crate::permissions::action_of(error.operation);
            Ok(action.map_or(Contents::NotCounted, |action| Contents::NotAllowed { action }))
        }
        Error::Service(_) => Ok(Contents::NotCounted),
        error => Err(error),
    }
}
