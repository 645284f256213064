//! What is not CloudFormation: STS, S3, SSM and CloudTrail, as far as a deployment needs them.

use serde_json::json;

use crate::http::{Reply, Request};
use crate::world::{ACCOUNT, Object, REGION, World};
use crate::xml::Xml;

/// The name of an operation of S3. Its protocol has none in it.
pub fn operation(request: &Request) -> String {
    let has = |name: &str| request.has(name);
    let path = request.path();
    let has_key = path.trim_start_matches('/').split_once('/').is_some_and(|(_, key)| !key.is_empty());
    let settings = [
        ("lifecycle", "BucketLifecycleConfiguration"),
        ("encryption", "BucketEncryption"),
        ("versioning", "BucketVersioning"),
        ("policy", "BucketPolicy"),
        ("publicAccessBlock", "PublicAccessBlock"),
        ("tagging", "BucketTagging"),
        ("notification", "BucketNotificationConfiguration"),
        ("ownershipControls", "BucketOwnershipControls"),
        ("location", "BucketLocation"),
    ];
    if let Some((_, name)) = settings.iter().find(|(query, _)| has(query)) {
        let verb = match request.method.as_str() {
            "GET" => "Get",
            "DELETE" => "Delete",
            _ => "Put",
        };
        return format!("{verb}{name}");
    }
    let name = match (request.method.as_str(), has_key) {
        ("POST", false) if has("delete") => "DeleteObjects",
        ("GET", false) if has("versions") => "ListObjectVersions",
        ("GET", false) if has("uploads") => "ListMultipartUploads",
        ("GET", false) if path == "/" => "ListBuckets",
        ("GET", false) => "ListObjectsV2",
        ("HEAD", false) => "HeadBucket",
        ("PUT", false) => "CreateBucket",
        ("DELETE", false) => "DeleteBucket",
        ("HEAD", true) => "HeadObject",
        ("GET", true) => "GetObject",
        ("PUT", true) => "PutObject",
        ("DELETE", true) => "DeleteObject",
        _ => "Unknown",
    };
    name.to_owned()
}

pub fn answer(world: &mut World, request: &Request) -> Reply {
    match request.service.as_str() {
        "sts" => sts(request),
        "s3" => s3(world, request),
        "ssm" => ssm(world, request),
        "cloudtrail" => cloudtrail(world),
        "dynamodb" => {
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
            Reply::json(
                &json!({ "Table": { "TableName": body["TableName"], "ItemCount": 3, "TableSizeBytes": 300, "TableStatus": "ACTIVE" } }),
            )
        }
        _ => Reply::error(request, 400, "UnknownOperationException", "not played here"),
    }
}

fn sts(request: &Request) -> Reply {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/someone");
    match request.operation.as_str() {
        "GetCallerIdentity" => Reply::result(
            "GetCallerIdentity",
            Xml::new().text("Arn", arn).text("UserId", "AIDA").text("Account", ACCOUNT),
        ),
        "AssumeRole" | "GetSessionToken" => {
            let credentials = Xml::new()
                .text("AccessKeyId", "ASIAEXAMPLE")
                .text("SecretAccessKey", "secret-of-the-role")
                .text("SessionToken", "token-of-the-role")
                .text("Expiration", "2099-01-01T00:00:00Z");
            let user = Xml::new().text("Arn", request.parameter("RoleArn")).text("AssumedRoleId", "AROA:x");
            Reply::result(
                &request.operation,
                Xml::new().child("Credentials", credentials).child("AssumedRoleUser", user),
            )
        }
        _ => Reply::error(request, 400, "InvalidAction", "not played here"),
    }
}

fn ssm(world: &World, request: &Request) -> Reply {
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
    if let Some(names) = body["Names"].as_array() {
        let names = names.iter().filter_map(serde_json::Value::as_str);
        let (known, unknown): (Vec<&str>, Vec<&str>) = names.partition(|name| world.parameters.contains_key(*name));
        let found: Vec<_> = known
            .into_iter()
            .map(|name| json!({ "Name": name, "Value": world.parameters[name], "Type": "String", "Version": 1 }))
            .collect();
        return Reply::json(&json!({ "Parameters": found, "InvalidParameters": unknown }));
    }
    let name = body["Name"].as_str().unwrap_or_default();
    match world.parameters.get(name) {
        Some(value) => {
            Reply::json(&json!({ "Parameter": { "Name": name, "Value": value, "Type": "String", "Version": 1 } }))
        }
        None => Reply::error(request, 400, "ParameterNotFound", "not there"),
    }
}

fn cloudtrail(world: &mut World) -> Reply {
    let now = world.now();
    let events: Vec<_> = world
        .trail
        .iter()
        .map(|[event, source, resource, code, message]| {
            let full = json!({
                "eventName": event, "eventSource": source, "errorCode": code, "errorMessage": message,
                "awsRegion": REGION, "userIdentity": { "arn": format!("arn:aws:iam::{ACCOUNT}:user/someone") },
                "sourceIPAddress": "cloudformation.amazonaws.com",
            });
            json!({
                "EventId": "e", "EventName": event, "EventSource": source, "EventTime": now / 1000, "Username": "someone",
                "Resources": [{ "ResourceName": resource }], "CloudTrailEvent": full.to_string(),
            })
        })
        .collect();
    Reply::json(&json!({ "Events": events }))
}

fn s3(world: &mut World, request: &Request) -> Reply {
    let path = request.path();
    let (name, key) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    let empty = |status| Reply::new(status, "application/xml", "");
    let number = world.next();
    if request.operation == "CreateBucket" {
        return match world.buckets.get(name) {
            Some(bucket) if bucket.owner == ACCOUNT => Reply::error(
                request,
                409,
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            ),
            Some(_) => Reply::error(request, 409, "BucketAlreadyExists", "The requested bucket name is not available."),
            None => {
                world.add_bucket(name, ACCOUNT);
                empty(200)
            }
        };
    }
    let Some(bucket) = world.buckets.get_mut(name) else {
        return Reply::error(request, 404, "NoSuchBucket", "The specified bucket does not exist");
    };
    let expected = request.header("x-amz-expected-bucket-owner");
    if bucket.owner != ACCOUNT || (!expected.is_empty() && expected != bucket.owner) {
        return Reply::error(request, 403, "AccessDenied", "Access Denied");
    }
    match request.operation.as_str() {
        "HeadBucket" => empty(200),
        "HeadObject" => match bucket.objects.iter().rev().find(|object| object.key == key) {
            Some(object) if !object.is_marker => empty(200),
            _ => empty(404),
        },
        "GetObject" => match bucket.objects.iter().rev().find(|object| object.key == key) {
            Some(object) if !object.is_marker => Reply::new(200, "binary/octet-stream", object.body.clone()),
            _ => Reply::error(request, 404, "NoSuchKey", "The specified key does not exist."),
        },
        "PutObject" => {
            let (size, body) = (request.body.len(), request.body.clone());
            bucket.objects.push(Object {
                key: key.to_owned(),
                version: format!("v{number}"),
                size,
                is_marker: false,
                body,
            });
            empty(200)
        }
        "DeleteObject" => {
            let version = request.parameter("versionId");
            bucket.objects.retain(|object| object.key != key || (!version.is_empty() && object.version != version));
            empty(204)
        }
        "ListObjectVersions" => {
            let mut xml = Xml::new().text("Name", name).text("IsTruncated", "false");
            for object in bucket.objects.iter().rev() {
                let inside = Xml::new()
                    .text("Key", &object.key)
                    .text("VersionId", &object.version)
                    .text("IsLatest", "true")
                    .text("Size", object.size.to_string());
                xml = xml.child(if object.is_marker { "DeleteMarker" } else { "Version" }, inside);
            }
            Reply::new(200, "application/xml", Xml::new().child("ListVersionsResult", xml).into_text())
        }
        "ListObjectsV2" => {
            let mut xml = Xml::new().text("Name", name).text("IsTruncated", "false");
            for object in bucket.objects.iter().filter(|object| !object.is_marker) {
                let inside = Xml::new().text("Key", &object.key).text("Size", object.size.to_string());
                xml = xml.child("Contents", inside.text("LastModified", "2026-01-01T00:00:00.000Z"));
            }
            Reply::new(200, "application/xml", Xml::new().child("ListBucketResult", xml).into_text())
        }
        "ListMultipartUploads" => {
            let xml = Xml::new().child("ListMultipartUploadsResult", Xml::new().text("IsTruncated", "false"));
            Reply::new(200, "application/xml", xml.into_text())
        }
        "DeleteObjects" => {
            let text = request.text();
            let mut xml = Xml::new();
            for part in text.split("<Object>").skip(1) {
                let inside = |tag: &str| {
                    let rest = part.split(&format!("<{tag}>")).nth(1)?;
                    rest.split(&format!("</{tag}>")).next().map(str::to_owned)
                };
                let (key, version) = (inside("Key").unwrap_or_default(), inside("VersionId"));
                bucket.objects.retain(|object| {
                    object.key != key || version.as_ref().is_some_and(|version| *version != object.version)
                });
                xml = xml.child("Deleted", Xml::new().text("Key", key));
            }
            Reply::new(200, "application/xml", Xml::new().child("DeleteResult", xml).into_text())
        }
        "DeleteBucket" if !bucket.objects.is_empty() => {
            Reply::error(request, 409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
        }
        "DeleteBucket" => {
            world.buckets.remove(name);
            empty(204)
        }
        "GetBucketLifecycleConfiguration" if !bucket.settings.contains("BucketLifecycleConfiguration") => {
            Reply::error(request, 404, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
        }
        "GetBucketLifecycleConfiguration" => {
            let rule = Xml::new()
                .text("ID", "skysmith")
                .text("Status", "Enabled")
                .child("Filter", Xml::new().text("Prefix", ""));
            let xml = Xml::new().child("LifecycleConfiguration", Xml::new().child("Rule", rule));
            Reply::new(200, "application/xml", xml.into_text())
        }
        "GetBucketTagging" => Reply::error(request, 404, "NoSuchTagSet", "The TagSet does not exist"),
        "GetBucketNotificationConfiguration" => {
            Reply::new(200, "application/xml", "<NotificationConfiguration></NotificationConfiguration>")
        }
        "GetBucketVersioning" => Reply::new(
            200,
            "application/xml",
            "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
        ),
        other => match other.strip_prefix("Put") {
            Some(setting) => {
                bucket.settings.insert(setting.to_owned());
                empty(200)
            }
            None => Reply::error(request, 501, "NotImplemented", "not played here"),
        },
    }
}
