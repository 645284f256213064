//! CloudFormation's names in words: `AWS::DynamoDB::Table` is a DynamoDB table.

/// Services whose name in a resource type is not how people write it. An empty one says nothing that the resource's name does not say.
const SERVICES: [(&str, &str); 26] = [
    ("ApiGateway", "API Gateway"),
    ("ApiGatewayV2", "API Gateway"),
    ("ApplicationAutoScaling", "Auto Scaling"),
    ("CertificateManager", "ACM"),
    ("CloudFormation", ""),
    ("Cognito", "Cognito"),
    ("DocDB", "DocumentDB"),
    ("EC2", "EC2"),
    ("ElasticLoadBalancingV2", "ELB"),
    ("Events", "EventBridge"),
    ("IAM", "IAM"),
    ("KMS", "KMS"),
    ("KinesisFirehose", "Firehose"),
    ("Logs", ""),
    ("OpenSearchService", "OpenSearch"),
    ("RDS", "RDS"),
    ("Route53", "Route 53"),
    ("S3", "S3"),
    ("SNS", "SNS"),
    ("SQS", "SQS"),
    ("SSM", "SSM"),
    ("SecretsManager", "Secrets Manager"),
    ("StepFunctions", "Step Functions"),
    ("WAFv2", "WAF"),
    ("CDK", "CDK"),
    ("ECS", "ECS"),
];

/// A resource's type for people; a type that is nobody's standard stays as it is.
pub fn kind(resource_type: &str) -> String {
    let parts: Vec<&str> = resource_type.split("::").collect();
    let ["AWS", service, resource] = parts.as_slice() else { return resource_type.to_owned() };
    let service = SERVICES.iter().find(|(name, _)| name == service).map_or(*service, |(_, words)| words);
    let words = split(resource);
    // `Lambda function`, but `REST API`.
    let text = if service.is_empty() || *resource == "RestApi" { words } else { format!("{service} {words}") };
    if *resource == "Stack" && parts[1] == "CloudFormation" { "nested stack".to_owned() } else { text }
}

/// `TopicPolicy` to `topic policy`, with abbreviations in capitals.
fn split(name: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let characters: Vec<char> = name.chars().collect();
    for (index, &character) in characters.iter().enumerate() {
        let after_small = index > 0 && !characters[index - 1].is_uppercase();
        let before_small = characters.get(index + 1).is_some_and(|next| next.is_lowercase());
        if character.is_uppercase() && (index == 0 || after_small || before_small) {
            words.push(String::new());
        }
        match words.last_mut() {
            Some(word) => word.push(character),
            None => words.push(character.to_string()),
        }
    }
    let word = |word: &String| match word.as_str() {
        "Api" => "API".to_owned(),
        "Rest" => "REST".to_owned(),
        "Http" => "HTTP".to_owned(),
        "Url" => "URL".to_owned(),
        all if all.len() > 1 && all.chars().all(char::is_uppercase) => all.to_owned(),
        other => other.to_lowercase(),
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Time as people say it: `7 s`, `2 min 05 s`.
pub fn seconds(time: std::time::Duration) -> String {
    let whole = (time.as_millis() + 500) / 1000;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// `2026-01-02 03:04:05`, in UTC as in AWS's own consoles.
pub fn clock(time: std::time::SystemTime) -> String {
    let time = time::OffsetDateTime::from(time);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    format!("{year:04}-{:02}-{day:02} {hour:02}:{minute:02}:{second:02}", u8::from(month))
}

/// A number with its thousands apart.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size: `2.1 GB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let mut unit = 0;
    // Precision is no matter at this size.
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let mut value = bytes as f64;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn kinds() {
        for (resource_type, words) in [
            ("AWS::DynamoDB::Table", "DynamoDB table"),
            ("AWS::SNS::TopicPolicy", "SNS topic policy"),
            ("AWS::ApiGateway::RestApi", "REST API"),
            ("AWS::ApiGateway::Deployment", "API Gateway deployment"),
            ("AWS::ApiGatewayV2::Api", "API Gateway API"),
            ("AWS::Logs::LogGroup", "log group"),
            ("AWS::CloudWatch::Alarm", "CloudWatch alarm"),
            ("AWS::EC2::VPCEndpoint", "EC2 VPC endpoint"),
            ("AWS::CloudFormation::Stack", "nested stack"),
            ("Custom::Seed", "Custom::Seed"),
            ("AWS::X::Y::MODULE", "AWS::X::Y::MODULE"),
        ] {
            assert_eq!(kind(resource_type), words);
        }
    }

    #[test]
    fn figures() {
        let of = |millis| seconds(Duration::from_millis(millis));
        assert_eq!(
            [of(400), of(59_499), of(59_500), of(125_000), of(7_260_000)],
            ["0 s", "59 s", "1 min 00 s", "2 min 05 s", "2 h 01 min"]
        );
        assert_eq!([count(7), count(1204), count(1_000_000)], ["7", "1,204", "1,000,000"]);
        assert_eq!([size(999), size(2_100_000_000)], ["999 B", "2.1 GB"]);
    }

    #[test]
    fn times_are_utc() {
        let at = |seconds| clock(std::time::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(784_111_777), "1994-11-06 08:49:37");
        assert_eq!(at(951_782_400), "2000-02-29 00:00:00");
    }
}
