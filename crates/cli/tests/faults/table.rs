//! The rows.

use std::time::Duration;

use skysmith_scripted::{ACCOUNT, Fault, On, Scripted, Stack};

use crate::person::TWO;
use crate::scenario::Scenario;

/// The queue is slower.
const CHANGED: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue","Properties":{"DelaySeconds":3}},"Topic":{"Type":"AWS::SNS::Topic"}}}"#;
const WITHOUT_TOPIC: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"}}}"#;
const NESTED: &str = r#"{"Resources":{"Inner":{"Type":"AWS::CloudFormation::Stack","Properties":{"TemplateURL":"https://s3.amazonaws.com/b/k"}}}}"#;
const KEPT: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"},"Topic":{"Type":"AWS::SNS::Topic","DeletionPolicy":"Retain"}}}"#;
const BUCKET: &str = "skysmith-assets-123456789012-eu-west-1-an";

const WHY: &str = "events app --why";
const DESTROY: &[&str] = &["destroy", "app", "--yes", "--allow-data-loss"];
const REPAIR: &[&str] = &["repair", "app", "--yes"];
const TELL: &[&str] = &["events", "app", "--why"];

fn at(stack: Stack) -> Scripted {
    Scripted::new().stack(stack)
}

fn in_status(status: &str) -> Stack {
    Stack::new("app").status(status).template(CHANGED)
}

/// All rows, part by part.
pub fn all() -> Vec<Scenario> {
    [statuses(), resources(), checks(), network(), credentials(), buckets(), others(), nothing(), answers()].concat()
}

fn statuses() -> Vec<Scenario> {
    let row =
        |given: &str, account| Scenario::new("A stack in each failed status", given, account).leaves("UPDATE_COMPLETE");
    vec![
        row("`CREATE_FAILED`: its creation failed with rollback off", || at(in_status("CREATE_FAILED"))),
        row("`ROLLBACK_COMPLETE`, nothing left of it", || at(in_status("ROLLBACK_COMPLETE")))
            .says("holds nothing: deleting it first")
            .leaves("CREATE_COMPLETE"),
        row("`ROLLBACK_COMPLETE`, a resource was kept", || {
            at(in_status("ROLLBACK_COMPLETE").resource("Topic", "DELETE_SKIPPED"))
        })
        .ends(1, "repair app")
        .leaves("ROLLBACK_COMPLETE"),
        row("`ROLLBACK_FAILED`", || at(in_status("ROLLBACK_FAILED"))).ends(1, "repair app").leaves("ROLLBACK_FAILED"),
        row("`UPDATE_FAILED`: an update failed with rollback off", || at(in_status("UPDATE_FAILED"))),
        row("`UPDATE_ROLLBACK_COMPLETE`", || at(in_status("UPDATE_ROLLBACK_COMPLETE"))),
        row("`UPDATE_ROLLBACK_FAILED`", || at(in_status("UPDATE_ROLLBACK_FAILED").resource("Topic", "UPDATE_FAILED")))
            .ends(1, "repair app")
            .leaves("UPDATE_ROLLBACK_FAILED")
            .then(REPAIR, 0, ""),
        row("`UPDATE_ROLLBACK_FAILED`, repaired while the resource still fails", || {
            let stack = in_status("UPDATE_ROLLBACK_FAILED").resource("Topic", "UPDATE_FAILED");
            at(stack.fails(On::Rollback, "Topic", "it is gone"))
        })
        .runs(REPAIR)
        .ends(0, "")
        .leaves("UPDATE_ROLLBACK_COMPLETE")
        .then(&["deploy", "app", "--yes"], 0, "app deployed in"),
        row("`DELETE_FAILED`", || at(in_status("DELETE_FAILED").resource("Topic", "DELETE_FAILED")))
            .ends(1, "repair app")
            .leaves("DELETE_FAILED")
            .then(DESTROY, 0, ""),
        row("`REVIEW_IN_PROGRESS`: a plan of another run was never carried out", || {
            at(in_status("REVIEW_IN_PROGRESS"))
        })
        .leaves("CREATE_COMPLETE"),
        row("`IMPORT_ROLLBACK_COMPLETE`", || at(in_status("IMPORT_ROLLBACK_COMPLETE"))),
        row("`IMPORT_ROLLBACK_FAILED`", || at(in_status("IMPORT_ROLLBACK_FAILED")))
            .ends(1, "")
            .leaves("IMPORT_ROLLBACK_FAILED"),
        row("a status that is newer than this program", || at(in_status("TELEPORTED")))
            .ends(1, "")
            .leaves("TELEPORTED"),
    ]
}

fn resources() -> Vec<Scenario> {
    let row = |given: &str, account| Scenario::new("Resources that fail", given, account);
    vec![
        row("a resource fails when it is made, and another one is cancelled", || {
            at(Stack::new("app").fails(On::Create, "Topic", "limit reached").cancels("Queue"))
        })
        .ends(1, WHY)
        .says("Topic (SNS topic) could not be created")
        .says("src/main.rs:4")
        .says("1 more resource was cancelled because of it")
        .leaves("ROLLBACK_COMPLETE"),
        row("a resource fails once when it is made", || {
            at(Stack::new("app").fails_times(1, On::Create, "Topic", "try again"))
        })
        .ends(1, WHY)
        .leaves("ROLLBACK_COMPLETE")
        .then_works(),
        row("a resource fails when it is changed", || at(Stack::new("app").fails(On::Update, "Queue", "not in this region")))
            .after(TWO)
            .template(CHANGED)
            .ends(1, WHY)
            .says("rolled it back and nothing has changed")
            .leaves("UPDATE_ROLLBACK_COMPLETE"),
        row("a resource fails when it is changed, and again when that is taken back", || {
            at(Stack::new("app").fails(On::Update, "Queue", "no").fails(On::Rollback, "Queue", "it is gone"))
        })
        .after(TWO)
        .template(CHANGED)
        .ends(1, WHY)
        .says("and the way back failed as well")
        .says("on the way back")
        .says("repair app")
        .leaves("UPDATE_ROLLBACK_FAILED")
        .then(REPAIR, 0, ""),
        row("a creation fails, and so does its rollback", || {
            at(Stack::new("app").fails(On::Create, "Topic", "no").fails_times(1, On::Delete, "Queue", "still in use"))
        })
        .ends(1, WHY)
        .says("still in use")
        .leaves("ROLLBACK_FAILED"),
        row("a resource that is removed cannot be deleted: the update stands", || {
            at(Stack::new("app").fails(On::Delete, "Topic", "still in use"))
        })
        .after(TWO)
        .template(WITHOUT_TOPIC),
        row("a resource cannot be deleted with its stack", || {
            at(Stack::new("app").fails_times(1, On::Delete, "Topic", "still in use"))
        })
        .after(TWO)
        .runs(DESTROY)
        .ends(1, "")
        .says("still there: Topic")
        .leaves("DELETE_FAILED")
        .then(DESTROY, 0, ""),
        row("a resource is kept when its stack is deleted (`DELETE_SKIPPED`)", Scripted::new)
            .after(KEPT)
            .template(KEPT)
            .runs(DESTROY)
            .ends(0, "")
            .leaves(None),
        row("a creation fails although a resource would be kept: it is removed all the same", || {
            at(Stack::new("app").fails_times(1, On::Create, "Wait", "no"))
        })
        .template(r#"{"Resources":{"Topic":{"Type":"AWS::SNS::Topic","DeletionPolicy":"Retain"},"Wait":{"Type":"AWS::SQS::Queue"}}}"#)
        .ends(1, WHY)
        .leaves("ROLLBACK_COMPLETE")
        .then_works(),
        row("a resource in a nested stack in a nested stack fails", || {
            let inner = Stack::new("app-Deep").template(TWO).fails(On::Create, "Queue", "limit reached");
            let middle = Stack::new("app-Inner").template(&NESTED.replace("Inner", "Deep")).nested("Deep", inner);
            at(Stack::new("app").nested("Inner", middle))
        })
        .template(NESTED)
        .ends(1, WHY)
        .says("Inner/Deep/Queue (SQS queue) could not be created")
        .leaves("ROLLBACK_COMPLETE"),
        row("the stack fails as a whole", || at(Stack::new("app").fails_as_a_whole("Role arn:aws:iam::1:role/x is invalid or cannot be assumed")))
            .ends(1, WHY)
            .says("its trust policy lacks cloudformation.amazonaws.com")
            .leaves("ROLLBACK_COMPLETE"),
        row("a service names the property that it does not like", || {
            let reason = r#"Resource handler returned message: "1 validation error detected: Value '1000' at 'delaySeconds' failed to satisfy constraint: Member must have value less than or equal to 900 (Service: Sqs, Status Code: 400, Request ID: 1)" (RequestToken: 2, HandlerErrorCode: InvalidRequest)"#;
            at(Stack::new("app").fails(On::Create, "Queue", reason))
        })
        .ends(1, WHY)
        .says("SQS says: 1 validation error detected")
        .says("= at DelaySeconds")
        .leaves("ROLLBACK_COMPLETE"),
        row("CloudFormation's role lacks a permission", || {
            let reason = "User: arn:aws:sts::123456789012:assumed-role/deploy/x is not authorized to perform: sns:CreateTopic on resource: arn:aws:sns:eu-west-1:123456789012:t because no identity-based policy allows the sns:CreateTopic action (Service: Sns, Status Code: 403, Request ID: 1)";
            at(Stack::new("app").fails(On::Create, "Topic", reason))
        })
        .ends(1, WHY)
        .says("lack sns:CreateTopic")
        .says("permissions")
        .leaves("ROLLBACK_COMPLETE"),
        row("an internal failure, of which CloudTrail has the call behind it", || {
            let words = "User: arn:aws:sts::123456789012:assumed-role/deploy/x is not authorized to perform: SNS:CreateTopic on resource: arn:aws:sns:eu-west-1:123456789012:t because no identity-based policy allows the SNS:CreateTopic action";
            at(Stack::new("app").fails(On::Create, "Topic", "Internal Failure"))
                .trail("CreateTopic", "sns.amazonaws.com", "t", "AccessDenied", words)
        })
        .ends(1, WHY)
        .says("CloudTrail: sns.amazonaws.com refused CloudFormation's CreateTopic (AccessDenied): User")
        .says("lack SNS:CreateTopic")
        .leaves("ROLLBACK_COMPLETE")
        .also(|aws, _| {
            let looks = aws.calls("LookupEvents");
            let asked = looks.first().map(|call| String::from_utf8_lossy(&call.body).into_owned()).unwrap_or_default();
            let is_limited = ["StartTime", "EndTime", "LookupAttributes"].iter().all(|words| asked.contains(words));
            if looks.len() == 1 && is_limited { Ok(()) } else { Err(format!("{} looks: {asked}", looks.len())) }
        }),
        row("an internal failure, and CloudTrail may not be read", || at(Stack::new("app").fails(On::Create, "Topic", "Internal Failure")))
            .fault(Fault::error("AccessDeniedException", "not for you").to("cloudtrail"))
            .ends(1, WHY)
            .says("Internal Failure")
            .leaves("ROLLBACK_COMPLETE"),
        row("an internal failure, and CloudTrail does not answer in time", || at(Stack::new("app").fails(On::Create, "Topic", "Internal Failure")))
            .fault(Fault::slow(Duration::from_secs(8)).to("cloudtrail"))
            .ends(1, WHY)
            .says("Internal Failure")
            .leaves("ROLLBACK_COMPLETE"),
        row("a name is taken", || at(Stack::new("app").fails(On::Create, "Topic", "orders already exists")))
            .ends(1, WHY)
            .says("--import-existing")
            .leaves("ROLLBACK_COMPLETE"),
        row("a failure of the past is told again", || at(Stack::new("app").fails(On::Update, "Queue", "limit reached")))
            .after(TWO)
            .template(CHANGED)
            .ends(1, WHY)
            .leaves("UPDATE_ROLLBACK_COMPLETE")
            .then(TELL, 1, "after the fix"),
        row("there is no failure to tell", Scripted::new)
            .after(TWO)
            .runs(TELL)
            .ends(0, "")
            .says("the newest operation on app did not fail")
            .leaves("CREATE_COMPLETE"),
        row("a service is throttled inside of CloudFormation", || {
            at(Stack::new("app").fails_times(1, On::Create, "Topic", "Rate exceeded (Service: Sns, Status Code: 429, Request ID: 1)"))
        })
        .ends(1, WHY)
        .says("the service takes fewer calls a second than this change needs")
        .leaves("ROLLBACK_COMPLETE")
        .then_works(),
    ]
}

fn checks() -> Vec<Scenario> {
    let row = |given: &str, account| Scenario::new("Checks that refuse", given, account);
    vec![
        row("a hook refuses a resource", || {
            at(Stack::new("app").hook_fails("MyOrg::Guard::Encryption", "Topic", "topics must be encrypted"))
        })
        .ends(1, WHY)
        .says("the hook MyOrg::Guard::Encryption says: topics must be encrypted")
        .leaves("ROLLBACK_COMPLETE"),
        row("a hook warns of a resource", || {
            at(Stack::new("app").hook_warns("MyOrg::Guard::Encryption", "Topic", "better encrypted"))
        }),
        row("the early validation refuses a resource", || {
            at(Stack::new("app").validation_fails(
                "Topic",
                "TopicName is too long",
                "/Resources/Topic/Properties/TopicName",
            ))
        })
        .ends(1, "after the fix")
        .says("app was not deployed; nothing was made")
        .says("TopicName is too long")
        .says("src/main.rs:4")
        .says("= at TopicName")
        .leaves(None),
        row("the early validation refuses a change", || {
            at(Stack::new("app").status("CREATE_COMPLETE").template(TWO).validation_fails(
                "Queue",
                "DelaySeconds is too large",
                "/Resources/Queue/Properties/DelaySeconds",
            ))
        })
        .template(CHANGED)
        .ends(1, "to see this again")
        .says("app was not deployed; nothing has changed")
        .says("DelaySeconds is too large")
        .leaves("CREATE_COMPLETE")
        .then(TELL, 1, "after the fix"),
        row("CloudFormation refuses the change set", || {
            at(Stack::new("app").refuses_change_sets("Transform AWS::Serverless-2016-10-31 failed with: no"))
        })
        .ends(1, "")
        .says("Transform AWS::Serverless-2016-10-31 failed")
        .leaves(None),
        row("the stack is protected against deletion", || at(in_status("CREATE_COMPLETE").protected()))
            .runs(DESTROY)
            .ends(1, "")
            .says("termination protection")
            .leaves("CREATE_COMPLETE"),
    ]
}

fn network() -> Vec<Scenario> {
    let part = "The way to AWS";
    let row = |given: &str, account| Scenario::new(part, given, account);
    let mut rows = vec![
        row("every second call is throttled", Scripted::new).fault(Fault::throttling().to("cloudformation").every(2)),
        row("calls are throttled by a bucket of one a second", || Scripted::new().throttle(1.0, 1.0)),
        row("the first calls fail inside AWS (500)", Scripted::new)
            .fault(Fault::error("InternalFailure", "We encountered an internal error").to("cloudformation").times(3)),
        row("answers take two seconds", Scripted::new)
            .fault(Fault::slow(Duration::from_secs(2)).to("cloudformation").times(3)),
    ];
    let creating = [
        "GetCallerIdentity",
        "DescribeStacks",
        "HeadObject",
        "GetBucketLifecycleConfiguration",
        "CreateBucket",
        "PutBucketPolicy",
        "PutObject",
        "CreateChangeSet",
        "DescribeChangeSet",
        "ExecuteChangeSet",
        "DescribeStackEvents",
    ];
    for operation in creating {
        rows.push(
            row(&format!("the connection is cut at the first `{operation}`"), Scripted::new)
                .fault(Fault::cut().on(operation).once()),
        );
    }
    for operation in ["GetTemplate", "DeleteStack"] {
        let cut = row(&format!("the connection is cut at the first `{operation}`"), Scripted::new).after(TWO);
        let cut =
            if operation == "DeleteStack" { cut.runs(DESTROY).ends(0, "").leaves(None) } else { cut.template(CHANGED) };
        rows.push(cut.fault(Fault::cut().on(operation).once()));
    }
    for operation in ["CreateChangeSet", "ExecuteChangeSet", "CreateBucket", "PutObject"] {
        rows.push(
            row(&format!("the answer to `{operation}` is lost"), Scripted::new)
                .fault(Fault::lost_answer().on(operation).once()),
        );
    }
    rows.push(
        row("the answer to `DeleteStack` is lost", Scripted::new)
            .after(TWO)
            .runs(DESTROY)
            .fault(Fault::lost_answer().on("DeleteStack").once())
            .ends(0, "")
            .leaves(None),
    );
    rows
}

fn credentials() -> Vec<Scenario> {
    let row = |given: &str, account| Scenario::new("Credentials and clocks", given, account);
    vec![
        row("the credentials have expired", Scripted::new)
            .fault(Fault::expired())
            .ends(1, "these are over")
            .leaves(None)
            .then_works(),
        row("the credentials expire before the change set is made", Scripted::new)
            .fault(Fault::expired().on("CreateChangeSet"))
            .ends(1, "these are over")
            .leaves(None)
            .then_works(),
        row("the credentials expire before the change set is executed", Scripted::new)
            .fault(Fault::expired().on("ExecuteChangeSet"))
            .ends(1, "these are over")
            .leaves("REVIEW_IN_PROGRESS")
            .then_works(),
        row("the credentials expire while the stack is made: the stack goes on", || Scripted::new().pace(1))
            .fault(Fault::expired().to("cloudformation").after(7))
            .ends(1, "run the command again")
            .leaves("CREATE_IN_PROGRESS")
            .then_works(),
        row("this machine's clock is ten minutes slow", || Scripted::new().clock_ahead(600))
            .ends(1, "set this machine's clock")
            .leaves(None),
        row("this machine's clock is ten minutes fast", || Scripted::new().clock_ahead(-600))
            .ends(1, "set this machine's clock")
            .leaves(None),
        row("this machine's clock is two minutes slow", || Scripted::new().clock_ahead(120)),
        row("the events may not be read: the end is seen all the same", Scripted::new)
            .fault(Fault::error("AccessDenied", "User: arn:aws:iam::123456789012:user/someone is not authorized to perform: cloudformation:DescribeStackEvents").on("DescribeStackEvents"))
            .says("the events cannot be read"),
        row("a call of the deployment is not allowed", Scripted::new)
            .fault(Fault::error("AccessDenied", "User: arn:aws:iam::123456789012:user/someone is not authorized to perform: cloudformation:CreateChangeSet on resource: arn:aws:cloudformation:eu-west-1:123456789012:stack/app/* because no identity-based policy allows the cloudformation:CreateChangeSet action").on("CreateChangeSet"))
            .ends(1, "permissions")
            .says("cloudformation:CreateChangeSet")
            .leaves(None)
            .then_works(),
    ]
}

fn buckets() -> Vec<Scenario> {
    let row = |given: &str, account| Scenario::new("The bucket for assets", given, account);
    vec![
        row("it does not exist", Scripted::new).also(|aws, _| {
            let made = aws.inventory().contains("BucketLifecycleConfiguration");
            if made { Ok(()) } else { Err("the bucket was not set up".to_owned()) }
        }),
        row("it was deleted after the last deployment", Scripted::new)
            .after(TWO)
            .template(CHANGED)
            .meanwhile(|aws| aws.delete_bucket(BUCKET)),
        row("it belongs to another account", || Scripted::new().bucket(BUCKET, "210987654321"))
            .ends(1, "")
            .says(BUCKET)
            .leaves(None),
        row("it is there, and its set-up was cut short", || Scripted::new().bucket(BUCKET, ACCOUNT)),
    ]
}

fn others() -> Vec<Scenario> {
    let row = |given: &str, account| Scenario::new("Others at the same stack", given, account);
    vec![
        row("somebody else is updating it", || at(in_status("UPDATE_IN_PROGRESS")))
            .ends(1, "wait for its end and try again")
            .leaves("UPDATE_IN_PROGRESS"),
        row("somebody else's update is being cleaned up", || at(in_status("CREATE_COMPLETE")))
            .fault(Fault::someone_begins_to_update("app").on("DescribeStacks"))
            .leaves("UPDATE_COMPLETE"),
        row("somebody updates it between the plan and its execution", || at(in_status("CREATE_COMPLETE")))
            .fault(Fault::someone_updates("app").on("ExecuteChangeSet"))
            .ends(1, "")
            .leaves("UPDATE_COMPLETE")
            .then_works(),
        row("it is deleted between the plan and its execution", || at(in_status("CREATE_COMPLETE")))
            .fault(Fault::someone_deletes("app").on("ExecuteChangeSet"))
            .ends(1, "")
            .leaves(None)
            .then_works(),
        row("it is deleted while it is deployed", || Scripted::new().pace(1))
            .fault(Fault::someone_deletes("app").on("DescribeStackEvents").after(2))
            .ends(1, WHY)
            .says("the stack was deleted")
            .leaves(None)
            .then_works(),
        row("somebody updates it right after our last event", || Scripted::new().pace(100))
            .fault(Fault::someone_updates("app").on("DescribeStackEvents").after(1))
            .leaves("CREATE_COMPLETE"),
    ]
}

fn nothing() -> Vec<Scenario> {
    let row = |given: &str, account| Scenario::new("Nothing to do", given, account);
    vec![
        row("the stack is as it should be", Scripted::new)
            .after(TWO)
            .ends(0, "app is as it should be: nothing to do")
            .leaves("CREATE_COMPLETE")
            .also(|aws, _| {
                let asked = aws.operations().iter().any(|name| name == "CreateChangeSet");
                if asked { Err("a change set was made".to_owned()) } else { Ok(()) }
            }),
        row("CloudFormation finds no changes", || at(in_status("UPDATE_ROLLBACK_COMPLETE").never_changes()))
            .ends(0, "app is as it should be: nothing to do")
            .leaves("UPDATE_ROLLBACK_COMPLETE")
            .also(|aws, _| {
                let left = aws.inventory().contains("change set");
                if left { Err("a change set is left".to_owned()) } else { Ok(()) }
            }),
        row("the stack to be deleted is not there", Scripted::new).runs(DESTROY).ends(0, "").leaves(None),
    ]
}

fn answers() -> Vec<Scenario> {
    let row = |given: &str, account| Scenario::new("What CloudFormation tells", given, account);
    vec![
        row("its descriptions lag behind by some calls", || at(Stack::new("app").stale(3))),
        row("more than a hundred events at a look", || Scripted::new().pace(1000)).template(many()),
        row("five hundred events of the past", || at(in_status("CREATE_COMPLETE").older_events(500)))
            .leaves("UPDATE_COMPLETE")
            .also(|aws, _| {
                let looks = aws.calls("DescribeStackEvents").len();
                if looks <= 8 { Ok(()) } else { Err(format!("{looks} looks at the events")) }
            }),
        row("no `DescribeEvents` in this region", || {
            at(Stack::new("app").fails_as_a_whole("no idea")).without_describe_events()
        })
        .ends(1, WHY)
        .says("no idea")
        .leaves("ROLLBACK_COMPLETE"),
        row("CloudFormation gives no reason", || at(Stack::new("app").fails(On::Create, "Topic", "")))
            .ends(1, WHY)
            .says("Topic (SNS topic) could not be created")
            .leaves("ROLLBACK_COMPLETE"),
    ]
}

/// Sixty queues: more than a hundred events.
fn many() -> &'static str {
    static MANY: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let queues: Vec<String> = (0..60).map(|index| format!(r#""Q{index}":{{"Type":"AWS::SQS::Queue"}}"#)).collect();
        format!(r#"{{"Resources":{{{}}}}}"#, queues.join(","))
    });
    &MANY
}
