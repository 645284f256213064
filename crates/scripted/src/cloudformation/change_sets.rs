//! Change sets: what a request would make of a stack, and the change from what it is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Answer, PAGE, Refusal, existing, invalid, resources_of, texts, token};
use crate::http::Request;
use crate::operation::{Kind, Operation, begin};
use crate::time::iso;
use crate::world::{ChangeSet, Content, Event, REGION, Resource, STACK_TYPE, StackState, World};
use crate::xml::Xml;

/// What a change set says of one resource.
#[derive(Clone, Debug)]
pub struct Change {
    action: &'static str,
    logical_id: String,
    physical_id: String,
    kind: String,
    replacement: &'static str,
    /// The names of the properties that differ.
    properties: Vec<String>,
    /// Whether its deletion policy differs.
    policy_differs: bool,
    is_retained: bool,
    /// The id of the change set of a nested stack.
    inner: Option<String>,
}

/// What the stack would be after the request.
pub(super) fn wanted(world: &World, request: &Request, before: Option<&StackState>) -> Result<Content, Refusal> {
    let old = before.map(|stack| stack.content.clone()).unwrap_or_default();
    let template = if request.parameter("UsePreviousTemplate") == "true" {
        old.template.clone()
    } else if request.has("TemplateURL") {
        at_url(world, request.parameter("TemplateURL"))?
    } else {
        request.parameter("TemplateBody").to_owned()
    };
    if template.len() > 51_200 && !request.has("TemplateURL") {
        return Err(invalid(
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200",
        ));
    }
    let parsed: Value =
        serde_json::from_str(&template).map_err(|error| invalid(format!("Template format error: {error}")))?;
    let mut parameters = BTreeMap::new();
    for (name, parameter) in parsed["Parameters"].as_object().into_iter().flatten() {
        let sent = (1..)
            .map_while(|index| {
                let key = request.parameters.get(&format!("Parameters.member.{index}.ParameterKey"))?;
                Some((index, key))
            })
            .find(|(_, key)| *key == name);
        let value = match sent {
            Some((index, _)) if request.parameter(&format!("Parameters.member.{index}.UsePreviousValue")) == "true" => {
                old.parameters.get(name).cloned()
            }
            Some((index, _)) => {
                Some(request.parameter(&format!("Parameters.member.{index}.ParameterValue")).to_owned())
            }
            None => parameter["Default"].as_str().map(str::to_owned),
        };
        let Some(value) = value else {
            return Err(invalid(format!("Parameters: [{name}] must have values")));
        };
        let secret = parameter["NoEcho"].as_bool() == Some(true) || parameter["NoEcho"].as_str() == Some("true");
        parameters.insert(name.clone(), if secret { "****".to_owned() } else { value });
    }
    let mut outputs = Vec::new();
    for (name, output) in parsed["Outputs"].as_object().into_iter().flatten() {
        let value = output["Value"].as_str().map_or_else(|| format!("value-of-{name}"), str::to_owned);
        outputs.push((name.clone(), value));
    }
    let tags = request.pairs("Tags", "Key", "Value");
    let tags = if request.parameters.keys().any(|name| name.starts_with("Tags")) || before.is_none() {
        tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    } else {
        old.tags
    };
    Ok(Content { template, parameters, tags, notification_arns: texts(request, "NotificationARNs"), outputs })
}

/// The object behind `http://127.0.0.1:1/bucket/key`.
fn at_url(world: &World, url: &str) -> Result<String, Refusal> {
    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
    let (bucket, key) = path.split_once('/').unwrap_or_default();
    let bucket = world.buckets.get(bucket).ok_or_else(|| invalid("S3 error: The specified bucket does not exist"))?;
    let object = bucket.objects.iter().rev().find(|object| object.key == key);
    let object = object.ok_or_else(|| invalid("S3 error: The specified key does not exist."))?;
    Ok(String::from_utf8_lossy(&object.body).into_owned())
}

pub(super) fn changes(
    world: &mut World,
    before: Option<&StackState>,
    name: &str,
    content: &Content,
    import: bool,
) -> Vec<Change> {
    let new = resources_of(name, &content.template, &mut || world.next());
    let mut found = Vec::new();
    let alive = |resource: &&Resource| !resource.status.starts_with("DELETE_");
    let old = |id: &String| before.and_then(|stack| stack.resources.get(id)).filter(alive);
    let is_retained =
        |resource: &Resource| resource.body.get("DeletionPolicy").and_then(Value::as_str) == Some("Retain");
    for (id, resource) in &new {
        let change = |action, replacement, physical_id: &str, properties| Change {
            action,
            logical_id: id.clone(),
            physical_id: physical_id.to_owned(),
            kind: resource.kind.clone(),
            replacement,
            properties,
            policy_differs: old(id)
                .is_some_and(|old| old.body.get("DeletionPolicy") != resource.body.get("DeletionPolicy")),
            is_retained: is_retained(resource),
            inner: None,
        };
        match old(id) {
            None => found.push(change(if import { "Import" } else { "Add" }, "", "", Vec::new())),
            Some(old) if old.body != resource.body || old.kind == STACK_TYPE => {
                let empty = serde_json::Map::new();
                let of = |body: &Value| body["Properties"].as_object().cloned().unwrap_or_else(|| empty.clone());
                let (was, is) = (of(&old.body), of(&resource.body));
                let names: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
                let differ = names.into_iter().filter(|name| was.get(*name) != is.get(*name)).cloned().collect();
                let replaced = before.is_some_and(|stack| stack.script.replaces.contains(id));
                let replacement = if replaced { "True" } else { "False" };
                found.push(change("Modify", replacement, &old.physical_id, differ));
            }
            Some(_) => {}
        }
    }
    for (id, resource) in before.iter().flat_map(|stack| &stack.resources).filter(|(_, resource)| alive(resource)) {
        if !new.contains_key(id) {
            found.push(Change {
                action: "Remove",
                logical_id: id.clone(),
                physical_id: resource.physical_id.clone(),
                kind: resource.kind.clone(),
                replacement: "",
                properties: Vec::new(),
                policy_differs: false,
                is_retained: is_retained(resource),
                inner: None,
            });
        }
    }
    found
}

fn shown_change(change: &Change) -> Xml {
    let details = change.properties.iter().map(|name| {
        let recreation = if change.replacement == "True" { "Always" } else { "Never" };
        let target =
            Xml::new().text("Attribute", "Properties").text("Name", name).text("RequiresRecreation", recreation);
        Xml::new().child("Target", target).text("Evaluation", "Static").text("ChangeSource", "DirectModification")
    });
    let scope = [(!change.properties.is_empty(), "Properties"), (change.policy_differs, "DeletionPolicy")];
    let scope = scope.into_iter().filter(|(differs, _)| *differs).map(|(_, name)| name);
    let mut inside = Xml::new()
        .text("Action", change.action)
        .text("LogicalResourceId", &change.logical_id)
        .text("ResourceType", &change.kind)
        .texts("Scope", scope)
        .list("Details", details);
    if !change.physical_id.is_empty() {
        inside = inside.text("PhysicalResourceId", &change.physical_id);
    }
    inside = inside.maybe("ChangeSetId", change.inner.as_deref());
    if !change.replacement.is_empty() {
        inside = inside.text("Replacement", change.replacement);
    }
    if change.action == "Remove" {
        inside = inside.text("PolicyAction", if change.is_retained { "Retain" } else { "Delete" });
    }
    Xml::new().text("Type", "Resource").child("ResourceChange", inside)
}

pub(super) fn create_change_set(world: &mut World, request: &Request) -> Answer {
    let (name, set_name) = (request.parameter("StackName"), request.parameter("ChangeSetName").to_owned());
    let kind = if request.has("ChangeSetType") { request.parameter("ChangeSetType") } else { "UPDATE" }.to_owned();
    let before = world.find(name).filter(|stack| !stack.is_gone()).cloned();
    match (&before, kind.as_str()) {
        (Some(stack), "CREATE") if stack.status != "REVIEW_IN_PROGRESS" => {
            return Err(invalid(format!(
                "Stack [{}] already exists and cannot be created again with the changeSet [{set_name}].",
                stack.name
            )));
        }
        (Some(stack), _) if stack.is_busy() || (kind == "UPDATE" && !can_be_updated(&stack.status)) => {
            return Err(invalid(format!("Stack:{} is in {} state and can not be updated.", stack.id, stack.status)));
        }
        (None, "UPDATE") => return Err(invalid(format!("Stack [{name}] does not exist"))),
        (Some(stack), _) if stack.change_sets.iter().any(|set| set.name == set_name) => {
            return Err(Refusal(
                "AlreadyExistsException",
                format!("ChangeSet {set_name} cannot be created due to a name conflict"),
            ));
        }
        _ => {}
    }
    let deployed = before.as_ref().filter(|stack| stack.status != "REVIEW_IN_PROGRESS");
    let content = wanted(world, request, deployed)?;
    let id = match &before {
        Some(stack) => stack.id.clone(),
        None => {
            let script = world.script_for(name);
            let id = world.make(name, script);
            let event = Event {
                id: format!("review-{}", world.next()),
                time: world.now(),
                logical_id: name.to_owned(),
                physical_id: id.clone(),
                resource_type: STACK_TYPE.to_owned(),
                status: "REVIEW_IN_PROGRESS".to_owned(),
                reason: Some("User Initiated".to_owned()),
                ..Event::default()
            };
            if let Some(stack) = world.find_mut(&id) {
                stack.events.push(event);
            }
            id
        }
    };
    let mut changes = changes(world, deployed, name, &content, kind == "IMPORT");
    if let Some(deployed) = deployed.filter(|_| request.parameter("IncludeNestedStacks") == "true") {
        plan_nested(world, deployed, &mut changes);
    }
    let number = world.next();
    let (stack_name, script) = {
        let stack = existing(world, &id)?;
        (stack.name.clone(), stack.script.clone())
    };
    let same = script.same
        || (changes.is_empty()
            && deployed.is_some_and(|stack| {
                stack.content.template == content.template
                    && stack.content.parameters == content.parameters
                    && stack.content.tags == content.tags
            }));
    let (status, reason) = if !script.findings.is_empty() {
        ("FAILED", "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.".to_owned())
    } else if let Some(refusal) = script.refusal {
        ("FAILED", refusal)
    } else if same {
        (
            "FAILED",
            "The submitted information didn't contain changes. Submit different information to create a change set."
                .to_owned(),
        )
    } else {
        ("CREATE_COMPLETE", String::new())
    };
    let mut findings = Vec::new();
    for finding in &script.findings {
        let kind =
            changes.iter().find(|change| change.logical_id == finding.logical_id).map(|change| change.kind.clone());
        findings.push(Event {
            id: format!("finding-{}", world.next()),
            time: world.now(),
            logical_id: finding.logical_id.clone(),
            resource_type: kind.unwrap_or_default(),
            reason: Some(finding.reason.clone()),
            validation: Some(finding.path.clone()),
            operation: format!("change-set-{number}"),
            ..Event::default()
        });
    }
    let set_id = format!("arn:aws:cloudformation:{REGION}:{}:changeSet/{set_name}/{number:08x}", crate::world::ACCOUNT);
    let created = world.now();
    let set = ChangeSet {
        name: set_name,
        id: set_id.clone(),
        kind,
        description: request.parameter("Description").to_owned(),
        resolved: resolved(world, &content),
        status: status.to_owned(),
        reason,
        execution: if status == "FAILED" { "UNAVAILABLE" } else { "AVAILABLE" }.to_owned(),
        changes,
        content,
        looks: 0,
        created,
        on_failure: request.parameter("OnStackFailure").to_owned(),
    };
    if let Some(stack) = world.find_mut(&id) {
        stack.change_sets.push(set);
        stack.events.extend(findings);
    }
    let _ = stack_name;
    Ok(Xml::new().text("Id", set_id).text("StackId", id))
}

/// Makes the change sets of the nested stacks that change.
fn plan_nested(world: &mut World, around: &StackState, changes: &mut [Change]) {
    for change in changes.iter_mut().filter(|change| change.action == "Modify" && change.kind == STACK_TYPE) {
        let Some(template) = around
            .script
            .nested
            .get(&change.logical_id)
            .and_then(|nested| nested.becomes.as_ref().or(Some(&nested.template)))
        else {
            continue;
        };
        let Some(before) = world.find(&change.physical_id).cloned() else { continue };
        let content = Content { template: template.clone(), ..before.content.clone() };
        let mut inner = self::changes(world, Some(&before), &before.name, &content, false);
        plan_nested(world, &before, &mut inner);
        let (name, number) = (format!("nested-{}", change.logical_id), world.next());
        let id = format!("arn:aws:cloudformation:{REGION}:{}:changeSet/{name}/{number:08x}", crate::world::ACCOUNT);
        change.inner = Some(id.clone());
        let set = ChangeSet {
            name,
            id,
            kind: "UPDATE".to_owned(),
            description: String::new(),
            resolved: BTreeMap::new(),
            status: "CREATE_COMPLETE".to_owned(),
            reason: String::new(),
            // It is executed with the one around it.
            execution: "UNAVAILABLE".to_owned(),
            changes: inner,
            content,
            looks: 1,
            created: world.now(),
            on_failure: String::new(),
        };
        if let Some(stack) = world.find_mut(&before.id) {
            stack.change_sets.push(set);
        }
    }
}

/// The values of parameters that are kept in the Parameter Store.
fn resolved(world: &World, content: &Content) -> BTreeMap<String, String> {
    let template: Value = serde_json::from_str(&content.template).unwrap_or_default();
    let is_stored = |name: &str| {
        let kind = template["Parameters"][name]["Type"].as_str();
        kind.is_some_and(|kind| kind.starts_with("AWS::SSM::Parameter::Value"))
    };
    let stored = content.parameters.iter().filter(|(name, _)| is_stored(name));
    stored.filter_map(|(name, source)| Some((name.clone(), world.parameters.get(source)?.clone()))).collect()
}

pub(super) fn can_be_updated(status: &str) -> bool {
    matches!(
        status,
        "CREATE_COMPLETE"
            | "CREATE_FAILED"
            | "UPDATE_COMPLETE"
            | "UPDATE_FAILED"
            | "UPDATE_ROLLBACK_COMPLETE"
            | "IMPORT_COMPLETE"
            | "IMPORT_ROLLBACK_COMPLETE"
    )
}

pub(super) fn find_change_set(world: &World, request: &Request) -> Result<(String, ChangeSet), Refusal> {
    let (name, stack_name) = (request.parameter("ChangeSetName"), request.parameter("StackName"));
    for stack in &world.stacks {
        let is_it = stack_name.is_empty() || stack.name == stack_name || stack.id == stack_name;
        for set in stack.change_sets.iter().filter(|_| is_it && !stack.is_gone()) {
            if set.id == name || (set.name == name && !stack_name.is_empty()) {
                return Ok((stack.id.clone(), set.clone()));
            }
        }
    }
    Err(Refusal("ChangeSetNotFound", format!("ChangeSet [{name}] does not exist")))
}

pub(super) fn describe_change_set(world: &mut World, request: &Request) -> Answer {
    let now = world.now();
    let (id, set) = find_change_set(world, request)?;
    if let Some(looked) =
        world.find_mut(&id).and_then(|stack| stack.change_sets.iter_mut().find(|other| other.id == set.id))
    {
        looked.looks += 1;
    }
    let stack = existing(world, &id)?;
    // Without a time of its own it is not ready at the first look.
    let is_ready = match stack.script.plans_in {
        Some(time) => now - set.created >= i64::try_from(time.as_millis()).unwrap(),
        None => set.looks > 0,
    };
    let (status, execution, reason) = if !is_ready && !request.has("NextToken") {
        ("CREATE_IN_PROGRESS", "UNAVAILABLE", None)
    } else {
        let reason = Some(set.reason.as_str()).filter(|reason| !reason.is_empty());
        (set.status.as_str(), set.execution.as_str(), reason)
    };
    let start: usize = request.parameter("NextToken").trim_start_matches("page-").parse().unwrap_or(0);
    let found: Vec<Xml> = if status == "CREATE_COMPLETE" {
        set.changes.iter().skip(start).take(PAGE).map(shown_change).collect()
    } else {
        Vec::new()
    };
    let next = start + found.len();
    let next = (!found.is_empty() && next < set.changes.len()).then(|| format!("page-{next}"));
    let content = &set.content;
    let tags = content.tags.iter().map(|(key, value)| Xml::new().text("Key", key).text("Value", value));
    let parameters = content.parameters.iter().map(|(key, value)| {
        let resolved = set.resolved.get(key).map(String::as_str);
        Xml::new().text("ParameterKey", key).text("ParameterValue", value).maybe("ResolvedValue", resolved)
    });
    Ok(Xml::new()
        .text("ChangeSetName", &set.name)
        .text("Description", &set.description)
        .text("ChangeSetId", &set.id)
        .text("StackId", &stack.id)
        .text("StackName", &stack.name)
        .text("Status", status)
        .text("ExecutionStatus", execution)
        .maybe("StatusReason", reason)
        .text("CreationTime", iso(stack.created))
        .list("Tags", tags)
        .list("Parameters", parameters)
        .list("Changes", found)
        .maybe("NextToken", next.as_deref()))
}

pub(super) fn list_change_sets(world: &World, request: &Request) -> Answer {
    let stack = existing(world, request.parameter("StackName"))?;
    let sets = stack.change_sets.iter().map(|set| {
        Xml::new()
            .text("ChangeSetName", &set.name)
            .text("ChangeSetId", &set.id)
            .text("StackId", &stack.id)
            .text("StackName", &stack.name)
            .text("Status", &set.status)
            .text("ExecutionStatus", &set.execution)
            .text("CreationTime", iso(stack.created))
    });
    Ok(Xml::new().list("Summaries", sets))
}

pub(super) fn delete_change_set(world: &mut World, request: &Request) -> Answer {
    let Ok((id, set)) = find_change_set(world, request) else { return Ok(Xml::new()) };
    if let Some(stack) = world.find_mut(&id) {
        stack.change_sets.retain(|other| other.id != set.id);
    }
    Ok(Xml::new())
}

pub(super) fn execute_change_set(world: &mut World, request: &Request) -> Answer {
    let (id, set) = find_change_set(world, request)?;
    if set.execution != "AVAILABLE" {
        let words =
            format!("ChangeSet [{}] cannot be executed in its current execution status of [{}]", set.id, set.execution);
        return Err(Refusal("InvalidChangeSetStatus", words));
    }
    let stack = existing(world, &id)?;
    if stack.is_busy() {
        return Err(invalid(format!("Stack:{} is in {} state and can not be updated.", stack.id, stack.status)));
    }
    let kind = match set.kind.as_str() {
        "CREATE" => Kind::Create,
        "IMPORT" => Kind::Import,
        _ => Kind::Update,
    };
    if let Some(stack) = world.find_mut(&id) {
        // The others are gone once one is executed.
        stack.change_sets.retain(|other| other.id == set.id);
        for set in &mut stack.change_sets {
            "EXECUTE_COMPLETE".clone_into(&mut set.execution);
        }
    }
    let operation = Operation {
        content: Some(set.content),
        disable_rollback: request.parameter("DisableRollback") == "true"
            || request.parameter("DeploymentConfig.DisableRollback") == "true"
            || set.on_failure == "DO_NOTHING",
        delete_on_failure: set.on_failure == "DELETE",
        retain_except_on_create: request.parameter("RetainExceptOnCreate") == "true",
        ..Operation::new(kind, token(request))
    };
    begin(world, &id, &operation);
    Ok(Xml::new())
}
