//! Plans that are left in the account, carried out later, or not; and what is sent for each setting.

use skysmith_deploy::{
    DeployOptions, Error, Moved, Outcome, Plan, Prepared, RollbackAlarms, Session, Settings, Stuck, Wanted,
};
use skysmith_scripted::{Aws, Request, Scripted, Stack};

use crate::harness::{TWO, deploy, session, wanted};

/// Leaves a plan by this name.
async fn leave(session: &Session, wanted: &Wanted, name: &str) -> Plan {
    let settings = Settings { change_set_name: Some(name.to_owned()), ..wanted.settings.clone() };
    match session.prepare(&wanted.clone().with_settings(settings), &()).await.unwrap() {
        Prepared::Planned(plan) => *plan,
        other => panic!("{other:?}"),
    }
}

async fn apply(session: &Session, wanted: &Wanted, name: &str) -> Result<String, Error> {
    match session.prepare_saved(wanted, name, &()).await? {
        Prepared::Planned(plan) => Ok(session.execute(*plan, &()).await?.status.to_string()),
        _ => Ok("unchanged".to_owned()),
    }
}

/// What has moved, in words.
fn moved(result: Result<String, Error>) -> Vec<String> {
    match result {
        Err(Error::Moved { moved, .. }) => moved.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

fn changed() -> String {
    TWO.replace(
        r#""Topic":{"Type":"AWS::SNS::Topic"}"#,
        r#""Topic":{"Type":"AWS::SNS::Topic","Properties":{"DisplayName":"x"}}"#,
    )
}

fn of(aws: &Aws, operation: &str) -> Request {
    aws.calls(operation).pop().unwrap_or_else(|| panic!("no {operation}"))
}

#[tokio::test]
async fn a_plan_is_carried_out_by_another_run() {
    let aws = Scripted::new().start();
    let first = session(&aws).await;
    let plan = leave(&first, &wanted("later", TWO), "release-1").await;
    assert_eq!(plan.change_set_name, "release-1");
    let create = of(&aws, "CreateChangeSet");
    assert_eq!(create.parameter("ChangeSetName"), "release-1");
    assert!(create.parameter("ClientToken").starts_with("skysmith-"));
    assert!(create.parameter("Description").contains("based-on=nothing"), "{}", create.parameter("Description"));
    assert_eq!(aws.status("later").as_deref(), Some("REVIEW_IN_PROGRESS"));

    let second = session(&aws).await;
    assert_eq!(apply(&second, &wanted("later", TWO), "release-1").await.unwrap(), "CREATE_COMPLETE");
    // Applied already: nothing is to be done, and nothing is done.
    assert_eq!(apply(&second, &wanted("later", TWO), "release-1").await.unwrap(), "unchanged");
    assert_eq!(aws.calls("ExecuteChangeSet").len(), 1);
    let missing = apply(&second, &wanted("later", TWO), "release-9").await;
    assert!(matches!(missing, Err(Error::ChangeSet { why: Stuck::NoChangeSet, .. })), "{missing:?}");
    let absent = apply(&second, &wanted("never-made", TWO), "release-1").await;
    assert!(matches!(absent, Err(Error::NoSuchStack { .. })), "{absent:?}");
}

#[tokio::test]
async fn a_plan_whose_app_has_changed_is_refused() {
    let aws = Scripted::new().stack(Stack::new("app").status("CREATE_COMPLETE").template(TWO)).start();
    let session = session(&aws).await;
    leave(&session, &wanted("app", &changed()), "p").await;
    let other = changed().replace("\"x\"", "\"y\"");
    assert_eq!(moved(apply(&session, &wanted("app", &other), "p").await), ["the app's template is another one"]);
    assert!(aws.calls("ExecuteChangeSet").is_empty());
    assert_eq!(apply(&session, &wanted("app", &changed()), "p").await.unwrap(), "UPDATE_COMPLETE");
}

#[tokio::test]
async fn a_stack_that_was_changed_since_is_refused() {
    let aws = Scripted::new().stack(Stack::new("app").status("CREATE_COMPLETE").template(TWO)).start();
    let session = session(&aws).await;
    leave(&session, &wanted("app", &changed()), "p").await;
    // Times are told in seconds.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    aws.someone_updates("app");
    aws.finish("app");
    let refused = apply(&session, &wanted("app", &changed()), "p").await;
    assert!(
        matches!(&refused, Err(Error::Moved { moved, .. }) if matches!(moved[0], Moved::Stack { before: Some(_), .. }))
            || matches!(&refused, Err(Error::ChangeSet { why: Stuck::ChangeSetObsolete, .. })),
        "{refused:?}"
    );
    assert!(aws.calls("ExecuteChangeSet").is_empty());
}

#[tokio::test]
async fn somebody_changes_the_stack_while_the_question_is_asked() {
    let aws = Scripted::new().stack(Stack::new("app").status("CREATE_COMPLETE").template(TWO)).start();
    let session = session(&aws).await;
    let approve = |_: &Plan, _: &[skysmith_deploy::DataLoss]| {
        std::thread::sleep(std::time::Duration::from_millis(1100));
        aws.someone_updates("app");
        aws.finish("app");
        true
    };
    let refused = session.deploy(&wanted("app", &changed()), &DeployOptions::default(), &approve, &()).await;
    assert!(matches!(&refused, Err(Error::Moved { .. })), "{refused:?}");
    assert!(aws.calls("ExecuteChangeSet").is_empty());
    assert_eq!(aws.calls("DeleteChangeSet").len(), 1, "the plan is worth nothing any more");
}

#[tokio::test]
async fn a_stored_value_that_moved_is_refused() {
    let template = r#"{"Parameters":{"Code":{"Type":"AWS::SSM::Parameter::Value<String>","Default":"/app/code"}},
        "Resources":{"Queue":{"Type":"AWS::SQS::Queue","Properties":{"QueueName":{"Ref":"Code"}}}}}"#;
    let aws = Scripted::new().parameter("/app/code", "v1").start();
    let session = session(&aws).await;
    leave(&session, &wanted("pointer", template), "p").await;
    aws.set_parameter("/app/code", "v2");
    assert_eq!(
        moved(apply(&session, &wanted("pointer", template), "p").await),
        ["/app/code in the Parameter Store, the value of Code, has changed"]
    );
    aws.set_parameter("/app/code", "v1");
    assert_eq!(apply(&session, &wanted("pointer", template), "p").await.unwrap(), "CREATE_COMPLETE");
}

#[tokio::test]
async fn a_name_that_is_taken_is_said() {
    let aws = Scripted::new().stack(Stack::new("app").status("CREATE_COMPLETE").template(TWO)).start();
    let session = session(&aws).await;
    leave(&session, &wanted("app", &changed()), "p").await;
    let settings = Settings { change_set_name: Some("p".to_owned()), ..Settings::default() };
    let again = session.prepare(&wanted("app", &changed()).with_settings(settings), &()).await;
    assert!(matches!(again, Err(Error::ChangeSetExists { .. })), "{again:?}");
    // Theirs is still there.
    assert_eq!(apply(&session, &wanted("app", &changed()), "p").await.unwrap(), "UPDATE_COMPLETE");
}

#[tokio::test]
async fn a_declined_creation_leaves_the_plans_of_others() {
    let aws = Scripted::new().start();
    let session = session(&aws).await;
    leave(&session, &wanted("shared", TWO), "theirs").await;
    let declined =
        session.deploy(&wanted("shared", &changed()), &DeployOptions::default(), &|_: &Plan, _| false, &()).await;
    assert!(matches!(declined, Err(Error::Declined { .. })), "{declined:?}");
    assert_eq!(aws.status("shared").as_deref(), Some("REVIEW_IN_PROGRESS"));
    assert_eq!(apply(&session, &wanted("shared", TWO), "theirs").await.unwrap(), "CREATE_COMPLETE");
}

#[tokio::test]
async fn every_setting_is_sent() {
    let aws = Scripted::new().start();
    let session = session(&aws).await;
    let settings = Settings {
        service_role: Some("arn:aws:iam::123456789012:role/Deploys".into()),
        notification_arns: Some(vec!["arn:aws:sns:us-east-1:123456789012:T".into()]),
        rollback_alarms: Some(RollbackAlarms {
            alarms: vec!["arn:aws:cloudwatch:us-east-1:1:alarm:A".into()],
            minutes: 7,
        }),
        express: true,
        import_existing: true,
        revision: Some("0123456789ab".into()),
        ..Settings::default()
    };
    deploy(&session, &wanted("settings", TWO).with_settings(settings.clone())).await.unwrap();
    let create = of(&aws, "CreateChangeSet");
    for (name, value) in [
        ("RoleARN", "arn:aws:iam::123456789012:role/Deploys"),
        ("NotificationARNs.member.1", "arn:aws:sns:us-east-1:123456789012:T"),
        ("RollbackConfiguration.RollbackTriggers.member.1.Arn", "arn:aws:cloudwatch:us-east-1:1:alarm:A"),
        ("RollbackConfiguration.RollbackTriggers.member.1.Type", "AWS::CloudWatch::Alarm"),
        ("RollbackConfiguration.MonitoringTimeInMinutes", "7"),
        ("DeploymentConfig.Mode", "EXPRESS"),
        ("DeploymentConfig.DisableRollback", "false"),
        ("ImportExistingResources", "true"),
    ] {
        assert_eq!(create.parameter(name), value, "{name}");
    }
    assert!(create.parameter("Description").contains("revision=0123456789ab"));
    let execute = of(&aws, "ExecuteChangeSet");
    assert!(!execute.has("DisableRollback"), "the mode's own configuration has it");

    // Without a change set the same goes along.
    let direct = Settings { direct: true, import_existing: false, ..settings };
    let changed = wanted("settings", &changed()).with_settings(direct);
    assert!(matches!(deploy(&session, &changed).await.unwrap(), Outcome::Deployed(_)));
    let update = of(&aws, "UpdateStack");
    assert_eq!(update.parameter("DeploymentConfig.DisableRollback"), "false");
    assert_eq!(update.parameter("RollbackConfiguration.MonitoringTimeInMinutes"), "7");
    assert!(update.parameter("ClientRequestToken").starts_with("skysmith-"));
    assert!(!update.has("StackPolicyDuringUpdateBody"));
    assert_eq!((aws.calls("CreateChangeSet").len(), aws.calls("ExecuteChangeSet").len()), (1, 1));
}

#[tokio::test]
async fn previous_values_are_asked_for() {
    let template = r#"{"Parameters":{"A":{"Type":"String"},"B":{"Type":"String"}},"Resources":{"Q":{"Type":"AWS::SQS::Queue"},"T":{"Type":"AWS::SNS::Topic"}}}"#;
    let old = template.replace(r#","T":{"Type":"AWS::SNS::Topic"}"#, "");
    let stack = Stack::new("kept").status("CREATE_COMPLETE").template(&old).parameter("A", "1").parameter("B", "2");
    let aws = Scripted::new().stack(stack).start();
    let session = session(&aws).await;
    deploy(&session, &wanted("kept", template).with_parameters([("A".to_owned(), "9".to_owned())])).await.unwrap();
    let create = of(&aws, "CreateChangeSet");
    let sent: Vec<(&str, &str, &str)> = (1..=2)
        .map(|index| {
            let field = |name: &str| create.parameter(&format!("Parameters.member.{index}.{name}"));
            (field("ParameterKey"), field("ParameterValue"), field("UsePreviousValue"))
        })
        .collect();
    assert_eq!(sent, [("A", "9", ""), ("B", "", "true")]);
}

const TABLE: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"},"Table":{"Type":"AWS::DynamoDB::Table"}}}"#;
const NO_TABLE: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"}}}"#;

fn protected(name: &str, template: &str) -> Wanted {
    wanted(name, template).with_settings(Settings { protect: true, ..Settings::default() })
}

#[tokio::test]
async fn a_protected_stack_gets_a_policy_that_is_overridden_for_one_update() {
    let aws = Scripted::new().start();
    let session = session(&aws).await;
    deploy(&session, &protected("prod", TABLE)).await.unwrap();
    let policy = aws.stack_policy("prod").unwrap();
    assert!(policy.contains("Update:Replace") && policy.contains("AWS::DynamoDB::Table"), "{policy}");
    let set = aws.calls("SetStackPolicy").len();
    assert!(matches!(deploy(&session, &protected("prod", TABLE)).await.unwrap(), Outcome::Unchanged(_)));
    assert_eq!(aws.calls("SetStackPolicy").len(), set, "it is as it should be");

    let refused = deploy(&session, &protected("prod", NO_TABLE)).await;
    assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
    let options = DeployOptions { allow_data_loss: true, ..DeployOptions::default() };
    let before = aws.calls("ExecuteChangeSet").len();
    session.deploy(&protected("prod", NO_TABLE), &options, &|_: &Plan, _| true, &()).await.unwrap();
    let update = of(&aws, "UpdateStack");
    let during = update.parameter("StackPolicyDuringUpdateBody");
    assert!(during.contains(r#""NotResource":["LogicalResourceId/Table"]"#), "{during}");
    assert!(update.parameter("ClientRequestToken").starts_with("skysmith-"));
    assert_eq!(aws.calls("ExecuteChangeSet").len(), before, "a change set takes no policy of its own");
    // Nothing is lifted for the update's time and set again after it: until it was over, the policy was the same.
    let operations = aws.operations();
    let at = operations.iter().position(|operation| operation == "UpdateStack").unwrap();
    assert_eq!(operations[..at].iter().filter(|operation| *operation == "SetStackPolicy").count(), set);
    let lasting = aws.stack_policy("prod").unwrap();
    assert!(lasting.contains("Update:Replace") && !lasting.contains("NotResource"), "{lasting}");
}

#[tokio::test]
async fn without_a_change_set_no_data_is_risked() {
    let aws = Scripted::new().start();
    let session = session(&aws).await;
    let direct =
        |template: &str| wanted("dev", template).with_settings(Settings { direct: true, ..Settings::default() });
    deploy(&session, &direct(TABLE)).await.unwrap();
    assert!(of(&aws, "CreateStack").parameter("ClientRequestToken").starts_with("skysmith-"));
    assert_eq!(of(&aws, "CreateStack").parameter("RetainExceptOnCreate"), "true");
    let refused = deploy(&session, &direct(NO_TABLE)).await;
    assert!(matches!(&refused, Err(Error::NotDirect { reason, .. }) if reason.contains("Table")), "{refused:?}");
    let nested = TABLE.replace("AWS::SQS::Queue", "AWS::CloudFormation::Stack");
    let refused = deploy(&session, &direct(&nested)).await;
    assert!(matches!(&refused, Err(Error::NotDirect { reason, .. }) if reason.contains("nested")), "{refused:?}");
    assert!(aws.calls("UpdateStack").is_empty() && aws.calls("CreateChangeSet").is_empty());
    let more = TABLE.replace(r#""Table""#, r#""More":{"Type":"AWS::SNS::Topic"},"Table""#);
    assert!(matches!(deploy(&session, &direct(&more)).await.unwrap(), Outcome::Deployed(_)));
    assert_eq!(aws.calls("UpdateStack").len(), 1);
}

/// A condition takes a table as well as a template does, and where nobody knows what it decides, nothing is risked either.
#[tokio::test]
async fn without_a_change_set_no_condition_takes_data() {
    let template = |secret: &str| {
        format!(
            r#"{{"Parameters":{{"Stage":{{"Type":"String"{secret}}}}},"Conditions":{{"IsProd":{{"Fn::Equals":[{{"Ref":"Stage"}},"prod"]}}}},
            "Resources":{{"Table":{{"Type":"AWS::DynamoDB::Table","Condition":"IsProd"}},"Queue":{{"Type":"AWS::SQS::Queue"}}}}}}"#
        )
    };
    let aws = Scripted::new().start();
    let session = session(&aws).await;
    let direct = |name: &str, secret: &str, stage: &str| {
        let settings = Settings { direct: true, ..Settings::default() };
        let values = [("Stage".to_owned(), stage.to_owned())];
        wanted(name, &template(secret)).with_settings(settings).with_parameters(values)
    };
    for (name, secret, reason) in
        [("known", "", "data could be lost in Table"), ("secret", r#","NoEcho":true"#, "whether Table stays")]
    {
        deploy(&session, &direct(name, secret, "prod")).await.unwrap();
        let refused = deploy(&session, &direct(name, secret, "dev")).await;
        assert!(matches!(&refused, Err(Error::NotDirect { reason: why, .. }) if why.contains(reason)), "{refused:?}");
    }
    assert!(aws.calls("UpdateStack").is_empty() && aws.calls("CreateChangeSet").is_empty());
}

#[tokio::test]
async fn a_name_that_cannot_be_had_twice_is_found_before() {
    let table = |key: &str| {
        format!(
            r#"{{"Resources":{{"T":{{"Type":"AWS::SNS::Topic","Properties":{{"TopicName":"orders","FifoTopic":{key}}}}}}}}}"#
        )
    };
    let stack = Stack::new("named").status("CREATE_COMPLETE").template(&table("false")).replaces("T");
    let aws = Scripted::new().stack(stack).start();
    let session = session(&aws).await;
    let refused = deploy(&session, &wanted("named", &table("true"))).await;
    let Err(Error::NamesTaken { resources, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!((resources[0].logical_id.as_str(), resources[0].property.as_str()), ("T", "TopicName"));
    assert!(aws.calls("ExecuteChangeSet").is_empty());
    assert_eq!(aws.calls("DeleteChangeSet").len(), 1);
}

/// The largest template that goes along, and one byte more.
#[tokio::test]
async fn large_templates_go_through_the_bucket() {
    let aws = Scripted::new().start();
    let session = session(&aws).await;
    let empty = r#"{"Metadata":{"P":""},"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}"#;
    for (name, size) in [("at-the-limit", 51_200), ("over-the-limit", 51_201)] {
        let template = empty.replace(r#""P":"""#, &format!(r#""P":"{}""#, "x".repeat(size - empty.len())));
        assert_eq!(template.len(), size);
        deploy(&session, &wanted(name, &template)).await.unwrap();
        let create = of(&aws, "CreateChangeSet");
        assert_eq!((create.has("TemplateBody"), create.has("TemplateURL")), (size == 51_200, size == 51_201), "{name}");
    }
}

#[tokio::test]
async fn what_has_a_change_set_already_is_made_by_one_even_if_directly_is_asked_for() {
    let aws = Scripted::new().stack(Stack::new("planned").status("REVIEW_IN_PROGRESS")).start();
    let session = session(&aws).await;
    let wanted = wanted("planned", TWO).with_settings(Settings { direct: true, ..Settings::default() });
    assert!(matches!(deploy(&session, &wanted).await.unwrap(), Outcome::Deployed(_)));
    assert_eq!(aws.status("planned").as_deref(), Some("CREATE_COMPLETE"));
    assert_eq!((aws.calls("CreateStack").len(), aws.calls("ExecuteChangeSet").len()), (0, 1));
}
