//! Counts how often each object of a bucket is created and removed, and serves the counts over HTTP.
//!
//! ```text
//! bucket ──created, removed──▶ topic ──▶ function (count) ──▶ table
//! GET /prod/count ──▶ REST API ──▶ function (report) ──▶ table
//! ```

mod bucket_digits;

use std::process::ExitCode;
use std::time::Duration;

use skysmith::prelude::*;
use skysmith::{apigateway, dynamodb, iam, lambda, s3, sns};

use bucket_digits::BucketDigits;

fn main() -> ExitCode {
    App::run(|app| {
        let params = app.params();
        let names = ["Prefix", "BucketName", "ApiGatewayName", "DBTableName", "SNSTopicName"];
        let [prefix, bucket, api, table, topic] = params.require(names)?;
        let named = |name: &str| format!("{prefix}{name}");

        let stack = Stack::builder(app, "object-counter")
            .description("Counts how often each object of a bucket is created and removed")
            .build();

        let counter = Counter::new(&stack, "Counter", &named(&table));

        let changes =
            sns::Topic::builder(&stack, "Changes").topic_name(named(&topic)).display_name("Object changes").build();
        changes.subscribe(&counter.count);
        if params.flag("OpenTopic", false)? {
            changes
                .add_to_policy(iam::Statement::allow(["sns:Publish", "sns:Subscribe"]).principal(iam::Principal::Any));
        }

        // Emptied and deleted with the stack: this is an application to try out, and trying it leaves nothing behind.
        let objects = s3::Bucket::builder(&stack, "Objects")
            .bucket_name(named(&bucket))
            .versioned()
            .cors(s3::CorsRule::new([s3::HttpMethod::Get], ["*"]))
            .empty_on_delete()
            .build();
        objects.on_object_created(&changes);
        objects.on_object_removed(&changes);

        let api = apigateway::RestApi::builder(&stack, "Api").rest_api_name(named(&api)).build();
        let count = api.root().resource("count");
        count.get(&counter.report);

        stack.output("Url", count.url()).description("The counts, as JSON");
        app.add_aspect(BucketDigits);
        Ok(())
    })
}

/// The table of counts with the two functions that write and read it.
struct Counter {
    count: lambda::Function,
    report: lambda::Function,
}

impl Counter {
    fn new(scope: &Scope, id: &str, table_name: &str) -> Self {
        let scope = scope.child(id);
        let table = dynamodb::Table::builder(&scope, "Table", dynamodb::Key::string("bucket"))
            .sort_key(dynamodb::Key::string("object"))
            .table_name(table_name)
            .stream(dynamodb::StreamView::NewImage)
            .time_to_live("expires")
            .removal_policy(RemovalPolicy::Destroy)
            .build();
        let function = |id: &str, folder: &str, handler: &str| {
            lambda::Function::builder(&scope, id, lambda::Runtime::PYTHON_3_13, lambda::Code::directory(folder))
                .handler(handler)
                .memory(mib!(256))
                .timeout(Duration::from_secs(25))
                .env("TABLE_NAME", table.name())
                .log_removal_policy(RemovalPolicy::Destroy)
                .build()
        };
        let count = function("Count", "functions/count", "count.handler");
        let report = function("Report", "functions/report", "report.handler");
        table.grant(&count, ["dynamodb:PutItem", "dynamodb:UpdateItem"]);
        table.grant(&report, ["dynamodb:Scan"]);
        Self { count, report }
    }
}
