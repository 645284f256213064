//! What `Ref` and `Fn::GetAtt` yield: text, a list, and of which resource.

use skysmith_spec::{ResourceType, ValueType};
use skysmith_template::{Intrinsic, Template};

/// What a reference yields.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Yield<'t> {
    /// Nothing is known.
    Unknown,
    /// A list.
    List,
    /// Text, or what is written as text.
    Text,
    /// Text that names a resource: its type, and the attribute or, for `Ref`, the property that it is.
    Of(ResourceType, &'t str),
}

/// Types whose attributes are what their makers say.
const FREE: &[&str] = &[
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudFormation::Stack",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
];

pub(crate) fn of<'t>(template: &'t Template, intrinsic: &'t Intrinsic) -> Yield<'t> {
    match intrinsic {
        Intrinsic::Ref(name) => {
            if let Some(parameter) = template.parameter(name) {
                return match parameter.parameter_type() {
                    Some("String" | "Number") => Yield::Text,
                    Some("CommaDelimitedList") => Yield::List,
                    Some(list) if list.starts_with("List<") => Yield::List,
                    _ => Yield::Unknown,
                };
            }
            match name.as_str() {
                "AWS::NotificationARNs" => return Yield::List,
                "AWS::NoValue" => return Yield::Unknown,
                pseudo if pseudo.starts_with("AWS::") => return Yield::Text,
                _ => {}
            }
            let Some(known) = resource_type(template, name) else { return Yield::Unknown };
            let mut reference = known.reference();
            match (reference.next(), reference.next()) {
                (Some(property), None) => Yield::Of(known, property),
                _ => Yield::Text,
            }
        }
        Intrinsic::GetAtt(name, attribute) => {
            let (Some(known), Some(attribute)) = (resource_type(template, name), attribute.as_str()) else {
                return Yield::Unknown;
            };
            match known.attribute(attribute).map(skysmith_spec::Attribute::value_type) {
                Some(ValueType::List(_)) => Yield::List,
                Some(ValueType::String) => Yield::Of(known, attribute),
                _ => Yield::Unknown,
            }
        }
        _ => Yield::Unknown,
    }
}

fn resource_type(template: &Template, name: &str) -> Option<ResourceType> {
    let known = skysmith_spec::resource_type(template.resource(name)?.resource_type()?)?;
    (known.transform().is_none() && !FREE.contains(&known.name())).then_some(known)
}

/// Whether text that names `attribute` of a resource of the type is certainly not of the format, which is itself a type and
/// an attribute.
pub(crate) fn contradicts(known: ResourceType, attribute: &str, format: &str) -> bool {
    let Some((wanted_type, wanted)) = format.split_once('.') else { return false };
    if !wanted_type.contains("::") || !matches!(wanted, "Arn" | "Id") {
        return false;
    }
    let name = known.name();
    if name == wanted_type {
        // An id may be called in several ways, an ARN in one.
        return match wanted {
            "Arn" => !attribute.ends_with("Arn"),
            _ => attribute == "Arn" || attribute.ends_with("Name"),
        };
    }
    // Of other types only those are wrong that nobody takes for it.
    let is_plain = matches!(
        name,
        "AWS::DynamoDB::Table"
            | "AWS::EC2::SecurityGroup"
            | "AWS::EC2::Subnet"
            | "AWS::EC2::VPC"
            | "AWS::IAM::Policy"
            | "AWS::IAM::Role"
            | "AWS::KMS::Key"
            | "AWS::Lambda::Function"
            | "AWS::Logs::LogGroup"
            | "AWS::S3::Bucket"
            | "AWS::SNS::Topic"
            | "AWS::SQS::Queue"
    );
    is_plain
        && matches!(
            attribute,
            "Arn"
                | "TopicArn"
                | "QueueUrl"
                | "BucketName"
                | "TableName"
                | "FunctionName"
                | "RoleName"
                | "KeyId"
                | "VpcId"
                | "SubnetId"
                | "GroupId"
                | "LogGroupName"
        )
}
