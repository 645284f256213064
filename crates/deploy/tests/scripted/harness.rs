//! A session with a scripted account, and the few things that every test does with one.

use std::path::Path;

use skysmith_assembly::Stack;
use skysmith_deploy::{DeployOptions, Endpoint, Error, Failure, Outcome, Plan, Session, SessionOptions, Wanted};
use skysmith_scripted::Aws;

/// A queue and a topic.
pub const TWO: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"},"Topic":{"Type":"AWS::SNS::Topic"}}}"#;

pub async fn session(aws: &Aws) -> Session {
    let options = SessionOptions { endpoint: Endpoint::Local(aws.url().to_owned()), ..SessionOptions::default() };
    Session::connect(&options).await.unwrap()
}

/// A stack of this name with this template.
pub fn wanted(name: &str, template: &str) -> Wanted {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scripted");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{name}.json"));
    std::fs::write(&file, template).unwrap();
    Wanted::read(Stack::plain(name, file)).unwrap()
}

pub async fn deploy(session: &Session, wanted: &Wanted) -> Result<Outcome, Error> {
    session.deploy(wanted, &DeployOptions::default(), &|_: &Plan, _| true, &()).await
}

/// The story of a deployment that must fail.
pub async fn failure(session: &Session, wanted: &Wanted) -> Failure {
    match deploy(session, wanted).await {
        Err(Error::Failed(failure)) => *failure,
        other => panic!("{other:?}"),
    }
}
