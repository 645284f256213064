//! What is told of nested stacks while the stack around them is watched, and the calls for it.

use std::sync::Mutex;

use skysmith_deploy::{DeployOptions, DestroyOptions, Event, Observer, Outcome, Plan, is_stateful};
use skysmith_scripted::{Aws, Fault, Scripted, Stack};

use crate::harness::{TWO, session, wanted};

const OUTER: &str =
    r#"{"Resources":{"Middle":{"Type":"AWS::CloudFormation::Stack"},"Topic":{"Type":"AWS::SNS::Topic"}}}"#;
const MIDDLE: &str =
    r#"{"Resources":{"Inner":{"Type":"AWS::CloudFormation::Stack"},"Queue":{"Type":"AWS::SQS::Queue"}}}"#;

fn account(name: &str) -> Scripted {
    let inner = Stack::new("deep").template(TWO);
    Scripted::new().stack(Stack::new(name).nested("Middle", Stack::new("mid").template(MIDDLE).nested("Inner", inner)))
}

/// The resources' events as `Middle/Queue CREATE_COMPLETE`; warnings are told as well.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Observer for Told {
    fn event(&self, event: Event) {
        let line = match event {
            Event::Progress(event) if !event.is_stack => {
                let path = [event.nested_in, vec![event.logical_id]].concat().join("/");
                format!("{path} {}", event.status.as_str())
            }
            Event::Warning { message, .. } => message,
            _ => return,
        };
        self.0.lock().unwrap().push(line);
    }
}

impl Told {
    fn lines(&self, ending: &str) -> Vec<String> {
        self.0.lock().unwrap().iter().filter(|line| line.ends_with(ending)).cloned().collect()
    }
}

async fn deployed(aws: &Aws, name: &str, told: &Told) {
    let session = session(aws).await;
    let outcome =
        session.deploy(&wanted(name, OUTER), &DeployOptions::default(), &|_: &Plan, _| true, told).await.unwrap();
    assert!(matches!(outcome, Outcome::Deployed(_)));
}

fn looks_at(aws: &Aws, stack: &str) -> usize {
    let looks = aws.calls("DescribeStackEvents");
    looks.iter().filter(|call| call.parameter("StackName").contains(&format!("stack/{stack}/"))).count()
}

#[tokio::test]
async fn what_happens_in_nested_stacks_is_told_before_they_are_done() {
    let aws = account("nests").start();
    let told = Told::default();
    deployed(&aws, "nests", &told).await;
    let done = told.lines(" CREATE_COMPLETE");
    let expected = ["Middle/Inner/Queue", "Middle/Inner/Topic", "Middle/Inner", "Middle/Queue", "Middle", "Topic"];
    assert_eq!(done, expected.map(|path| format!("{path} CREATE_COMPLETE")));
    let (all, inner) = (aws.calls("DescribeStackEvents").len(), looks_at(&aws, "deep"));
    assert!(inner >= 1 && looks_at(&aws, "mid") >= 1);
    // No nested stack is read more often than the one around all of them.
    assert!(inner <= all - inner - looks_at(&aws, "mid"), "{inner} of {all}");
}

#[tokio::test]
async fn only_the_operation_that_is_watched_is_told() {
    let aws = account("again").start();
    deployed(&aws, "again", &Told::default()).await;
    let session = session(&aws).await;
    let inventory = session.inventory("again", &is_stateful).await.unwrap().unwrap();
    let told = Told::default();
    assert!(session.destroy(&inventory, &DestroyOptions::default(), &told).await.unwrap());
    assert_eq!(told.lines("CREATE_COMPLETE"), Vec::<String>::new());
    let gone = told.lines(" DELETE_COMPLETE");
    assert_eq!(gone.len(), 6, "{gone:?}");
    assert!(gone.contains(&"Middle/Inner/Queue DELETE_COMPLETE".to_owned()), "{gone:?}");
}

#[tokio::test]
async fn nested_stacks_that_cannot_be_read_stop_nothing() {
    let denied = Fault::error("AccessDenied", "not allowed").on("DescribeStackEvents").about("mid");
    let aws = account("blind").fault(denied).start();
    let told = Told::default();
    deployed(&aws, "blind", &told).await;
    assert_eq!(told.lines("CREATE_COMPLETE"), ["Middle CREATE_COMPLETE", "Topic CREATE_COMPLETE"]);
    assert_eq!(told.lines("allowed"), Vec::<String>::new());
}
