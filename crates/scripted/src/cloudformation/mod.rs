//! The operations of CloudFormation's API.

mod change_sets;

use std::collections::BTreeMap;

use serde_json::Value;

pub use change_sets::Change;
use change_sets::{
    can_be_updated, changes, create_change_set, delete_change_set, describe_change_set, execute_change_set,
    find_change_set, list_change_sets, wanted,
};

use crate::http::{Reply, Request};
use crate::operation::{Kind, Operation, begin};
use crate::time::iso;
use crate::world::{Event, Resource, StackState, World};
use crate::xml::Xml;

const PAGE: usize = 100;

type Answer = Result<Xml, Refusal>;

/// Code and words.
struct Refusal(&'static str, String);

fn invalid(words: impl Into<String>) -> Refusal {
    Refusal("ValidationError", words.into())
}

/// Answers one request.
pub fn answer(world: &mut World, request: &Request) -> Reply {
    let answer = match request.operation.as_str() {
        "DescribeStacks" => describe_stacks(world, request),
        "ListStacks" => list_stacks(world, request),
        "DescribeStackEvents" => describe_stack_events(world, request),
        "DescribeEvents" => describe_events(world, request),
        "DescribeStackResources" => stack_resources(world, request, "StackResources"),
        "ListStackResources" => stack_resources(world, request, "StackResourceSummaries"),
        "GetTemplate" => get_template(world, request),
        "GetTemplateSummary" | "ValidateTemplate" => get_template_summary(request),
        "CreateChangeSet" => create_change_set(world, request),
        "DescribeChangeSet" => describe_change_set(world, request),
        "ListChangeSets" => list_change_sets(world, request),
        "DeleteChangeSet" => delete_change_set(world, request),
        "ExecuteChangeSet" => execute_change_set(world, request),
        "CreateStack" => create_stack(world, request),
        "UpdateStack" => update_stack(world, request),
        "DeleteStack" => delete_stack(world, request),
        "ContinueUpdateRollback" => {
            let skip = texts(request, "ResourcesToSkip");
            begin_on(world, request, &["UPDATE_ROLLBACK_FAILED"], Kind::ContinueRollback { skip })
        }
        "RollbackStack" => begin_on(world, request, &["CREATE_FAILED", "UPDATE_FAILED"], Kind::Rollback),
        "CancelUpdateStack" => begin_on(world, request, &["UPDATE_IN_PROGRESS"], Kind::Cancel),
        "UpdateTerminationProtection" => protect(world, request),
        "SetStackPolicy" => set_stack_policy(world, request),
        "GetStackPolicy" => existing(world, request.parameter("StackName"))
            .map(|stack| Xml::new().maybe("StackPolicyBody", stack.policy.as_deref())),
        "ListExports" => Ok(Xml::new().list("Exports", [])),
        "ListImports" => {
            Err(invalid(format!("Export '{}' is not imported by any stack.", request.parameter("ExportName"))))
        }
        "DescribeChangeSetHooks" => Ok(Xml::new().text("Status", "PLANNED").list("Hooks", [])),
        other => Err(Refusal("InvalidAction", format!("Could not find operation {other}; it is not played here"))),
    };
    match answer {
        Ok(inside) => Reply::result(&request.operation, inside),
        Err(Refusal(code, words)) => {
            let status = if code.contains("NotFound") { 404 } else { 400 };
            Reply::error(request, status, code, &words)
        }
    }
}

fn missing(name: &str) -> Refusal {
    invalid(format!("Stack with id {name} does not exist"))
}

fn existing<'a>(world: &'a World, name: &str) -> Result<&'a StackState, Refusal> {
    world.find(name).ok_or_else(|| missing(name))
}

fn texts(request: &Request, name: &str) -> Vec<String> {
    request.list(name).into_iter().map(str::to_owned).collect()
}

fn token(request: &Request) -> Option<String> {
    let token = ["ClientRequestToken", "ClientToken"].into_iter().map(|name| request.parameter(name));
    token.filter(|token| !token.is_empty()).map(str::to_owned).next()
}

/// The resources of a template, with names made up for them.
pub fn resources_of(stack: &str, template: &str, number: &mut dyn FnMut() -> u64) -> BTreeMap<String, Resource> {
    let template: Value = serde_json::from_str(template).unwrap_or_default();
    let Some(resources) = template.get("Resources").and_then(Value::as_object) else { return BTreeMap::new() };
    let mut found = BTreeMap::new();
    for (id, body) in resources {
        let kind = body.get("Type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let physical_id = format!("{stack}-{id}-{:06x}", number());
        let physical_id = if kind == "AWS::S3::Bucket" { physical_id.to_lowercase() } else { physical_id };
        let resource = Resource { kind, physical_id, status: String::new(), reason: None, body: body.clone() };
        found.insert(id.clone(), resource);
    }
    found
}

fn describe_stacks(world: &mut World, request: &Request) -> Answer {
    let name = request.parameter("StackName");
    let pace = world.pace;
    let ids: Vec<String> = if name.is_empty() {
        world.stacks.iter().filter(|stack| !stack.is_gone()).map(|stack| stack.id.clone()).collect()
    } else {
        vec![existing(world, name)?.id.clone()]
    };
    let mut found = Vec::new();
    let (ids, next) = part(ids, request);
    for id in ids {
        world.advance(&id, pace);
        let by_name = name != id;
        let Some(stack) = world.find_mut(&id) else { continue };
        let shown = match &mut stack.before {
            Some((left, before)) if *left > 0 => {
                *left -= 1;
                (**before).clone()
            }
            _ => stack.clone(),
        };
        if by_name && shown.is_gone() {
            return Err(missing(name));
        }
        found.push(shown_stack(&shown));
    }
    Ok(Xml::new().list("Stacks", found).maybe("NextToken", next.as_deref()))
}

fn shown_stack(stack: &StackState) -> Xml {
    let content = &stack.content;
    let pair = |key: &'static str, value: &'static str| {
        move |(left, right): (&String, &String)| Xml::new().text(key, left).text(value, right)
    };
    let outputs =
        content.outputs.iter().map(|(name, value)| Xml::new().text("OutputKey", name).text("OutputValue", value));
    Xml::new()
        .text("StackId", &stack.id)
        .text("StackName", &stack.name)
        .text("StackStatus", &stack.status)
        .maybe("StackStatusReason", stack.reason.as_deref())
        .text("CreationTime", iso(stack.created))
        .maybe("LastUpdatedTime", stack.updated.map(iso).as_deref())
        .text("EnableTerminationProtection", stack.protection.to_string())
        .text("DisableRollback", "false")
        .maybe("ParentId", stack.parent.as_deref())
        .list("Parameters", content.parameters.iter().map(pair("ParameterKey", "ParameterValue")))
        .list("Tags", content.tags.iter().map(pair("Key", "Value")))
        .texts("NotificationARNs", content.notification_arns.iter().map(String::as_str))
        .list("Outputs", outputs)
}

fn list_stacks(world: &mut World, request: &Request) -> Answer {
    let (ids, pace) = (world.stacks.iter().map(|stack| stack.id.clone()).collect::<Vec<_>>(), world.pace);
    for id in &ids {
        world.advance(id, pace);
    }
    let statuses = texts(request, "StackStatusFilter");
    let is_wanted = |stack: &&StackState| statuses.is_empty() || statuses.contains(&stack.status);
    let shown = |stack: &StackState| {
        Xml::new()
            .text("StackId", &stack.id)
            .text("StackName", &stack.name)
            .text("StackStatus", &stack.status)
            .text("CreationTime", iso(stack.created))
            .maybe("LastUpdatedTime", stack.updated.map(iso).as_deref())
            .maybe("ParentId", stack.parent.as_deref())
    };
    let (found, next) = part(world.stacks.iter().rev().filter(is_wanted).map(shown).collect(), request);
    Ok(Xml::new().list("StackSummaries", found).maybe("NextToken", next.as_deref()))
}

/// The page of a list that is asked for, and the token of the next.
fn part<T>(all: Vec<T>, request: &Request) -> (Vec<T>, Option<String>) {
    let start: usize = request.parameter("NextToken").trim_start_matches("page-").parse().unwrap_or(0);
    let next = start + PAGE;
    let token = (next < all.len()).then(|| format!("page-{next}"));
    (all.into_iter().skip(start).take(PAGE).collect(), token)
}

/// A page of what is newest first, and the token of the next.
fn page<T>(all: &[T], request: &Request, mut shown: impl FnMut(&T) -> Xml) -> (Vec<Xml>, Option<String>) {
    let start: usize = request.parameter("NextToken").trim_start_matches("page-").parse().unwrap_or(0);
    let found: Vec<Xml> = all.iter().rev().skip(start).take(PAGE).map(&mut shown).collect();
    let next = start + found.len();
    (found, (next < all.len()).then(|| format!("page-{next}")))
}

fn describe_stack_events(world: &mut World, request: &Request) -> Answer {
    let id = existing(world, request.parameter("StackName"))?.id.clone();
    if !request.has("NextToken") {
        let pace = world.pace;
        world.advance(&id, pace);
    }
    let stack = existing(world, &id)?;
    // Validations are told by DescribeEvents alone.
    let events: Vec<Event> = stack.events.iter().filter(|event| event.validation.is_none()).cloned().collect();
    let (found, next) = page(&events, request, |event| shown_event(stack, event).text("StackName", &stack.name));
    Ok(Xml::new().list("StackEvents", found).maybe("NextToken", next.as_deref()))
}

fn shown_event(stack: &StackState, event: &Event) -> Xml {
    let hook = event.hook.as_ref();
    Xml::new()
        .text("StackId", &stack.id)
        .text("EventId", &event.id)
        .text("LogicalResourceId", &event.logical_id)
        .text("PhysicalResourceId", &event.physical_id)
        .text("ResourceType", &event.resource_type)
        .text("Timestamp", iso(event.time))
        .text("ResourceStatus", &event.status)
        .maybe("ResourceStatusReason", event.reason.as_deref())
        .maybe("ClientRequestToken", event.token.as_deref())
        .text("OperationId", &event.operation)
        .maybe("HookType", hook.map(|hook| hook.0.as_str()))
        .maybe("HookStatus", hook.map(|hook| hook.1.as_str()))
        .maybe("HookStatusReason", hook.map(|hook| hook.2.as_str()).filter(|words| !words.is_empty()))
        .maybe("HookInvocationPoint", hook.map(|_| "PRE_PROVISION"))
        .maybe("HookFailureMode", hook.map(|_| if event.hook_warns { "WARN" } else { "FAIL" }))
}

fn describe_events(world: &mut World, request: &Request) -> Answer {
    if !world.describe_events {
        return Err(Refusal(
            "InvalidAction",
            "Could not find operation DescribeEvents for version 2010-05-15".to_owned(),
        ));
    }
    let name = [request.parameter("StackName"), request.parameter("ChangeSetName")];
    let name = name.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned();
    let by_change_set = world.stacks.iter().find(|stack| stack.change_sets.iter().any(|set| set.id == name));
    let id = match by_change_set {
        Some(stack) => stack.id.clone(),
        None => existing(world, &name)?.id.clone(),
    };
    let pace = world.pace;
    world.advance(&id, pace);
    let stack = existing(world, &id)?;
    let only_failed = request.parameter("Filters.FailedEvents") == "true";
    let operation = request.parameter("OperationId");
    let failed = |event: &&Event| {
        let is_hook = event.hook.as_ref().is_some_and(|hook| hook.1.contains("FAILED"));
        !only_failed || is_hook || event.validation.is_some() || event.status.ends_with("_FAILED")
    };
    let of = |event: &&Event| operation.is_empty() || event.operation == operation;
    let events: Vec<Event> = stack.events.iter().filter(failed).filter(of).cloned().collect();
    let (found, next) = page(&events, request, |event| shown_operation_event(stack, event));
    Ok(Xml::new().list("OperationEvents", found).maybe("NextToken", next.as_deref()))
}

fn shown_operation_event(stack: &StackState, event: &Event) -> Xml {
    if let Some(path) = &event.validation {
        return Xml::new()
            .text("EventId", &event.id)
            .text("StackId", &stack.id)
            .text("OperationId", &event.operation)
            .text("OperationType", "CREATE_CHANGESET")
            .text("EventType", "VALIDATION_ERROR")
            .text("LogicalResourceId", &event.logical_id)
            .text("PhysicalResourceId", &event.physical_id)
            .text("ResourceType", &event.resource_type)
            .text("Timestamp", iso(event.time))
            .text("ValidationFailureMode", "FAIL")
            .text("ValidationName", "PROPERTY_VALIDATION")
            .text("ValidationStatus", "FAILED")
            .text("ValidationStatusReason", event.reason.as_deref().unwrap_or_default())
            .text("ValidationPath", path);
    }
    let kind = if event.physical_id == stack.id {
        "STACK_EVENT"
    } else if event.hook.as_ref().is_some_and(|hook| hook.1.contains("FAILED")) {
        "HOOK_INVOCATION_ERROR"
    } else if event.status.ends_with("_FAILED") {
        "PROVISIONING_ERROR"
    } else {
        "PROGRESS_EVENT"
    };
    shown_event(stack, event).text("EventType", kind)
}

fn stack_resources(world: &World, request: &Request, list: &str) -> Answer {
    let stack = existing(world, request.parameter("StackName"))?;
    let mut found = Vec::new();
    for (id, resource) in &stack.resources {
        let shown = Xml::new()
            .text("LogicalResourceId", id)
            .text("PhysicalResourceId", &resource.physical_id)
            .text("ResourceType", &resource.kind)
            .text("ResourceStatus", &resource.status)
            .maybe("ResourceStatusReason", resource.reason.as_deref())
            .text("LastUpdatedTimestamp", iso(stack.created))
            .text("Timestamp", iso(stack.created))
            .child("DriftInformation", Xml::new().text("StackResourceDriftStatus", "NOT_CHECKED"));
        found.push(shown);
    }
    Ok(Xml::new().list(list, found))
}

fn get_template(world: &World, request: &Request) -> Answer {
    let (set, name) = (request.parameter("ChangeSetName"), request.parameter("StackName"));
    if !set.is_empty() {
        let (_, set) = find_change_set(world, request)?;
        return Ok(Xml::new().text("TemplateBody", &set.content.template));
    }
    let stack = existing(world, name)?;
    Ok(Xml::new().text("TemplateBody", &stack.content.template).texts("StagesAvailable", ["Original", "Processed"]))
}

fn get_template_summary(request: &Request) -> Answer {
    let template = request.parameter("TemplateBody");
    let parsed: Value = serde_json::from_str(template).unwrap_or_default();
    let mut kinds: Vec<&str> = Vec::new();
    for resource in parsed["Resources"].as_object().into_iter().flat_map(|resources| resources.values()) {
        kinds.extend(resource["Type"].as_str());
    }
    Ok(Xml::new().texts("ResourceTypes", kinds))
}

fn create_stack(world: &mut World, request: &Request) -> Answer {
    let name = request.parameter("StackName");
    if let Some(stack) = world.named(name) {
        if stack.token.is_some() && stack.token == token(request) {
            return Ok(Xml::new().text("StackId", &stack.id));
        }
        return Err(Refusal("AlreadyExistsException", format!("Stack [{name}] already exists")));
    }
    let content = wanted(world, request, None)?;
    let script = world.script_for(name);
    let id = world.make(name, script);
    if let Some(stack) = world.find_mut(&id) {
        stack.protection = request.parameter("EnableTerminationProtection") == "true";
        stack.policy = request.parameters.get("StackPolicyBody").cloned();
    }
    let operation = Operation {
        content: Some(content),
        disable_rollback: request.parameter("DisableRollback") == "true"
            || request.parameter("OnFailure") == "DO_NOTHING",
        delete_on_failure: request.parameter("OnFailure") == "DELETE",
        retain_except_on_create: request.parameter("RetainExceptOnCreate") == "true",
        ..Operation::new(Kind::Create, token(request))
    };
    begin(world, &id, &operation);
    Ok(Xml::new().text("StackId", id))
}

fn update_stack(world: &mut World, request: &Request) -> Answer {
    let stack = existing(world, request.parameter("StackName"))?.clone();
    if stack.token.is_some() && stack.token == token(request) {
        return Ok(Xml::new().text("StackId", &stack.id));
    }
    if !can_be_updated(&stack.status) {
        return Err(invalid(format!("Stack:{} is in {} state and can not be updated.", stack.id, stack.status)));
    }
    let content = wanted(world, request, Some(&stack))?;
    let is_same = changes(world, Some(&stack), &stack.name, &content, false).is_empty()
        && content.template == stack.content.template
        && content.parameters == stack.content.parameters
        && content.tags == stack.content.tags;
    if is_same || stack.script.same {
        return Err(invalid("No updates are to be performed."));
    }
    let operation = Operation {
        content: Some(content),
        disable_rollback: request.parameter("DisableRollback") == "true"
            || request.parameter("DeploymentConfig.DisableRollback") == "true",
        retain_except_on_create: request.parameter("RetainExceptOnCreate") == "true",
        ..Operation::new(Kind::Update, token(request))
    };
    begin(world, &stack.id, &operation);
    Ok(Xml::new().text("StackId", &stack.id))
}

fn delete_stack(world: &mut World, request: &Request) -> Answer {
    // Nothing is said of a stack that is not there.
    let Some(stack) = world.find(request.parameter("StackName")).filter(|stack| !stack.is_gone()).cloned() else {
        return Ok(Xml::new());
    };
    if stack.protection {
        return Err(invalid(format!(
            "Stack [{}] cannot be deleted while TerminationProtection is enabled",
            stack.name
        )));
    }
    if stack.token.is_some() && stack.token == token(request) {
        return Ok(Xml::new());
    }
    if stack.status == "REVIEW_IN_PROGRESS" {
        if let Some(stack) = world.find_mut(&stack.id) {
            "DELETE_COMPLETE".clone_into(&mut stack.status);
        }
        return Ok(Xml::new());
    }
    if stack.status == "DELETE_IN_PROGRESS" {
        return Ok(Xml::new());
    }
    let mut retain = texts(request, "RetainResources");
    if !retain.is_empty() && stack.status != "DELETE_FAILED" {
        return Err(invalid(
            "Invalid operation on stack: RetainResources is only valid for a stack in DELETE_FAILED state",
        ));
    }
    if request.parameter("DeletionMode") == "FORCE_DELETE_STACK" {
        let failed = stack.resources.iter().filter(|(_, resource)| resource.status == "DELETE_FAILED");
        retain.extend(failed.map(|(id, _)| id.clone()));
    }
    begin(world, &stack.id, &Operation::new(Kind::Delete { retain }, token(request)));
    Ok(Xml::new())
}

fn begin_on(world: &mut World, request: &Request, statuses: &[&str], kind: Kind) -> Answer {
    let stack = existing(world, request.parameter("StackName"))?.clone();
    if !statuses.contains(&stack.status.as_str()) {
        return Err(invalid(format!(
            "Stack:{} is in {} state and can not be {}",
            stack.id, stack.status, request.operation
        )));
    }
    if let Kind::ContinueRollback { skip } = &kind {
        let wrong = skip.iter().find(|id| stack.resources.get(*id).is_none_or(|found| found.status != "UPDATE_FAILED"));
        if let Some(id) = wrong {
            return Err(invalid(format!("ResourcesToSkip: [{id}] is not in UPDATE_FAILED state")));
        }
    }
    begin(world, &stack.id, &Operation::new(kind, token(request)));
    Ok(Xml::new().text("StackId", &stack.id))
}

fn protect(world: &mut World, request: &Request) -> Answer {
    let name = request.parameter("StackName");
    let stack = world.find_mut(name).ok_or_else(|| missing(name))?;
    stack.protection = request.parameter("EnableTerminationProtection") == "true";
    Ok(Xml::new().text("StackId", &stack.id))
}

fn set_stack_policy(world: &mut World, request: &Request) -> Answer {
    let name = request.parameter("StackName");
    let stack = world.find_mut(name).ok_or_else(|| missing(name))?;
    stack.policy = request.parameters.get("StackPolicyBody").cloned();
    Ok(Xml::new())
}
