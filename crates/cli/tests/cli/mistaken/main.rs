//! A program with one mistake, chosen by its argument: what people do wrong, done to a real Skysmith app.

// A rule as an app brings it along.
#[path = "../../../../../apps/object-counter/src/bucket_digits.rs"]
mod bucket_digits;

use std::io::Write as _;
use std::process::ExitCode;

use skysmith::prelude::*;
use skysmith::{NestedStack, Resource, RuleId, dynamodb, lambda, s3};

fn main() -> ExitCode {
    let mistake = std::env::args().nth(1).unwrap_or_default();
    match mistake.as_str() {
        "panic" => panic!("no bucket"),
        "nothing" => return ExitCode::SUCCESS,
        "three" => return ExitCode::from(3),
        _ => {}
    }
    App::run(|app| {
        let stack = Stack::new(app, "mistaken");
        let table = |id: &str| dynamodb::Table::new(&stack, id, dynamodb::Key::string("id"));
        let function = |folder: &str| {
            lambda::Function::builder(&stack, "F", lambda::Runtime::PYTHON_3_13, lambda::Code::directory(folder))
                .handler("f.handler")
                .build();
        };
        match mistake.as_str() {
            "panic-inside" => panic!("no bucket"),
            "duplicate-id" => {
                table("Table");
                table("Table");
            }
            "raw-type" => {
                let queue = Resource::new(&stack, "Queue", "AWS::SQS::Queue");
                queue.set("DelaySeconds", "soon");
                queue.set("VisibilityTimout", 3);
                table("Table");
            }
            "allowed" => {
                let inside = NestedStack::new(&stack, "Inside");
                let topic = Resource::new(&inside, "Topic", "AWS::SNS::Topic");
                topic.set("DisplayNam", "x");
                topic.allow(RuleId::UnknownProperty, "it is in a preview");
            }
            "bucket-digits" => {
                let objects = s3::Bucket::builder(&stack, "Objects");
                let objects = objects.bucket_name("rtf2bucket");
                objects.build();
                app.add_aspect(bucket_digits::BucketDigits);
            }
            "function" => function("function"),
            "prints" => {
                println!("thinking");
                std::io::stderr().write_all(b"still thinking\n")?;
                table("Table");
            }
            "many-resources" => {
                for index in 0..501 {
                    Resource::new(&stack, &format!("Topic{index}"), "AWS::SNS::Topic");
                }
            }
            "large" => {
                let count = std::env::args().nth(2).and_then(|count| count.parse().ok()).unwrap_or(0);
                for index in 0..count {
                    let topic = Resource::new(&stack, &format!("Topic{index}"), "AWS::SNS::Topic");
                    topic.set_metadata("Notes", "x".repeat(4000));
                }
            }
            // Which run it was can be seen in the template.
            "run" => {
                let count = std::env::args().nth(2).unwrap_or_default();
                stack.output("Run", count);
                function("function");
            }
            _ => {
                table("Table");
            }
        }
        Ok(())
    })
}
