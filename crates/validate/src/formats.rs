//! Formats that the tables name and do not describe: ids, ARNs, networks, points in time.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Why the text is not of the format, as what it should be; nothing for formats that are not known here.
pub(crate) fn wanted(format: &str, text: &str) -> Option<&'static str> {
    let (is_fine, wanted) = match format {
        "AWS::EC2::SecurityGroup.Id" => {
            (is_id(text, "sg-"), "the id of a security group, such as `sg-0123456789abcdef0`")
        }
        "AWS::EC2::VPC.Id" => (is_id(text, "vpc-"), "the id of a VPC, such as `vpc-0123456789abcdef0`"),
        "AWS::EC2::Subnet.Id" => (is_id(text, "subnet-"), "the id of a subnet, such as `subnet-0123456789abcdef0`"),
        "AWS::EC2::Image.Id" => (is_id(text, "ami-"), "the id of an image, such as `ami-0123456789abcdef0`"),
        "AWS::IAM::Role.Arn" => (is_arn(text, "iam", "role/"), "the ARN of a role"),
        "AWS::KMS::Key.Arn" => (is_arn(text, "kms", "key/") || is_arn(text, "kms", "alias/"), "the ARN of a key"),
        "AWS::KMS::Key.Id" => (is_key(text), "the id, the alias or the ARN of a key"),
        "AWS::SNS::Topic.Arn" => (is_arn(text, "sns", ""), "the ARN of a topic"),
        "AWS::Lambda::Function.Arn" => (is_arn(text, "lambda", "function:"), "the ARN of a function"),
        "AWS::ACM::Certificate.Arn" => (is_arn(text, "acm", "certificate/"), "the ARN of a certificate"),
        "ipv4-network" => {
            (is_network(text, 32, |it| it.parse::<Ipv4Addr>().is_ok()), "an IPv4 network such as `10.0.0.0/16`")
        }
        "ipv6-network" => {
            (is_network(text, 128, |it| it.parse::<Ipv6Addr>().is_ok()), "an IPv6 network such as `2001:db8::/56`")
        }
        "date-time" => (is_time(text), "a point in time such as `2030-01-31T12:00:00Z`"),
        _ => return None,
    };
    (!is_fine).then_some(wanted)
}

fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|it| {
        matches!(it.len(), 8 | 17)
            && it.bytes().all(|it| it.is_ascii_hexdigit() || prefix == "ami-" && it.is_ascii_lowercase())
    })
}

fn is_key(text: &str) -> bool {
    let is_id = |it: &str| it.len() >= 32 && it.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-');
    is_id(text.strip_prefix("mrk-").unwrap_or(text)) || text.starts_with("alias/") || text.starts_with("arn:")
}

/// An ARN of the service whose last part begins like this and goes on.
fn is_arn(text: &str, service: &str, resource: &str) -> bool {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    let ["arn", partition, found, _, account, rest] = parts.as_slice() else { return false };
    partition.starts_with("aws")
        && *found == service
        && account.len() == 12
        && account.bytes().all(|it| it.is_ascii_digit())
        && rest.strip_prefix(resource).is_some_and(|it| !it.is_empty())
}

fn is_network(text: &str, bits: u8, is_address: impl Fn(&str) -> bool) -> bool {
    let (address, length) = text.split_once('/').unwrap_or((text, "0"));
    is_address(address) && length.parse::<u8>().is_ok_and(|it| it <= bits)
}

/// The date, and after `T` the time, with or without a zone. Some services take the date alone.
fn is_time(text: &str) -> bool {
    let shape: String = text.chars().map(|it| if it.is_ascii_digit() { '0' } else { it }).collect();
    shape.starts_with("0000-00-00")
}

#[cfg(test)]
mod tests {
    use super::wanted;

    #[test]
    fn formats_are_told_apart() {
        for (format, text) in [
            ("AWS::EC2::VPC.Id", "vpc-0123456789abcdef0"),
            ("AWS::EC2::Subnet.Id", "subnet-01234567"),
            ("AWS::IAM::Role.Arn", "arn:aws:iam::123456789012:role/a/b"),
            ("AWS::SNS::Topic.Arn", "arn:aws-cn:sns:cn-north-1:123456789012:t"),
            ("ipv4-network", "10.0.0.0/16"),
            ("ipv6-network", "::/0"),
            ("date-time", "2030-01-31T12:00:00Z"),
            ("AWS::SQS::Queue.Arn", "whatever"),
        ] {
            assert_eq!(wanted(format, text), None, "{format} {text}");
        }
        for (format, text) in [
            ("AWS::EC2::VPC.Id", "vpc-1"),
            ("AWS::EC2::Subnet.Id", "vpc-01234567"),
            ("AWS::IAM::Role.Arn", "arn:aws:iam::1234:role/a"),
            ("AWS::IAM::Role.Arn", "my-role"),
            ("ipv4-network", "10.0.0.0/33"),
            ("ipv4-network", "10.0.0/16"),
            ("date-time", "tomorrow"),
        ] {
            assert!(wanted(format, text).is_some(), "{format} {text}");
        }
    }
}
