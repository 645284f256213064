//! Many stacks at once, and the lists in which they are looked at together.

use std::time::{Duration, Instant};

use skysmith_assembly::AssumedRole;
use skysmith_deploy::{Endpoint, Outcome, Session, SessionOptions};
use skysmith_scripted::{Aws, Fault, Request, Scripted, Stack};
use tokio::task::JoinSet;

use crate::harness::{TWO, deploy, session, wanted};

const COUNT: usize = 6;

fn with_ours(aws: Scripted) -> Scripted {
    (0..COUNT).fold(aws, |aws, number| {
        aws.stack(Stack::new(&format!("ours-{number}")).takes("Queue", Duration::from_secs(2)))
    })
}

async fn deploy_all(session: &Session) {
    session.share_among(COUNT);
    let mut all = JoinSet::new();
    for number in 0..COUNT {
        let session = session.clone();
        all.spawn(async move { deploy(&session, &wanted(&format!("ours-{number}"), TWO)).await });
    }
    while let Some(ended) = all.join_next().await {
        assert!(matches!(ended.unwrap().unwrap(), Outcome::Deployed(_)));
    }
}

/// Looks at single stacks, and lists of all.
fn looks(aws: &Aws) -> (usize, usize) {
    let (one, all): (Vec<_>, Vec<_>) =
        aws.calls("DescribeStacks").into_iter().partition(|request| request.has("StackName"));
    (one.len(), all.len())
}

#[tokio::test]
async fn in_a_small_account_one_list_tells_everything() {
    let aws = with_ours(Scripted::new()).start();
    deploy_all(&session(&aws).await).await;
    let (one, all) = looks(&aws);
    // The last few are looked at one by one again; how many, depends on when they end.
    assert!(one < COUNT, "{one}");
    assert!((2..=8).contains(&all), "{all}");
    assert_eq!(aws.calls("ListStacks").len(), 0);
}

#[tokio::test]
async fn in_a_large_account_only_those_at_work_are_listed() {
    let others = (0..520).fold(Scripted::new(), |aws, number| {
        aws.stack(Stack::new(&format!("other-{number}")).status("CREATE_COMPLETE"))
    });
    let aws = with_ours(others).start();
    deploy_all(&session(&aws).await).await;
    // What they were before, and the outputs in the end.
    assert_eq!(looks(&aws), (2 * COUNT, 5));
    let lists = aws.calls("ListStacks");
    assert!((1..=8).contains(&lists.len()), "{}", lists.len());
    assert!(lists.iter().all(|list| list.list("StackStatusFilter").contains(&"CREATE_IN_PROGRESS")));
}

#[tokio::test]
async fn where_nothing_may_be_listed_each_is_looked_at() {
    let denied = |operation: &str| Fault::error("AccessDenied", "not authorized").on(operation);
    let aws = with_ours(Scripted::new()).fault(denied("DescribeStacks").once()).fault(denied("ListStacks")).start();
    deploy_all(&session(&aws).await).await;
    assert_eq!((looks(&aws), aws.calls("ListStacks").len()), ((2 * COUNT, 1), 1));
}

#[tokio::test]
async fn where_nobody_counts_calls_nobody_waits() {
    let aws = Scripted::new().start();
    let endpoint = Endpoint::Local(aws.url().to_owned());
    let options = SessionOptions { endpoint, unrationed: true, ..SessionOptions::default() };
    let started = Instant::now();
    deploy_all(&Session::connect(&options).await.unwrap()).await;
    assert_eq!(looks(&aws), (2 * COUNT, 0));
    // At three a second the looks alone would take longer.
    let asked = aws.requests().iter().filter(|request| request.operation.starts_with("Describe")).count();
    assert!(started.elapsed() < Duration::from_secs(1) * u32::try_from(asked / 3).unwrap(), "{:?}", started.elapsed());
}

#[tokio::test]
async fn all_roles_of_a_run_share_one_budget() {
    let aws = Scripted::new().start();
    let own = session(&aws).await;
    let role = |name: &str| AssumedRole::new(format!("arn:aws:iam::123456789012:role/{name}"));
    let sessions =
        [own.clone(), own.assume(&role("One"), None).await.unwrap(), own.assume(&role("Two"), None).await.unwrap()];
    let mut all = JoinSet::new();
    for (number, session) in sessions.into_iter().enumerate() {
        all.spawn(async move { deploy(&session, &wanted(&format!("role-{number}"), TWO)).await });
    }
    while let Some(ended) = all.join_next().await {
        assert!(matches!(ended.unwrap().unwrap(), Outcome::Deployed(_)));
    }
    let asks = |request: &Request| request.operation.starts_with("Describe");
    let mut at: Vec<_> = aws.requests().into_iter().filter(asks).map(|request| request.at).collect();
    at.sort();
    assert!(at.len() > 9, "{}", at.len());
    assert!(at.windows(4).all(|four| four[3] - four[0] >= Duration::from_secs(1)));
}
