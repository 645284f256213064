//! What a service says of a failure, out of the sentence that CloudFormation wraps it in.
//!
//! ```text
//! Resource handler returned message: "Invalid request provided: The role defined for the function cannot be assumed by Lambda. (Service: Lambda,
//! Status Code: 400, Request ID: 5c6b…) (SDK Attempt Count: 1)" (RequestToken: 0b…, HandlerErrorCode: InvalidRequest)
//! ```
//! is `Lambda`, `400` and one plain sentence. Nothing here is an interface of AWS: what is not recognised stays as it is.

use skysmith_spec::ResourceType;

/// A failure's reason, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// What is said, without the wrapping.
    pub text: String,
    /// Who says it, as people call the service; `None` where it is CloudFormation itself.
    pub service: Option<String>,
    /// The HTTP status of the service's answer.
    pub status: Option<u16>,
    /// CloudFormation's own kind of failure, such as `AlreadyExists` or `AccessDenied`.
    pub code: Option<String>,
    /// The request's id, by which AWS's support finds it.
    pub request_id: Option<String>,
    /// The property that it is about, as a path: `VpcConfig.SubnetIds`.
    pub property: Option<String>,
}

/// The services' names in messages, where they are not those that people use.
const SERVICES: [(&str, &str); 24] = [
    ("AWSLambdaInternal", "Lambda"),
    ("AWSLambda", "Lambda"),
    ("AmazonDynamoDBv2", "DynamoDB"),
    ("DynamoDb", "DynamoDB"),
    ("AmazonIdentityManagement", "IAM"),
    ("Iam", "IAM"),
    ("AmazonSNS", "SNS"),
    ("Sns", "SNS"),
    ("AmazonSQS", "SQS"),
    ("Sqs", "SQS"),
    ("Amazon S3", "S3"),
    ("AmazonApiGateway", "API Gateway"),
    ("ApiGateway", "API Gateway"),
    ("AmazonApiGatewayV2", "API Gateway"),
    ("AWSLogs", "CloudWatch Logs"),
    ("CloudWatchLogs", "CloudWatch Logs"),
    ("AmazonCloudWatchEvents", "EventBridge"),
    ("AWSKMS", "KMS"),
    ("Kms", "KMS"),
    ("AmazonEC2", "EC2"),
    ("Ec2", "EC2"),
    ("AmazonRDS", "RDS"),
    ("Rds", "RDS"),
    ("SecretsManager", "Secrets Manager"),
];

const WRAPPING: &str = "Resource handler returned message: ";
/// What handlers put before a service's sentence.
const FILLER: &str = "Invalid request provided: ";

impl Message {
    /// Takes a reason apart. The resource's type tells the spelling of its properties.
    #[must_use]
    pub fn parse(reason: &str, resource_type: &str) -> Self {
        let mut found = Self::default();
        let mut text = reason.trim().to_owned();
        if let Some(at) = text.rfind("(RequestToken:") {
            let inside = text[at..].trim_matches(['(', ')', ' ', '.']).to_owned();
            found.code = field(&inside, "HandlerErrorCode");
            text.truncate(at);
        }
        text = text.trim().to_owned();
        if let Some(inner) = text.strip_prefix(WRAPPING) {
            let inner = inner.trim();
            text = inner.strip_prefix('"').unwrap_or(inner).trim_end_matches('"').to_owned();
        }
        if let Some(at) = text.find("(Service: ") {
            let end = text[at..].find(')').map_or(text.len(), |end| at + end + 1);
            let inside = text[at..end].trim_matches(['(', ')']).to_owned();
            found.service = field(&inside, "Service").map(|name| service(&name));
            found.status = field(&inside, "Status Code").and_then(|status| status.parse().ok());
            found.request_id = field(&inside, "Request ID");
            if found.code.is_none() {
                found.code = field(&inside, "Error Code");
            }
            let after = text[end..].trim();
            let after = if after.starts_with("(SDK Attempt Count") { "" } else { after };
            text = format!("{} {after}", text[..at].trim_end());
        }
        let said = text.trim().trim_end_matches('"').trim();
        said.strip_prefix(FILLER).unwrap_or(said).trim().clone_into(&mut found.text);
        found.property = property(reason, resource_type, found.code.as_deref());
        found
    }
}

fn service(name: &str) -> String {
    let known = SERVICES.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours);
    known.unwrap_or_else(|| name.strip_prefix("Amazon").or_else(|| name.strip_prefix("AWS")).unwrap_or(name)).to_owned()
}

/// The value of `Name: value`, up to a comma or semicolon.
fn field(text: &str, name: &str) -> Option<String> {
    let start = text.match_indices(name).map(|(at, _)| at + name.len()).find(|at| text[*at..].starts_with(':'))?;
    let value = text[start + 1..].split([',', ';']).next()?.trim();
    (!value.is_empty() && value != "null").then(|| value.to_owned())
}

/// The property that a sentence is about.
fn property(reason: &str, resource_type: &str, code: Option<&str>) -> Option<String> {
    // A schema's own words: `#/VpcConfig/SubnetIds: expected minimum item count: 1, found: 0`, `#: required key [Role] not found`.
    let starts = |at: &usize| !reason[..*at].ends_with(|before: char| before.is_alphanumeric() || before == '/');
    let pointers = reason.match_indices("#/").chain(reason.match_indices("#: ")).map(|(at, _)| at);
    if let Some(at) = pointers.into_iter().find(starts) {
        let rest = &reason[at + 1..];
        let pointer: String =
            rest.chars().take_while(|letter| !matches!(letter, ':' | ' ' | ')' | ',' | '"')).collect();
        let mut path: Vec<&str> = pointer.split('/').filter(|part| !part.is_empty()).collect();
        let key = ["required key [", "extraneous key ["].iter().find_map(|words| between(rest, words, "]"));
        path.extend(key);
        return (!path.is_empty()).then(|| path.join("."));
    }
    let known = skysmith_spec::resource_type(resource_type);
    // `Value '64' at 'memorySize' failed to satisfy constraint`: the service's spelling.
    if let Some(theirs) = between(reason, " at '", "' failed to satisfy") {
        let first = theirs.split('.').next().unwrap_or(theirs);
        return known.and_then(|known| spelled(known, first)).or_else(|| Some(first.to_owned()));
    }
    for (before, after) in [
        ("unsupported property ", ""),
        ("Value of property ", " must"),
        ("Property ", " cannot be empty"),
        ("property [", "]"),
    ] {
        if let Some(name) = between(reason, before, after) {
            let name = name.split_whitespace().next().unwrap_or(name).trim_end_matches(['.', ',']);
            return Some(name.to_owned());
        }
    }
    // Only names are taken already.
    if code == Some("AlreadyExists") || reason.contains("already exist") {
        let noun = resource_type.rsplit("::").next().unwrap_or_default();
        return known.and_then(|known| spelled(known, &format!("{noun}Name")).or_else(|| spelled(known, "Name")));
    }
    None
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = &text[text.find(before)? + before.len()..];
    if after.is_empty() { Some(rest) } else { rest.find(after).map(|end| &rest[..end]) }
}

fn spelled(resource: ResourceType, name: &str) -> Option<String> {
    resource
        .properties()
        .map(skysmith_spec::Property::name)
        .find(|known| known.eq_ignore_ascii_case(name))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(reason: &str, resource_type: &str) -> Message {
        Message::parse(reason, resource_type)
    }

    #[test]
    fn a_handlers_message() {
        let reason = r#"Resource handler returned message: "Invalid request provided: The role defined for the function cannot be assumed by Lambda. (Service: Lambda, Status Code: 400, Request ID: 5c6b) (SDK Attempt Count: 1)" (RequestToken: 0b1, HandlerErrorCode: InvalidRequest)"#;
        let found = parse(reason, "AWS::Lambda::Function");
        assert_eq!(found.text, "The role defined for the function cannot be assumed by Lambda.");
        assert_eq!(found.service.as_deref(), Some("Lambda"));
        assert_eq!((found.status, found.request_id.as_deref()), (Some(400), Some("5c6b")));
        assert_eq!(found.code.as_deref(), Some("InvalidRequest"));
        let older = "Rate exceeded (Service: AWSLambdaInternal; Status Code: 429; Error Code: TooManyRequestsException; Request ID: x; Proxy: null)";
        let found = parse(older, "AWS::Lambda::Function");
        assert_eq!((found.text.as_str(), found.service.as_deref()), ("Rate exceeded", Some("Lambda")));
        assert_eq!(found.code.as_deref(), Some("TooManyRequestsException"));
    }

    #[test]
    fn what_is_not_wrapped_stays() {
        let found = parse("name taken", "AWS::SNS::Topic");
        assert_eq!(found, Message { text: "name taken".to_owned(), ..Message::default() });
        assert_eq!(parse("", "").text, "");
        assert_eq!(parse("(Service: ", "").text, "(Service:");
    }

    #[test]
    fn properties() {
        for (reason, resource_type, expected) in [
            (
                "Properties validation failed for resource F with message:\n#/MemorySize: 64 is not greater or equal to 128",
                "AWS::Lambda::Function",
                "MemorySize",
            ),
            (
                "Properties validation failed for resource F with message:\n#: required key [Role] not found",
                "AWS::Lambda::Function",
                "Role",
            ),
            ("#/VpcConfig: extraneous key [Subnets] is not permitted", "AWS::Lambda::Function", "VpcConfig.Subnets"),
            (
                "Model validation failed (#/BucketName: failed validation constraint for keyword [pattern])",
                "AWS::S3::Bucket",
                "BucketName",
            ),
            (
                "1 validation error detected: Value '64' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128",
                "AWS::Lambda::Function",
                "MemorySize",
            ),
            ("Encountered unsupported property Colour", "AWS::SQS::Queue", "Colour"),
            ("Value of property Tags must be of type List", "AWS::SQS::Queue", "Tags"),
            ("Property Handler cannot be empty.", "AWS::Lambda::Function", "Handler"),
            ("my-bucket already exists", "AWS::S3::Bucket", "BucketName"),
            (
                r#"Resource handler returned message: "Resource of type 'AWS::DynamoDB::Table' with identifier 'counts' already exists." (RequestToken: a, HandlerErrorCode: AlreadyExists)"#,
                "AWS::DynamoDB::Table",
                "TableName",
            ),
        ] {
            assert_eq!(parse(reason, resource_type).property.as_deref(), Some(expected), "{reason}");
        }
        assert_eq!(parse("see https://console.aws.amazon.com/x#/y", "AWS::SQS::Queue").property, None);
        assert_eq!(parse("Internal Failure", "AWS::SQS::Queue").property, None);
        assert_eq!(parse("it already exists", "Custom::Thing").property, None);
    }
}
