//! `skysmith bootstrap`: makes the bucket for assets, and roles to deploy with, ahead of time.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use skysmith_assembly::Environment;
use skysmith_deploy::permissions::{self, MANAGED_POLICY_LIMIT, Place, Policy, Use};
use skysmith_deploy::{BOOTSTRAP_TEMPLATE, Bootstrap, BootstrapOptions, Event, Observer};

use super::deploy;
use crate::aws::Aws;
use crate::cli;
use crate::error::{Done, Failure};
use crate::hints::worded;
use crate::output::outputs;
use crate::output::{Ui, style};
use crate::select;
use crate::session::Session;

/// Managed policies that a role takes, unless AWS allows more.
const MOST_POLICIES: usize = 10;

/// Bootstraps one environment after the other.
pub fn run(session: &Session, flags: &cli::Bootstrap) -> Result<Done, Failure> {
    let ui = &session.ui;
    let mut options = options(flags)?;
    if flags.show_template {
        ui.result(BOOTSTRAP_TEMPLATE)?;
        return Ok(Done::Ok);
    }
    if flags.for_app {
        rights_of_app(session, &mut options)?;
    }
    let environments = flags
        .environments
        .iter()
        .map(|text| text.parse::<Environment>().map_err(|error| Failure::usage(error.to_string())))
        .collect::<Result<Vec<_>, _>>()?;
    let asks = !flags.yes && !session.globals.local;
    if asks && !ui.can_ask() {
        return Err(Failure::failed("a bootstrap asks before it changes anything, and there is no terminal to ask on")
            .hint("pass --yes"));
    }
    ui.use_json_lines();
    let aws = Aws::connect(session)?;
    let mut places = Vec::new();
    for environment in &environments {
        places.push(place(&aws, environment)?);
    }
    if places.is_empty() {
        places.push(aws.session.clone());
    }
    for place in places {
        let one = One { session, flags, aws: &aws, options: &options, place, asks };
        let done = if flags.destroy { one.destroy() } else { one.make() }?;
        if done == Done::Negative {
            return Ok(done);
        }
    }
    Ok(Done::Ok)
}

fn options(flags: &cli::Bootstrap) -> Result<BootstrapOptions, Failure> {
    if let Some(account) = flags.trust.iter().find(|text| text.len() != 12 || !text.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(Failure::usage(format!("`{account}` is no account: twelve digits")));
    }
    if let Some(policy) = flags.execution_policies.iter().find(|text| !text.starts_with("arn:") || text.contains(',')) {
        return Err(Failure::usage(format!("`{policy}` is not the ARN of a policy"))
            .hint("such as arn:aws:iam::aws:policy/PowerUserAccess"));
    }
    if let Some(qualifier) = flags.qualifier.as_deref().filter(|text| !super::gc::is_qualifier(text)) {
        return Err(Failure::usage(format!("`{qualifier}` is no qualifier: up to 10 small letters and digits")));
    }
    // Whoever is let in from outside gets the rights that are named, and not those that a default would choose.
    if !flags.trust.is_empty() && flags.execution_policies.is_empty() && !flags.for_app {
        return Err(Failure::usage("--trust needs --execution-policy or --for-app: what may be done with the trust"));
    }
    let mut options = BootstrapOptions::default();
    options.qualifier.clone_from(&flags.qualifier);
    options.trust.clone_from(&flags.trust);
    options.execution_policies.clone_from(&flags.execution_policies);
    Ok(options)
}

/// What CloudFormation, and whoever deploys, need for the app's stacks, in pieces that IAM takes.
fn rights_of_app(session: &Session, options: &mut BootstrapOptions) -> Result<(), Failure> {
    let loaded = session.load()?;
    let stacks = select::named(&loaded.stacks, &[])?;
    let wanted = deploy::wanted::read(session, &loaded.stacks, &stacks, &[])?;
    let uses = BTreeSet::from([Use::Deploy, Use::Repair, Use::Destroy]);
    let place = Place::new(None, session.account().as_deref());
    let pieces = |policy: Policy| {
        let pieces = policy.split(MANAGED_POLICY_LIMIT);
        if pieces.len() > MOST_POLICIES {
            let needed = pieces.len();
            return Err(Failure::failed(format!(
                "the app's stacks need {needed} policies, and a role takes {MOST_POLICIES}"
            ))
            .hint("name one with --execution-policy"));
        }
        Ok(pieces)
    };
    options.policies = pieces(permissions::execution_role(&wanted, &place, &uses).0)?;
    options.deploy_policies = pieces(permissions::beside_cloudformation(&wanted, &place, &uses))?;
    Ok(())
}

/// The session for an environment, which must be of the account that the credentials belong to.
fn place(aws: &Aws, environment: &Environment) -> Result<skysmith_deploy::Session, Failure> {
    let found = &aws.session.identity().account;
    match &environment.account {
        Some(account) if account != found && aws.local.is_none() => {
            Err(Failure::failed(format!("{environment} is another account than the credentials belong to, {found}"))
                .hint("choose other credentials with --profile"))
        }
        _ => Ok(aws.session.in_region(environment.region.as_deref().unwrap_or(aws.session.region()))),
    }
}

struct One<'a> {
    session: &'a Session,
    flags: &'a cli::Bootstrap,
    aws: &'a Aws,
    options: &'a BootstrapOptions,
    place: skysmith_deploy::Session,
    asks: bool,
}

impl One<'_> {
    fn make(&self) -> Result<Done, Failure> {
        let ui = &self.session.ui;
        let fail = |error| worded(self.session, error);
        let observer = Told(Arc::clone(ui));
        let planned = self.aws.run(self.place.bootstrap(self.options, &observer)).map_err(fail)?;
        let wanted = match planned {
            Bootstrap::Stack { wanted, left } => {
                if let Some(bucket) = left {
                    ui.say(&format!("{bucket} is there already: it stays outside of the stack\n"));
                }
                wanted
            }
            Bootstrap::OnlyBucket { bucket } => {
                ui.say(&format!("{} {bucket} is there already, and as it should be\n", style::paint(style::GOOD, "✓")));
                ui.say("  --for-app or --execution-policy ARN makes roles to deploy with as well\n");
                return self.report(&bucket, None).map(|()| Done::Ok);
            }
            other => return Err(Failure::failed(format!("this is not known here: {other:?}"))),
        };
        let Some(deployed) = deploy::one(self.session, self.aws, &wanted, self.asks)? else {
            return Ok(Done::Negative);
        };
        let bucket = self.aws.run(self.place.check_bucket(&observer)).map_err(fail)?;
        let role =
            |name: &str| deployed.outputs.iter().find(|output| output.name == name).map(|output| output.value.clone());
        if !ui.is_json() {
            ui.result(&outputs::text(
                &[(wanted.stack.display_name.clone(), super::outputs::shown(self.aws, deployed.outputs.clone()))]
                    .into(),
            ))?;
        }
        let roles = role("DeployRoleArn").zip(role("ExecutionRoleArn"));
        if let Some((deploy, execution)) = &roles {
            let environment = self.session.globals.environment.as_deref().unwrap_or("NAME");
            ui.say(&format!(
                "\n  to deploy with them:\n    skysmith deploy --role-arn {deploy} --service-role {execution}\n  \
                 or in skysmith.toml, for `skysmith --env {environment} deploy`:\n    [environments.{environment}]\n    \
                 role_arn = \"{deploy}\"\n    service_role = \"{execution}\"\n",
            ));
        }
        self.report(&bucket, roles).map(|()| Done::Ok)
    }

    fn destroy(&self) -> Result<Done, Failure> {
        let ui = &self.session.ui;
        let name = self.options.stack_name();
        let place = self.place.environment();
        let question =
            format!("Remove {name} and its roles from {place}? What is deployed stays, and so does the bucket.");
        if self.asks && !super::confirmed(ui, &question)? {
            ui.say("nothing was changed\n");
            return Ok(Done::Negative);
        }
        let observer = Told(Arc::clone(ui));
        let was_there = self.aws.run(self.place.remove_bootstrap(self.options, &observer));
        let was_there = was_there.map_err(|error| worded(self.session, error))?;
        if was_there {
            ui.say(&format!("{} {name} is gone from {place}; the bucket stays\n", style::paint(style::GOOD, "✓")));
        } else {
            ui.say(&format!("there is no {name} in {place}: nothing to remove\n"));
        }
        if ui.is_json() {
            ui.json_line(&json!({ "event": if was_there { "destroyed" } else { "absent" }, "stack": name, "environment": place.to_string() }))?;
        }
        Ok(Done::Ok)
    }

    fn report(&self, bucket: &str, roles: Option<(String, String)>) -> Result<(), Failure> {
        if !self.session.ui.is_json() {
            return Ok(());
        }
        let (deploy, execution) = roles.unzip();
        self.session.ui.json_line(&json!({
            "event": "bootstrapped",
            "environment": self.place.environment().to_string(),
            "bucket": bucket,
            "deploy_role_arn": deploy,
            "execution_role_arn": execution,
            "trust": self.flags.trust,
        }))
    }
}

struct Told(Arc<Ui>);

impl Observer for Told {
    fn event(&self, event: Event) {
        match event {
            Event::MakingBucket { bucket } => self.0.say(&format!("  making the bucket for assets, {bucket}\n")),
            Event::Warning { message, .. } => self.0.warn(&message),
            _ => {}
        }
    }
}
