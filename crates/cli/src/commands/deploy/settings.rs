//! What flags, skysmith.toml and the folder say about how to deploy: the settings and the tags of a run's stacks.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use skysmith_deploy::{RollbackAlarms, Settings, Wanted};

use crate::cli::Deploy;
use crate::config::{App, StackTag};
use crate::error::Failure;
use crate::session::Session;

/// CloudFormation's limit.
const MOST_ALARMS: usize = 5;

/// Finds out before anything is called that the flags do not go with the environment, or with each other beyond what clap can tell.
pub fn check(session: &Session, flags: &Deploy) -> Result<(), Failure> {
    let environment = session.environment();
    let how = &flags.how;
    if how.direct && environment.deployment.protect {
        let name = session.globals.environment.as_deref().unwrap_or_default();
        return Err(Failure::usage(format!("`{name}` is protected, and --direct is for development"))
            .hint("leave --direct out: a change set shows what would be lost"));
    }
    if how.rollback_alarms.len() > MOST_ALARMS {
        return Err(Failure::usage(format!("--rollback-alarm can be given at most {MOST_ALARMS} times")));
    }
    Ok(())
}

/// What skysmith.toml says about the environment.
pub fn of_environment(session: &Session) -> Settings {
    let configured = &session.environment().deployment;
    let alarms = RollbackAlarms { alarms: configured.rollback_alarms.clone(), minutes: configured.rollback_minutes };
    Settings {
        service_role: configured.service_role.clone(),
        notification_arns: configured.notification_arns.clone(),
        rollback_alarms: (!alarms.alarms.is_empty()).then_some(alarms),
        protect: configured.protect,
        ..Settings::default()
    }
}

/// The same settings for all stacks of a run.
pub fn of(session: &Session, flags: &Deploy) -> Settings {
    let how = &flags.how;
    let configured = of_environment(session);
    let minutes = session.environment().deployment.rollback_minutes;
    let alarms = RollbackAlarms { alarms: how.rollback_alarms.clone(), minutes };
    let change_set_name = how.no_execute.then(|| {
        how.change_set_name.clone().unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
            format!("plan-{now}")
        })
    });
    Settings {
        service_role: how.service_role.clone().or(configured.service_role),
        rollback_alarms: if alarms.alarms.is_empty() { configured.rollback_alarms } else { Some(alarms) },
        express: how.express,
        import_existing: how.import_existing,
        direct: how.direct,
        change_set_name,
        revision: revision(session),
        notification_arns: configured.notification_arns,
        protect: configured.protect,
    }
}

/// Gives the stack the tags of skysmith.toml, and those that say what it belongs to; the app's own win.
pub fn tag(session: &Session, wanted: &mut Wanted) {
    let config = &session.project.config;
    let mut tags: BTreeMap<String, String> = config.tags.clone();
    // Without a skysmith.toml the folder is another tool's, which would take them off again.
    if session.project.has_file {
        for tag in &config.stack_tags {
            let value = match tag {
                StackTag::Application => match &config.app {
                    Some(App::Package { package, .. }) => Some(package.clone()),
                    _ => None,
                },
                StackTag::Environment => session.globals.environment.clone(),
                StackTag::Revision => revision(session),
            };
            tags.extend(value.map(|value| (tag.key().to_owned(), value)));
        }
    }
    tags.append(&mut wanted.tags);
    wanted.tags = tags;
}

/// The commit that the project's folder is at; `None` where there is none, or no git.
fn revision(session: &Session) -> Option<String> {
    let mut git = Command::new("git");
    git.args(["rev-parse", "--short=12", "HEAD"]).current_dir(&session.project.root).stdin(Stdio::null());
    let output = git.stderr(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()) && !text.is_empty())
}
