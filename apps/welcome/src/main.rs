//! A web page whose text lives in a table, once per environment.
//!
//! ```text
//! GET /<environment>/welcome ──▶ REST API ──▶ function ──▶ table (item {message: "welcome", value: "Hello world"})
//! ```

use std::process::ExitCode;
use std::time::Duration;

use skysmith::prelude::*;
use skysmith::{apigateway, dynamodb, lambda};

fn main() -> ExitCode {
    App::run(|app| {
        for environment in app.params().list("environments")? {
            let welcome = Welcome::new(app, &environment);
            welcome.stack.output("Url", welcome.page.url()).description("The page");
        }
        Ok(())
    })
}

/// The page of one environment: a stack of its own, so that each is deployed and destroyed without the others.
struct Welcome {
    stack: Stack,
    page: apigateway::Path,
}

impl Welcome {
    fn new(scope: &Scope, environment: &str) -> Self {
        // All environments may share an account and a region, where names have to differ.
        let name = format!("welcome-{environment}");
        let stack = Stack::builder(scope, &name).description("A web page whose text lives in a table").build();

        // Deleted with the stack, as the log group below: removing an environment leaves nothing of it behind.
        let messages = dynamodb::Table::builder(&stack, "Messages", dynamodb::Key::string("message"))
            .table_name(&name)
            .billing(dynamodb::Billing::Provisioned { read: 10, write: 5 })
            .removal_policy(RemovalPolicy::Destroy)
            .build();

        let code = lambda::Code::directory("functions/welcome");
        let function = lambda::Function::builder(&stack, "Welcome", lambda::Runtime::PYTHON_3_13, code)
            .function_name(&name)
            .handler("welcome.handler")
            .memory(mib!(256))
            .timeout(Duration::from_secs(10))
            .env("TABLE_NAME", messages.name())
            .log_removal_policy(RemovalPolicy::Destroy)
            .build();
        messages.grant(&function, ["dynamodb:GetItem"]);

        let api = apigateway::RestApi::builder(&stack, "Api").rest_api_name(&name).stage(environment).build();
        let page = api.root().resource("welcome");
        // Any method and not GET alone: the function says 405, where API Gateway would say 403, as if a token were missing.
        page.any(&function);

        Self { stack, page }
    }
}
