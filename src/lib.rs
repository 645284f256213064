//! Skysmith: infrastructure as code for AWS in Rust.
//!
//! A program makes typed constructs; Skysmith turns them into CloudFormation templates, checks them, and the `skysmith`
//! command shows what would change, deploys it and takes it down again.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use skysmith::prelude::*;
//! use skysmith::{apigateway, dynamodb, lambda, s3, sns};
//!
//! struct Counter {
//!     table: dynamodb::Table,
//!     handler: lambda::Function,
//! }
//!
//! impl Counter {
//!     fn new(scope: &Scope, id: &str) -> Self {
//!         let scope = scope.child(id);
//!         let table = dynamodb::Table::builder(&scope, "Table", dynamodb::Key::string("bucket"))
//!             .sort_key(dynamodb::Key::string("object"))
//!             .build();
//!         let code = lambda::Code::directory("functions/count");
//!         let handler = lambda::Function::builder(&scope, "Handler", lambda::Runtime::PYTHON_3_13, code)
//!             .handler("count.handler")
//!             .memory(mib!(256))
//!             .env("TABLE_NAME", table.name())
//!             .build();
//!         table.grant_read_write(&handler);
//!         Self { table, handler }
//!     }
//! }
//!
//! fn main() -> ExitCode {
//!     App::run(|app| {
//!         let stack = Stack::new(app, "object-counter");
//!         let counter = Counter::new(&stack, "Counter");
//!         let changes = sns::Topic::new(&stack, "Changes");
//!         let bucket = s3::Bucket::builder(&stack, "Objects").versioned().build();
//!         bucket.on_object_created(&changes);
//!         changes.subscribe(&counter.handler);
//!         let api = apigateway::RestApi::new(&stack, "Api");
//!         let count = api.root().resource("count");
//!         count.get(&counter.handler);
//!         stack.output("Url", count.url());
//!         Ok(())
//!     })
//! }
//! ```
//!
//! # How it is laid out
//!
//! One module per service holds the constructs, with secure defaults and least-privilege grants. Each construct leads to its
//! [typed CloudFormation resource](cfn) by `cfn()`, and that to [`Resource`], on which everything can be set, so that nothing is
//! out of reach. The tree itself, values and synthesis are in `skysmith-core` and re-exported here.
//!
//! # Services without constructs
//!
//! Every resource type of the services below is there as a typed resource, and works together with constructs:
//!
//! ```
//! use skysmith::cfn::cloudwatch::{CfnAlarm, alarm};
//! use skysmith::prelude::*;
//! use skysmith::sns;
//!
//! let app = App::new();
//! let stack = Stack::new(&app, "watch");
//! let mail = sns::Topic::new(&stack, "Mail");
//! CfnAlarm::new(&stack, "Errors")
//!     .namespace("AWS/Lambda")
//!     .metric_name("Errors")
//!     .statistic(alarm::Statistic::Sum)
//!     .period(300)
//!     .evaluation_periods(1)
//!     .threshold(0.0)
//!     .comparison_operator(alarm::ComparisonOperator::GreaterThanThreshold)
//!     .alarm_actions([mail.arn()]);
//! assert!(!skysmith::synthesize(&app).has_errors());
//! ```
//!
//! A program compiles the services it names, each a feature of this crate, and those that the constructs stand on, which are
//! always there:
//!
//! ```toml
//! skysmith = { version = "0.1", features = ["cloudwatch", "stepfunctions"] }
//! ```
//!
//! | always | `apigateway`, `dynamodb`, `iam`, `lambda`, `logs`, `s3`, `sns` |
//! |---|---|
//! | by feature | `apigatewayv2`, `appsync`, `certificatemanager`, `cloudformation`, `cloudfront`, `cloudwatch`, `cognito`, `ec2`, `ecr`, `ecs`, `elasticloadbalancingv2`, `events`, `kinesis`, `kms`, `pipes`, `route53`, `scheduler`, `secretsmanager`, `sqs`, `ssm`, `stepfunctions`, `wafv2` |
//!
//! Any other resource type is made with [`Resource::new`], and checked against the same tables.
//!
//! This crate has no network and no AWS SDK. What reaches AWS is the `skysmith` command, which runs the program and takes
//! over the assembly that it leaves.

pub mod apigateway;
mod app;
pub mod dynamodb;
pub mod iam;
pub mod lambda;
pub mod logs;
pub mod prelude;
pub mod s3;
pub mod sns;

pub use app::{App, Error, synthesize};
pub use skysmith_cfn as cfn;
pub use skysmith_core::{
    Arn, ArnError, Aspect, AssetError, CfnResource, Choice, Condition, CrossStackReferences, Diagnostic,
    DirectoryAsset, Draft, Given, Id, IntoList, IntoMap, IntoValue, Json, List, Literal, MapOf, Mapping, Name,
    NestedStack, Node, Output, Param, Parameter, ParameterBuilder, Params, ParamsError, Place, PropertyMap,
    PropertyValue, RemovalPolicy, Resource, Rule, Scope, Severity, Stack, StackBuilder, Stage, StageBuilder, Synthesis,
    SynthesizedStack, Test, Text, Value, pseudo, text,
};
pub use skysmith_validate::RuleId;
