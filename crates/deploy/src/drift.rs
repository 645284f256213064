//! What was changed behind CloudFormation's back, and the way back to what the template says.
//!
//! CloudFormation looks at the properties that the template sets, of the resource types that it can read; what it did not look at is said to be so. It does
//! not look into nested stacks by itself, so each is asked on its own.

use std::time::Duration;

use aws_sdk_cloudformation::types::{
    Capability, ChangeSetType, DeploymentMode, Parameter, StackResourceDrift as SdkDrift, Tag,
};

use crate::monitor::STACK_TYPE;
use crate::operation::token;
use crate::pace::Pauses;
use crate::wanted::capabilities;
use crate::{ChangeSetKind, DeployedStack, Error, Plan, ResourceStatus, Session, StackStatus};

/// Nested stacks in nested stacks.
const MAX_DEPTH: usize = 6;
/// Pages of results: a stack has at most 500 resources, and a page has up to 100.
const MAX_PAGES: usize = 20;

/// How a resource stands to its template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DriftStatus {
    /// As the template says, in what CloudFormation compares.
    InSync,
    /// Something is different.
    Modified,
    /// It is not there any more.
    Deleted,
    /// CloudFormation cannot look at it, or has failed to.
    NotChecked,
}

/// How a property stands to its template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DifferenceKind {
    /// It is there, and the template does not have it.
    Added,
    /// The template has it, and it is not there.
    Removed,
    /// It has another value.
    Changed,
}

/// One property that is not as the template says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PropertyDrift {
    /// The place in the properties, as a JSON pointer.
    pub path: String,
    /// What the template says; JSON where it is no plain value.
    pub expected: String,
    /// What is there.
    pub actual: String,
    /// How they differ.
    pub kind: DifferenceKind,
}

/// One resource, looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResourceDrift {
    /// The resource.
    pub logical_id: String,
    /// Its name in AWS.
    pub physical_id: Option<String>,
    /// Its type.
    pub resource_type: String,
    /// How it stands.
    pub status: DriftStatus,
    /// What is different.
    pub differences: Vec<PropertyDrift>,
    /// Why it was not looked at, where CloudFormation says.
    pub reason: Option<String>,
}

/// A stack, looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drift {
    /// The stack.
    pub stack: DeployedStack,
    /// The logical ids of the nested stacks it lies in, from the outermost; empty for the stack that was asked for.
    pub nested_in: Vec<String>,
    /// Its resources, in CloudFormation's order. Nested stacks stand in [`nested`](Self::nested) instead.
    pub resources: Vec<ResourceDrift>,
    /// The nested stacks.
    pub nested: Vec<Self>,
}

impl Drift {
    /// The resources that are not as their templates say, nested stacks included, each with the nested stacks that it lies in.
    #[must_use]
    pub fn drifted(&self) -> Vec<(&[String], &ResourceDrift)> {
        self.all()
            .into_iter()
            .filter(|(_, one)| matches!(one.status, DriftStatus::Modified | DriftStatus::Deleted))
            .collect()
    }

    /// All resources, nested stacks included.
    #[must_use]
    pub fn all(&self) -> Vec<(&[String], &ResourceDrift)> {
        let own = self.resources.iter().map(|resource| (self.nested_in.as_slice(), resource));
        own.chain(self.nested.iter().flat_map(Self::all)).collect()
    }
}

/// Whether CloudFormation can look for drift in a stack of this status.
fn can_be_looked_at(status: &StackStatus) -> bool {
    use StackStatus as S;
    matches!(
        status,
        S::CreateComplete
            | S::UpdateComplete
            | S::UpdateRollbackComplete
            | S::UpdateRollbackFailed
            | S::ImportComplete
            | S::ImportRollbackComplete
    )
}

impl Session {
    /// Has CloudFormation look at a stack and all nested in it, and waits for the result; `None` if there is no such stack. Nothing is changed.
    ///
    /// # Errors
    /// [`Error::NotComparable`] if the stack's status does not allow it; CloudFormation gives up, or a call fails.
    pub async fn drift(&self, stack_name: &str) -> Result<Option<Drift>, Error> {
        match self.stack(stack_name).await? {
            Some(stack) => self.drift_of(stack, Vec::new()).await.map(Some),
            None => Ok(None),
        }
    }

    async fn drift_of(&self, stack: DeployedStack, nested_in: Vec<String>) -> Result<Drift, Error> {
        if !can_be_looked_at(&stack.status) {
            return Err(Error::NotComparable { stack: stack.stack_name, status: stack.status });
        }
        // Both at once would be faster, but CloudFormation allows few detections at a time.
        self.detect(&stack).await?;
        let looked_at = self.drifts(&stack.stack_id).await?;
        let mut drift = Drift { nested_in, resources: Vec::new(), nested: Vec::new(), stack };
        for resource in self.resources(&drift.stack.stack_id).await? {
            if resource.status == ResourceStatus::DeleteComplete {
                continue;
            }
            let inner = resource.physical_id.as_deref().filter(|id| id.starts_with("arn:"));
            if resource.resource_type == STACK_TYPE
                && drift.nested_in.len() < MAX_DEPTH
                && let Some(inner) = inner
                && let Some(stack) = self.stack(inner).await?
            {
                let path = [drift.nested_in.as_slice(), &[resource.logical_id]].concat();
                drift.nested.push(Box::pin(self.drift_of(stack, path)).await?);
                continue;
            }
            // The list has what CloudFormation cannot look at as well, whether the result names it or not.
            let known = looked_at.iter().find(|one| one.logical_id == resource.logical_id).cloned();
            drift.resources.push(known.unwrap_or(ResourceDrift {
                logical_id: resource.logical_id,
                physical_id: resource.physical_id,
                resource_type: resource.resource_type,
                status: DriftStatus::NotChecked,
                differences: Vec::new(),
                reason: None,
            }));
        }
        Ok(drift)
    }

    /// Has CloudFormation compare, and waits for the end.
    async fn detect(&self, stack: &DeployedStack) -> Result<(), Error> {
        let request = self.cloudformation.detect_stack_drift().stack_name(&stack.stack_id);
        let started = request.send().await.map_err(|error| Error::from_sdk("DetectStackDrift", &error))?;
        let id = started.stack_drift_detection_id.unwrap_or_default();
        let mut pauses = Pauses::new(Duration::from_millis(500), Duration::from_secs(5));
        loop {
            let request = self.cloudformation.describe_stack_drift_detection_status().stack_drift_detection_id(&id);
            let state = request.send().await;
            let state = state.map_err(|error| Error::from_sdk("DescribeStackDriftDetectionStatus", &error))?;
            match state.detection_status().map_or("", |status| status.as_str()) {
                "DETECTION_IN_PROGRESS" => pauses.wait().await,
                // It has failed for some resources; the others have a result, and those say that they were not checked.
                "DETECTION_FAILED" if state.stack_drift_status().is_some() => return Ok(()),
                "DETECTION_FAILED" => {
                    return Err(Error::DetectionFailed {
                        stack: stack.stack_name.clone(),
                        reason: state.detection_status_reason.unwrap_or_default(),
                    });
                }
                _ => return Ok(()),
            }
        }
    }

    async fn drifts(&self, stack_id: &str) -> Result<Vec<ResourceDrift>, Error> {
        let mut found = Vec::new();
        let mut token = None;
        for _ in 0..MAX_PAGES {
            let request = self.cloudformation.describe_stack_resource_drifts().stack_name(stack_id);
            let page = request.max_results(100).set_next_token(token).send().await;
            let page = page.map_err(|error| Error::from_sdk("DescribeStackResourceDrifts", &error))?;
            found.extend(page.stack_resource_drifts().iter().map(ResourceDrift::from_sdk));
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Has CloudFormation work out how to bring what has drifted back to what the deployed template says, with everything else as it is: a drift-aware
    /// change set. `None`: it finds nothing to do.
    ///
    /// # Errors
    /// A call fails, or CloudFormation cannot make the change set.
    pub async fn plan_revert(&self, stack: &DeployedStack) -> Result<Option<Plan>, Error> {
        let Some(template) = self.template(&stack.stack_id).await? else {
            return Err(Error::NoSuchStack { stack: stack.stack_name.clone() });
        };
        let name = token();
        let mut request = self
            .cloudformation
            .create_change_set()
            .stack_name(&stack.stack_id)
            .change_set_name(&name)
            .client_token(&name)
            .change_set_type(ChangeSetType::Update)
            .use_previous_template(true)
            .deployment_mode(DeploymentMode::RevertDrift);
        for parameter in template.parameters() {
            request = request
                .parameters(Parameter::builder().parameter_key(parameter.name()).use_previous_value(true).build());
        }
        for capability in capabilities(&template) {
            request = request.capabilities(Capability::from(capability));
        }
        for (key, value) in &stack.tags {
            request = request.tags(Tag::builder().key(key).value(value).build());
        }
        if template.resources().any(|resource| resource.resource_type() == Some(STACK_TYPE)) {
            request = request.include_nested_stacks(true);
        }
        let made = request.send().await.map_err(|error| Error::from_sdk("CreateChangeSet", &error))?;
        self.planned(Plan {
            stack_name: stack.stack_name.clone(),
            stack_id: made.stack_id.unwrap_or_else(|| stack.stack_id.clone()),
            change_set_id: made.id.unwrap_or_default(),
            change_set_name: name,
            kind: ChangeSetKind::Update,
            changes: Vec::new(),
            based_on: stack.last_change,
            deployed: Some(Box::new(stack.clone())),
            old_template: Some(template.clone()),
            new_template: template,
            termination_protection: None,
            held: Vec::new(),
            nested: Vec::new(),
            is_direct: false,
            protect: false,
            allowed: Vec::new(),
            submission: None,
            resolved: Vec::new(),
        })
        .await
    }
}

impl ResourceDrift {
    fn from_sdk(drift: &SdkDrift) -> Self {
        let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let status = match drift.stack_resource_drift_status().map_or("", |status| status.as_str()) {
            "IN_SYNC" => DriftStatus::InSync,
            "MODIFIED" => DriftStatus::Modified,
            "DELETED" => DriftStatus::Deleted,
            _ => DriftStatus::NotChecked,
        };
        let differences = drift.property_differences().iter().map(|difference| PropertyDrift {
            path: difference.property_path().unwrap_or_default().to_owned(),
            expected: difference.expected_value().unwrap_or_default().to_owned(),
            actual: difference.actual_value().unwrap_or_default().to_owned(),
            kind: match difference.difference_type().map_or("", |kind| kind.as_str()) {
                "ADD" => DifferenceKind::Added,
                "REMOVE" => DifferenceKind::Removed,
                _ => DifferenceKind::Changed,
            },
        });
        Self {
            logical_id: drift.logical_resource_id().unwrap_or_default().to_owned(),
            physical_id: text(drift.physical_resource_id()),
            resource_type: drift.resource_type().unwrap_or_default().to_owned(),
            status,
            differences: differences.collect(),
            reason: text(drift.drift_status_reason()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drift_of_nested_stacks_is_found_with_its_way() {
        let stack = |name: &str| DeployedStack {
            stack_id: name.into(),
            stack_name: name.into(),
            status: StackStatus::CreateComplete,
            status_reason: None,
            parameters: std::collections::BTreeMap::new(),
            tags: std::collections::BTreeMap::new(),
            notification_arns: Vec::new(),
            rollback_alarms: Vec::new(),
            termination_protection: false,
            outputs: Vec::new(),
            last_change: None,
        };
        let one = |id: &str, status| ResourceDrift {
            logical_id: id.into(),
            physical_id: None,
            resource_type: "AWS::SQS::Queue".into(),
            status,
            differences: Vec::new(),
            reason: None,
        };
        let inner = Drift {
            stack: stack("inner"),
            nested_in: vec!["Inner".into()],
            resources: vec![one("A", DriftStatus::Deleted), one("B", DriftStatus::InSync)],
            nested: Vec::new(),
        };
        let outer = Drift {
            stack: stack("outer"),
            nested_in: Vec::new(),
            resources: vec![one("C", DriftStatus::Modified), one("D", DriftStatus::NotChecked)],
            nested: vec![inner],
        };
        let found: Vec<_> = outer.drifted().iter().map(|(way, one)| (way.join("/"), one.logical_id.clone())).collect();
        assert_eq!(found, [(String::new(), "C".to_owned()), ("Inner".to_owned(), "A".to_owned())]);
        assert_eq!(outer.all().len(), 4);
    }

    #[test]
    fn only_settled_stacks_can_be_looked_at() {
        let settled: Vec<&str> =
            StackStatus::ALL.iter().filter(|status| can_be_looked_at(status)).map(StackStatus::as_str).collect();
        assert_eq!(
            settled,
            [
                "CREATE_COMPLETE",
                "UPDATE_COMPLETE",
                "UPDATE_ROLLBACK_FAILED",
                "UPDATE_ROLLBACK_COMPLETE",
                "IMPORT_COMPLETE",
                "IMPORT_ROLLBACK_COMPLETE"
            ]
        );
    }
}
