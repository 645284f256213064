//! The permissions of whole templates.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

use std::collections::BTreeMap;

use skysmith_permissions::{MANAGED_POLICY_LIMIT, Note, Place, Policy, Provisioning, StackTemplate, provisioning};
use skysmith_spec::Operation;

const ALL: [Operation; 4] = [Operation::Create, Operation::Read, Operation::Update, Operation::Delete];

fn place() -> Place {
    Place { partition: "aws".into(), region: "eu-west-1".into(), account: "123456789012".into() }
}

fn of(name: &str, template: &str) -> Provisioning {
    let template = skysmith_template::read(template).unwrap().template;
    provisioning(StackTemplate { name, template: &template, parameters: &BTreeMap::new() }, &place(), &ALL)
}

/// The resources that an action is allowed on.
fn on<'a>(policy: &'a Policy, action: &str) -> Vec<&'a str> {
    let statements = policy.statements.iter().filter(|it| it.actions.iter().any(|it| it == action));
    statements.flat_map(|it| it.resources.iter().map(String::as_str)).collect()
}

fn object_counter() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../templates/object-counter.template.json");
    std::fs::read_to_string(path).unwrap()
}

fn statements(policy: &Policy, action: &str) -> Vec<String> {
    let found = policy.statements.iter().filter(|it| it.actions.iter().any(|it| it == action));
    found.map(|it| it.sid.clone()).collect()
}

#[test]
fn the_object_counter() {
    let found = of("object-counter", &object_counter());
    assert_eq!(found.notes, []);
    let policy = found.permissions.policy();
    println!("{} characters", policy.size());
    assert!(policy.size() < MANAGED_POLICY_LIMIT, "{}", policy.size());
    let function = |id: &str| format!("arn:aws:lambda:eu-west-1:123456789012:function:object-counter-{id}-*");
    let role = |id: &str| format!("arn:aws:iam::123456789012:role/object-counter-{id}-*");
    let bucket = "arn:aws:s3:::skysmith-demo-objects";
    for (action, resources) in [
        (
            "dynamodb:CreateTable",
            vec!["arn:aws:dynamodb:eu-west-1:123456789012:table/skysmith-demo-object-counts".to_owned()],
        ),
        ("lambda:CreateFunction", vec![function("CounterCount64BFBF09"), function("CounterReport7B85F775")]),
        ("lambda:AddPermission", vec![function("CounterCount64BFBF09"), function("CounterReport7B85F775")]),
        ("iam:CreateRole", vec![role("CounterCountServiceRole28CCBBDC"), role("CounterReportServiceRole1577E7B9")]),
        ("s3:CreateBucket", vec![bucket.to_owned()]),
        ("s3:PutBucketPolicy", vec![bucket.to_owned()]),
        ("s3:PutBucketNotification", vec![bucket.to_owned()]),
        ("s3:GetObject", vec!["arn:aws:s3:::skysmith-assets-123456789012-eu-west-1-an/*".to_owned()]),
        ("sns:Subscribe", vec!["arn:aws:sns:eu-west-1:123456789012:skysmith-demo-object-changes".to_owned()]),
        ("logs:DescribeLogGroups", vec!["*".to_owned()]),
        (
            "apigateway:POST",
            ["restapis", "restapis/*", "tags/*"].map(|path| format!("arn:aws:apigateway:eu-west-1::/{path}")).to_vec(),
        ),
        // What no property of this app calls for.
        ("dynamodb:Scan", vec![]),
        ("dynamodb:DeleteItem", vec![]),
        ("ec2:DescribeVpcs", vec![]),
        ("s3:DeleteObject", vec![]),
        ("s3:PutBucketWebsite", vec![]),
        ("iam:AttachRolePolicy", vec![]),
        ("kms:Decrypt", vec![]),
    ] {
        assert_eq!(on(&policy, action), resources, "{action}");
    }
    let passing = policy.statements.iter().find(|it| it.actions == ["iam:PassRole"]).unwrap();
    assert_eq!(passing.resources, [role("CounterCountServiceRole28CCBBDC"), role("CounterReportServiceRole1577E7B9")]);
    assert_eq!(
        passing.conditions["iam:PassedToService"].iter().collect::<Vec<_>>(),
        ["lambda.amazonaws.com"],
        "roles are passed to nobody else"
    );
    assert_eq!(policy, of("object-counter", &object_counter()).permissions.policy());
}

#[test]
fn names_and_their_patterns() {
    let found = of(
        "Web",
        r#"{"Parameters":{"Env":{"Type":"String","Default":"dev"},"Any":{"Type":"String"},"Key":{"Type":"AWS::SSM::Parameter::Value<String>","Default":"/app/key"}},
        "Resources":{
        "Files":{"Type":"AWS::S3::Bucket"},
        "Named":{"Type":"AWS::SQS::Queue","Properties":{"QueueName":{"Fn::Sub":"${Env}-jobs"}}},
        "Free":{"Type":"AWS::SQS::Queue","Properties":{"QueueName":{"Fn::Join":["-",["q",{"Ref":"Any"}]]}}},
        "Either":{"Type":"AWS::SNS::Topic","Properties":{"TopicName":{"Fn::If":["C","a","b"]}}},
        "Secret":{"Type":"AWS::SecretsManager::Secret","Properties":{"Name":"db"}},
        "Param":{"Type":"AWS::SSM::Parameter","Properties":{"Type":"String","Value":"{{resolve:secretsmanager:db:SecretString}}","Name":"/a/b"}},
        "Role":{"Type":"AWS::IAM::Role","Properties":{"Path":"/app/","RoleName":"r","AssumeRolePolicyDocument":{}}},
        "Key1":{"Type":"AWS::KMS::Key","Properties":{}},
        "Alias":{"Type":"AWS::KMS::Alias","Properties":{"AliasName":"alias/app","TargetKeyId":{"Ref":"Key1"}}},
        "Logs":{"Type":"AWS::Logs::LogGroup","Properties":{"LogGroupName":"/app"}},
        "Rule":{"Type":"AWS::Events::Rule","Properties":{"EventBusName":"bus"}},
        "AVeryLongLogicalIdOfAFunctionThatIsShortened0123456789ABCDEF":{"Type":"AWS::Lambda::Function","Properties":{"Code":{"ZipFile":"x"},"Role":"arn:aws:iam::123456789012:role/given"}}
        }}"#,
    );
    assert_eq!(found.notes, []);
    let policy = found.permissions.policy();
    let arn = |rest: &str| format!("arn:aws:{rest}");
    for (action, resources) in [
        ("s3:CreateBucket", vec![arn("s3:::web-files-*")]),
        ("sqs:CreateQueue", vec![arn("sqs:eu-west-1:123456789012:dev-jobs"), arn("sqs:eu-west-1:123456789012:q-*")]),
        ("sns:CreateTopic", vec![arn("sns:eu-west-1:123456789012:a"), arn("sns:eu-west-1:123456789012:b")]),
        ("secretsmanager:CreateSecret", vec![arn("secretsmanager:eu-west-1:123456789012:secret:db-??????")]),
        ("secretsmanager:GetSecretValue", vec![arn("secretsmanager:eu-west-1:123456789012:secret:db-??????")]),
        ("ssm:PutParameter", vec![arn("ssm:eu-west-1:123456789012:parameter/a/b")]),
        (
            "ssm:GetParameters",
            vec![arn("ssm:eu-west-1:123456789012:parameter/a/b"), arn("ssm:eu-west-1:123456789012:parameter/app/key")],
        ),
        ("iam:CreateRole", vec![arn("iam::123456789012:role/app/r")]),
        ("kms:CreateKey", vec!["*".to_owned()]),
        ("kms:CreateAlias", vec![arn("kms:eu-west-1:123456789012:alias/app"), arn("kms:eu-west-1:123456789012:key/*")]),
        (
            "logs:CreateLogGroup",
            vec![
                arn("logs:eu-west-1:123456789012:log-group:/app"),
                arn("logs:eu-west-1:123456789012:log-group:/app:*"),
            ],
        ),
        ("events:PutRule", vec![arn("events:eu-west-1:123456789012:rule/bus/Web-Rule-*")]),
        ("iam:PassRole", vec![arn("iam::123456789012:role/given")]),
        ("lambda:CreateFunction", vec![arn("lambda:eu-west-1:123456789012:function:Web*")]),
    ] {
        assert_eq!(on(&policy, action), resources, "{action}");
    }
}

#[test]
fn what_is_not_known_is_said() {
    let found = of(
        "s",
        r#"{"Transform":["AWS::LanguageExtensions","Mine"],"Resources":{
        "Old":{"Type":"AWS::OpsWorks::App"},
        "Inner":{"Type":"AWS::CloudFormation::Stack","Properties":{"TemplateURL":"https://s3.eu-west-1.amazonaws.com/b/t.json"}},
        "Wait":{"Type":"AWS::CloudFormation::WaitConditionHandle"},
        "Custom":{"Type":"Custom::Thing","Properties":{"ServiceToken":{"Fn::GetAtt":["F","Arn"]}}},
        "F":{"Type":"AWS::Lambda::Function","Properties":{"FunctionName":"f","Code":{"ZipFile":"x"}}}}}"#,
    );
    let said: Vec<String> = found
        .notes
        .iter()
        .map(|note| match note {
            Note::UnknownType { logical_id, .. } | Note::NestedStack { logical_id, .. } => logical_id.clone(),
            Note::Macro { name, .. } => name.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(said, ["Old", "Inner", "Mine"]);
    let policy = found.permissions.policy();
    assert_eq!(on(&policy, "lambda:InvokeFunction"), ["arn:aws:lambda:eu-west-1:123456789012:function:f"]);
    assert_eq!(
        on(&policy, "cloudformation:CreateStack"),
        ["arn:aws:cloudformation:eu-west-1:123456789012:stack/s-Inner-*/*"]
    );
    assert_eq!(
        on(&policy, "cloudformation:CreateChangeSet"),
        [
            "arn:aws:cloudformation:eu-west-1:123456789012:transform/Mine",
            "arn:aws:cloudformation:eu-west-1:aws:transform/LanguageExtensions"
        ]
    );
    assert_eq!(statements(&policy, "cloudformation:CreateStack"), ["CloudformationStack"]);
}
