//! Removing stacks.

use skysmith_deploy::{Contents, DeployOptions, DestroyOptions, Error, Event, Session, is_stateful};

use crate::harness::{Faults, Log, boto, deploy, deploy_with, session, wanted};

fn bucket(marked: bool) -> String {
    let metadata = if marked { r#""Metadata":{"skysmith:EmptyOnDelete":true},"# } else { "" };
    format!(
        r#"{{"Resources":{{"B":{{"Type":"AWS::S3::Bucket",{metadata}"Properties":{{"VersioningConfiguration":{{"Status":"Enabled"}}}}}}}}}}"#
    )
}

async fn fill(session: &Session, stack: &str) -> String {
    let name = session.resources(stack).await.unwrap()[0].physical_id.clone().unwrap();
    boto(&format!(
        "s=b('s3')
for i in range(5):
  s.put_object(Bucket='{name}', Key='a b/ü&'+str(i), Body=b'12345'); s.put_object(Bucket='{name}', Key='a b/ü&'+str(i), Body=b'1')
s.delete_object(Bucket='{name}', Key='a b/ü&0')
s.create_multipart_upload(Bucket='{name}', Key='part')"
    ));
    name
}

#[tokio::test]
async fn a_full_bucket_without_the_mark_stops_everything() {
    let session = session().await;
    deploy(&session, &wanted("unmarked", &bucket(false))).await.unwrap();
    let name = fill(&session, "unmarked").await;
    let inventory = session.inventory("unmarked", &is_stateful).await.unwrap().unwrap();
    let lost: Vec<_> = inventory.lost().collect();
    assert_eq!(lost[0].contents, Contents::Objects { versions: 11, bytes: 30, complete: true });
    let Err(Error::BucketsNotEmpty { buckets, .. }) =
        session.destroy(&inventory, &DestroyOptions::default(), &()).await
    else {
        panic!()
    };
    assert_eq!(buckets, ["B"]);
    assert_eq!(boto(&format!("print(len(b('s3').list_object_versions(Bucket='{name}')['Versions']))")), "10");
    assert!(session.stack("unmarked").await.unwrap().is_some());
}

#[tokio::test]
async fn a_marked_bucket_is_emptied_and_the_stack_goes() {
    // The emulator deletes full buckets, so the deletion is made to fail: what is left shows whether the bucket was emptied before.
    let faults = Faults::new(
        r#"[{"service":"cloudformation","operation":"DeleteStack","times":1,"error":{"code":"AccessDenied"}}]"#,
    );
    let session = faults.session().await;
    deploy(&session, &wanted("marked", &bucket(true))).await.unwrap();
    let name = fill(&session, "marked").await;
    let inventory = session.inventory("marked", &is_stateful).await.unwrap().unwrap();
    assert_eq!(inventory.blocking().count(), 0);
    let log = Log::default();
    let Err(error) = session.destroy(&inventory, &DestroyOptions::default(), &log).await else { panic!() };
    assert_eq!(error.code(), Some("AccessDenied"));
    assert!(log.events().iter().any(|event| matches!(event, Event::EmptyingBucket { deleted: 11, .. })));
    let left = boto(&format!(
        "s=b('s3'); v=s.list_object_versions(Bucket='{name}'); print(len(v.get('Versions',[])), len(v.get('DeleteMarkers',[])), len(s.list_multipart_uploads(Bucket='{name}').get('Uploads',[])))"
    ));
    assert_eq!(left, "0 0 0");
    assert!(session.destroy(&inventory, &DestroyOptions::default(), &log).await.unwrap());
    assert_eq!(session.stack("marked").await.unwrap(), None);
    assert_eq!(session.inventory("marked", &is_stateful).await.unwrap(), None);
}

#[tokio::test]
async fn items_are_counted_and_kept_resources_named() {
    let session = session().await;
    let table = |policy: &str| {
        format!(
            r#"{{"Type":"AWS::DynamoDB::Table",{policy}"Properties":{{"BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{{"AttributeName":"a","AttributeType":"S"}}],"KeySchema":[{{"AttributeName":"a","KeyType":"HASH"}}]}}}}"#
        )
    };
    let template = format!(
        r#"{{"Resources":{{"Lost":{},"Kept":{},"Q":{{"Type":"AWS::SNS::Topic"}}}}}}"#,
        table(""),
        table(r#""DeletionPolicy":"Retain","#)
    );
    deploy(&session, &wanted("tables", &template)).await.unwrap();
    let resources = session.resources("tables").await.unwrap();
    let name = resources.iter().find(|resource| resource.logical_id == "Lost").unwrap().physical_id.clone().unwrap();
    boto(&format!("for i in range(3): b('dynamodb').put_item(TableName='{name}', Item={{'a':{{'S':str(i)}}}})"));
    let inventory = session.inventory("tables", &is_stateful).await.unwrap().unwrap();
    let lost: Vec<_> = inventory.lost().map(|holding| holding.resource.logical_id.as_str()).collect();
    assert_eq!(lost, ["Lost"]);
    assert!(matches!(inventory.lost().next().unwrap().contents, Contents::Items { count: 3, .. }));
    assert_eq!(inventory.kept[0].resource.logical_id, "Kept");
    assert!(
        inventory.kept[0]
            .arn
            .as_deref()
            .unwrap()
            .starts_with("arn:aws:dynamodb:us-east-1:000000000000:table/tables-Kept")
    );
    assert!(session.destroy(&inventory, &DestroyOptions::default(), &()).await.unwrap());
    let tables =
        boto("print([t.split('-')[1] for t in b('dynamodb').list_tables()['TableNames'] if t.startswith('tables-')])");
    assert_eq!(tables, "['Kept']");
}

#[tokio::test]
async fn a_protected_stack_stays() {
    let session = session().await;
    let mut stack = wanted("protected", r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}"#);
    stack.stack.termination_protection = Some(true);
    deploy(&session, &stack).await.unwrap();
    let inventory = session.inventory("protected", &is_stateful).await.unwrap().unwrap();
    assert!(inventory.stack.termination_protection);
    assert!(matches!(session.destroy(&inventory, &DestroyOptions::default(), &()).await, Err(Error::Protected { .. })));
    let lifting = DestroyOptions { lift_protection: true, ..DestroyOptions::default() };
    // Only the protection changes: no change set is needed for that.
    for protect in [false, true] {
        stack.stack.termination_protection = Some(protect);
        deploy(&session, &stack).await.unwrap();
        let now = session.stack("protected").await.unwrap().unwrap();
        assert_eq!(now.termination_protection, protect);
    }
    assert!(session.destroy(&inventory, &lifting, &()).await.unwrap());
    // And again: what is gone is gone.
    assert!(!session.destroy(&inventory, &lifting, &()).await.unwrap());
}

/// `Inner/B CREATE_COMPLETE`, of what is in a nested stack.
fn nested(event: Event) -> Option<String> {
    match event {
        Event::Progress(event) if !event.nested_in.is_empty() => {
            Some(format!("{}/{} {}", event.nested_in.join("/"), event.logical_id, event.status.as_str()))
        }
        _ => None,
    }
}

#[tokio::test]
async fn nested_stacks_are_counted_and_emptied_as_well() {
    let session = session().await;
    let inner = r#"{"Resources":{"B":{"Type":"AWS::S3::Bucket","Metadata":{"skysmith:EmptyOnDelete":true}},"Kept":{"Type":"AWS::SNS::Topic","DeletionPolicy":"Retain"}}}"#;
    boto(&format!(
        "s=b('s3'); s.create_bucket(Bucket='inner-templates'); s.put_object(Bucket='inner-templates', Key='inner.json', Body='''{inner}''')"
    ));
    let outer = format!(
        r#"{{"Resources":{{"Inner":{{"Type":"AWS::CloudFormation::Stack","Properties":{{"TemplateURL":"{}/inner-templates/inner.json"}}}}}}}}"#,
        crate::harness::emulator()
    );
    let log = Log::default();
    deploy_with(&session, &wanted("outer", &outer), &DeployOptions::default(), &log).await.unwrap();
    let inner: Vec<String> = log.events().into_iter().filter_map(nested).collect();
    assert!(inner.contains(&"Inner/B CREATE_COMPLETE".to_owned()), "{inner:?}");
    let inventory = session.inventory("outer", &is_stateful).await.unwrap().unwrap();
    assert_eq!(inventory.resources.len(), 1);
    let bucket = inventory.holdings.iter().find(|holding| holding.resource.path() == "Inner/B").unwrap();
    assert!(bucket.emptied && bucket.contents.is_empty());
    assert_eq!(inventory.kept.iter().map(|kept| kept.resource.path()).collect::<Vec<_>>(), ["Inner/Kept"]);
    let name = bucket.resource.physical_id.clone().unwrap();
    boto(&format!("b('s3').put_object(Bucket='{name}', Key='k', Body=b'1')"));
    let inventory = session.inventory("outer", &is_stateful).await.unwrap().unwrap();
    assert_eq!(inventory.lost().count(), 1);
    assert!(session.destroy(&inventory, &DestroyOptions::default(), &()).await.unwrap());
    assert_eq!(boto(&format!("print('{name}' in [x['Name'] for x in b('s3').list_buckets()['Buckets']])")), "False");
}

#[tokio::test]
async fn what_others_import_stays() {
    let session = session().await;
    let exporting = r#"{"Resources":{"T":{"Type":"AWS::SNS::Topic"}},"Outputs":{"T":{"Value":{"Ref":"T"},"Export":{"Name":"destroying-topic"}}}}"#;
    let reading = r#"{"Resources":{"P":{"Type":"AWS::SSM::Parameter","Properties":{"Type":"String","Value":{"Fn::ImportValue":"destroying-topic"}}}}}"#;
    deploy(&session, &wanted("exporting", exporting)).await.unwrap();
    deploy(&session, &wanted("reading", reading)).await.unwrap();
    let inventory = session.inventory("exporting", &is_stateful).await.unwrap().unwrap();
    let Err(Error::ExportsInUse { exports, .. }) = session.destroy(&inventory, &DestroyOptions::default(), &()).await
    else {
        panic!()
    };
    assert_eq!(
        (exports[0].export_name.as_deref(), &exports[0].readers),
        (Some("destroying-topic"), &vec!["reading".to_owned()])
    );
    let reader = session.inventory("reading", &is_stateful).await.unwrap().unwrap();
    assert!(session.destroy(&reader, &DestroyOptions::default(), &()).await.unwrap());
    assert!(session.destroy(&inventory, &DestroyOptions::default(), &()).await.unwrap());
}
