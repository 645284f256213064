//! `skysmith permissions`.

use crate::project::{TEMPLATE, TestProject};

#[test]
fn prints_a_document_and_says_the_rest_elsewhere() {
    let project = TestProject::new().file("web.json", TEMPLATE);
    let run = project.skysmith(["--app", "web.json", "permissions", "--region", "eu-west-1"]).ok();
    let run = run.err_has("characters as IAM counts").err_has("`*` stands for the account");
    let policy = run.json();
    assert_eq!(policy["Version"], "2012-10-17");
    let statements = policy["Statement"].as_array().unwrap();
    let stack = statements.iter().find(|it| it["Sid"] == "CloudformationStack").unwrap();
    assert_eq!(stack["Resource"], "arn:aws:cloudformation:eu-west-1:*:stack/web/*");
    assert!(statements.iter().any(|it| it["Sid"] == "DynamodbTable"));

    let looking = project.skysmith(["--app", "web.json", "permissions", "--for", "diff"]).ok().json();
    let statements = looking["Statement"].as_array().unwrap();
    let stack = statements.iter().find(|it| it["Sid"] == "CloudformationStack").unwrap();
    assert_eq!(
        stack["Action"],
        serde_json::json!([
            "cloudformation:DescribeStacks",
            "cloudformation:GetTemplate",
            "cloudformation:ListStackResources"
        ])
    );
    // What would be lost is counted, and readers of exports are named. Nothing is changed.
    let actions: String = statements.iter().map(|it| it["Action"].to_string()).collect();
    for action in ["dynamodb:DescribeTable", "cloudformation:ListImports"] {
        assert!(actions.contains(action), "{actions}");
    }
    assert!(!actions.contains("s3:"), "there is neither code nor a nested stack: {actions}");
    assert!(!actions.contains("Create") && !actions.contains("Delete") && !actions.contains("Put"), "{actions}");
    project
        .skysmith(["--app", "web.json", "permissions", "--for", "deply"])
        .code(2)
        .err_has("[possible values: diff, drift, deploy");
}

#[test]
fn nested_stacks_are_looked_at_by_the_names_that_they_get() {
    let nested = r#"{"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete", "Properties": {"TemplateURL": "https://bucket.s3.amazonaws.com/inner.json"}}}}"#;
    let project = TestProject::new().file("web.json", nested);
    let run = project.skysmith(["--app", "web.json", "permissions", "--for", "diff", "--region", "eu-west-1"]).ok();
    let policy = run.json();
    let statements = policy["Statement"].as_array().unwrap();
    let resources: String = statements.iter().map(|it| it["Resource"].to_string()).collect();
    assert!(resources.contains("arn:aws:cloudformation:eu-west-1:*:stack/web-Inner-*/*"), "{resources}");
    // Its template is read where it lies.
    let reading = statements.iter().find(|it| it["Action"] == "s3:GetObject").unwrap();
    assert_eq!(reading["Resource"], "arn:aws:s3:::bucket/*");
}

#[test]
fn with_a_role_the_caller_may_pass_it_and_not_much_else() {
    let project = TestProject::new().file("web.json", TEMPLATE);
    let role = "arn:aws:iam::123456789012:role/web-resources";
    let all = project.skysmith(["--app", "web.json", "permissions", "--caller", role, "--json"]).ok().err("").json();
    let actions = |of: &str| {
        let statements = all[of]["Statement"].as_array().unwrap().iter();
        statements.map(|it| it["Action"].to_string()).collect::<String>()
    };
    assert!(actions("caller").contains("iam:PassRole") && !actions("caller").contains("dynamodb:CreateTable"));
    assert!(actions("execution_role").contains("dynamodb:CreateTable"));
    assert!(!actions("execution_role").contains("cloudformation:"));
    assert_eq!(all["trust_policy"]["Statement"][0]["Principal"]["Service"], "cloudformation.amazonaws.com");
    let trust = project.skysmith(["permissions", "--trust-policy", "--local"]).ok().json();
    assert_eq!(trust["Statement"][0]["Condition"]["StringEquals"]["aws:SourceAccount"], "000000000000");
    let parts = project.skysmith(["--app", "web.json", "permissions", "--execution-role", "--split"]).ok().json();
    assert_eq!(parts.as_array().unwrap().len(), 1);
}
