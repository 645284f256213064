//! Two templates of 500 resources each: how long a comparison takes, and how much memory. Prints one line of JSON a case:
//! `cargo bench -p skysmith-diff --bench large`.
//!
//! No harness: what counts are a median and the peak of the whole process, the templates and their texts included.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot make its data has failed")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use skysmith_diff::{TemplateDiff, diff};
use skysmith_template::{Template, read_json};

const GROUPS: usize = 100;
const RUNS: usize = 21;

/// 100 times a function with its role, table, queue and alarm: 500 resources. `changed` says of a group whether its values are
/// others; `prefix` begins every logical id.
fn template(prefix: &str, changed: impl Fn(usize) -> bool) -> Template {
    let mut text = String::from("{\"Resources\":{");
    for group in 0..GROUPS {
        let (id, is_other) = (format!("{prefix}{group}"), changed(group));
        let (memory, action, key) =
            if is_other { (256, "dynamodb:DeleteItem", "other") } else { (128, "dynamodb:GetItem", "key") };
        write!(
            text,
            r#"{comma}
"{id}Role":{{"Type":"AWS::IAM::Role","Metadata":{{"aws:cdk:path":"app/{id}/Role"}},"Properties":{{
 "AssumeRolePolicyDocument":{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"Service":"lambda.amazonaws.com"}}}}]}},
 "ManagedPolicyArns":[{{"Fn::Join":["",["arn:",{{"Ref":"AWS::Partition"}},":iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]]}}],
 "Policies":[{{"PolicyName":"Rights","PolicyDocument":{{"Version":"2012-10-17","Statement":[
  {{"Effect":"Allow","Action":["dynamodb:PutItem","{action}","dynamodb:Query"],"Resource":[{{"Fn::GetAtt":["{id}Table","Arn"]}},{{"Fn::Sub":"${{{id}Table.Arn}}/index/*"}}]}},
  {{"Effect":"Allow","Action":["sqs:SendMessage","sqs:GetQueueUrl"],"Resource":{{"Fn::GetAtt":["{id}Queue","Arn"]}},"Condition":{{"StringEquals":{{"aws:SourceAccount":{{"Ref":"AWS::AccountId"}}}}}}}}]}}}}],
 "Tags":[{{"Key":"app","Value":"bench"}},{{"Key":"group","Value":"{group}"}}]}}}},
"{id}Table":{{"Type":"AWS::DynamoDB::Table","UpdateReplacePolicy":"Retain","DeletionPolicy":"Retain","Properties":{{
 "AttributeDefinitions":[{{"AttributeName":"pk","AttributeType":"S"}},{{"AttributeName":"{key}","AttributeType":"S"}}],
 "KeySchema":[{{"AttributeName":"pk","KeyType":"HASH"}},{{"AttributeName":"{key}","KeyType":"RANGE"}}],
 "BillingMode":"PAY_PER_REQUEST","PointInTimeRecoverySpecification":{{"PointInTimeRecoveryEnabled":true}},
 "GlobalSecondaryIndexes":[{{"IndexName":"by-{key}","KeySchema":[{{"AttributeName":"{key}","KeyType":"HASH"}}],"Projection":{{"ProjectionType":"ALL"}}}}]}}}},
"{id}Queue":{{"Type":"AWS::SQS::Queue","Properties":{{"VisibilityTimeout":30,"SqsManagedSseEnabled":true,"RedrivePolicy":{{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:123456789012:dead","maxReceiveCount":3}}}}}},
"{id}Function":{{"Type":"AWS::Lambda::Function","DependsOn":["{id}Role"],"Properties":{{"Handler":"index.handler","Runtime":"python3.13","MemorySize":{memory},"Timeout":30,
 "Role":{{"Fn::GetAtt":["{id}Role","Arn"]}},"Code":{{"S3Bucket":{{"Fn::Sub":"cdk-assets-${{AWS::AccountId}}"}},"S3Key":"8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4.zip"}},
 "Environment":{{"Variables":{{"TABLE":{{"Ref":"{id}Table"}},"QUEUE":{{"Ref":"{id}Queue"}},"CONFIG":"{{\"a\":1,\"b\":[1,2,3]}}"}}}}}}}},
"{id}Alarm":{{"Type":"AWS::CloudWatch::Alarm","Properties":{{"ComparisonOperator":"GreaterThanThreshold","EvaluationPeriods":1,"Threshold":1,"MetricName":"Errors","Namespace":"AWS/Lambda","Period":60,"Statistic":"Sum",
 "Dimensions":[{{"Name":"FunctionName","Value":{{"Ref":"{id}Function"}}}}]}}}}"#,
            comma = if group == 0 { "" } else { "," },
        )
        .unwrap();
    }
    text.push_str("}}");
    let template = read_json(&text).unwrap().template;
    assert_eq!(template.resources().count(), 5 * GROUPS);
    template
}

fn measure(name: &str, before: &Template, after: &Template, is_right: impl Fn(&TemplateDiff) -> bool) {
    assert!(is_right(&diff(before, after)), "{name}");
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            let found = black_box(diff(black_box(before), black_box(after)));
            let took = start.elapsed();
            drop(found);
            took
        })
        .collect();
    times.sort_unstable();
    let milliseconds = times[RUNS / 2].as_secs_f64() * 1e3;
    println!(
        r#"{{"case":"{name}","milliseconds":{milliseconds:.2},"slowest":{:.2},"peak_bytes":{},"runs":{RUNS}}}"#,
        times[RUNS - 1].as_secs_f64() * 1e3,
        peak().unwrap_or_default()
    );
}

/// The most memory that the process has had so far, where the system says so.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn main() {
    let before = template("Group", |_| false);
    measure("nothing changed", &before, &template("Group", |_| false), TemplateDiff::is_empty);
    let tenth = template("Group", |group| group % 10 == 0);
    measure("a tenth changed", &before, &tenth, |found| found.summary().replace == 10);
    let all = template("Group", |_| true);
    measure("all changed", &before, &all, |found| found.summary().replace == 100);
    let renamed = template("Other", |_| false);
    measure("all renamed", &before, &renamed, |found| found.moves.len() == 5 * GROUPS);
    measure("all new", &Template::new(), &before, |found| found.summary().add == 5 * GROUPS);
}
