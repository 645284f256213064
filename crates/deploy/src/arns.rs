//! The ARN of a resource that a stack leaves behind: the name by which it is found again once no stack has it.

use skysmith_assembly::Placeholders;

use crate::StackResource;

/// The ARN, if the specification says how it is made; a name that is an ARN already is taken as it is.
pub(crate) fn arn(resource: &StackResource, here: &Placeholders) -> Option<String> {
    let id = resource.physical_id.as_deref()?;
    if id.starts_with("arn:") {
        return Some(id.to_owned());
    }
    let template = skysmith_spec::resource_type(&resource.resource_type)?.arn_template()?;
    let text = template
        .replace("${Partition}", &here.partition)
        .replace("${Region}", &here.region)
        .replace("${Account}", &here.account);
    let (before, rest) = text.split_once("${")?;
    let (name, after) = rest.split_once('}')?;
    // Of several parts a name gives only one, and a path is not in it.
    if after.contains("${") || name.ends_with("WithPath") {
        return None;
    }
    // A queue's name in CloudFormation is its URL.
    let own = if id.starts_with("https://") || id.starts_with("http://") { id.rsplit('/').next()? } else { id };
    Some(format!("{before}{own}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResourceStatus;

    #[test]
    fn arns_of_what_is_left() {
        let here = Placeholders { account: "1234".into(), region: "cn-north-1".into(), partition: "aws-cn".into() };
        for (resource_type, id, expected) in [
            ("AWS::S3::Bucket", "b", Some("arn:aws-cn:s3:::b")),
            ("AWS::DynamoDB::Table", "t", Some("arn:aws-cn:dynamodb:cn-north-1:1234:table/t")),
            (
                "AWS::SQS::Queue",
                "https://sqs.cn-north-1.amazonaws.com.cn/1234/q",
                Some("arn:aws-cn:sqs:cn-north-1:1234:q"),
            ),
            ("AWS::SNS::Topic", "arn:aws-cn:sns:cn-north-1:1234:t", Some("arn:aws-cn:sns:cn-north-1:1234:t")),
            ("AWS::IAM::Role", "r", None),
            ("Custom::Thing", "x", None),
        ] {
            let resource = StackResource {
                logical_id: "R".into(),
                physical_id: Some(id.into()),
                resource_type: resource_type.into(),
                status: ResourceStatus::CreateComplete,
                reason: None,
                nested_in: Vec::new(),
            };
            assert_eq!(arn(&resource, &here).as_deref(), expected, "{resource_type}");
        }
    }
}
