//! Resources that exist become part of a stack.

use std::collections::BTreeMap;

use skysmith_deploy::{ChangeAction, ImportedResource, Prepared, importable};

use crate::harness::{boto, deploy, session, wanted};

fn import(id: &str, bucket: &str) -> ImportedResource {
    ImportedResource {
        logical_id: id.into(),
        resource_type: "AWS::S3::Bucket".into(),
        identifier: BTreeMap::from([("BucketName".to_owned(), bucket.to_owned())]),
    }
}

const APP: &str = r#"{"Resources":{"T":{"Type":"AWS::SNS::Topic","Properties":{"DisplayName":"new"}},
    "B":{"Type":"AWS::S3::Bucket","Properties":{"BucketName":"photos-of-old"}},"Q":{"Type":"AWS::SQS::Queue"}}}"#;

#[tokio::test]
async fn into_a_stack_that_is_there_and_nothing_else_changes() {
    let session = session().await;
    boto(
        "s=b('s3'); s.create_bucket(Bucket='photos-of-old'); s.put_object(Bucket='photos-of-old', Key='k', Body=b'1')",
    );
    deploy(&session, &wanted("importing", r#"{"Resources":{"T":{"Type":"AWS::SNS::Topic"}}}"#)).await.unwrap();
    let app = wanted("importing", APP);
    let stack = session.stack("importing").await.unwrap().unwrap();
    let deployed = session.template("importing").await.unwrap().unwrap();
    let new = importable(&app.template, Some(&deployed));
    assert_eq!(new.iter().map(|one| one.logical_id.as_str()).collect::<Vec<_>>(), ["B", "Q"]);
    let sent = app.importing(Some((&stack, &deployed)), vec![import("B", "photos-of-old")]).unwrap();
    let Prepared::Planned(plan) = session.prepare(&sent, &()).await.unwrap() else { panic!() };
    assert!(plan.changes.iter().all(|change| change.action == ChangeAction::Import));
    assert_eq!(plan.changes.len(), 1);
    let done = session.execute(*plan, &()).await.unwrap();
    assert_eq!(done.status.as_str(), "IMPORT_COMPLETE");
    let resources = session.resources("importing").await.unwrap();
    let bucket = resources.iter().find(|one| one.logical_id == "B").unwrap();
    assert_eq!(bucket.physical_id.as_deref(), Some("photos-of-old"));
    assert_eq!(resources.len(), 2);
    assert_eq!(boto("print(b('s3').get_object(Bucket='photos-of-old', Key='k')['Body'].read())"), "b'1'");
}

#[tokio::test]
async fn into_a_new_stack() {
    let session = session().await;
    boto("b('s3').create_bucket(Bucket='photos-of-new')");
    let app = wanted("importing-new", &APP.replace("photos-of-old", "photos-of-new"));
    let sent = app.importing(None, vec![import("B", "photos-of-new")]).unwrap();
    let Prepared::Planned(plan) = session.prepare(&sent, &()).await.unwrap() else { panic!() };
    let done = session.execute(*plan, &()).await.unwrap();
    assert_eq!(done.status.as_str(), "IMPORT_COMPLETE");
    assert_eq!(session.resources("importing-new").await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_not_there_is_refused_and_leaves_nothing() {
    let session = session().await;
    let app = wanted("importing-nothing", APP);
    let sent = app.importing(None, vec![import("B", "never-made-bucket")]).unwrap();
    let refused = session.prepare(&sent, &()).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(session.stack("importing-nothing").await.unwrap(), None);
}
