//! `skysmith gc`: shows the assets that nothing uses any more, asks, removes them.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use skysmith_deploy::{AssetFate, Event, GcOptions, GcPlan, KEPT_TEMPLATES, Observer, Stored};

use crate::aws::Aws;
use crate::cli::Gc;
use crate::error::{Done, Failure};
use crate::hints::worded;
use crate::output::diagnostics::plural;
use crate::output::{Ui, style, table, words};
use crate::session::Session;

/// Lines that are shown of what goes, unless all are asked for.
const SHOWN: usize = 20;
const DAY: u64 = 86_400;

/// Finds what can go, shows it, asks, removes it.
pub fn run(session: &Session, flags: &Gc) -> Result<Done, Failure> {
    let ui = &session.ui;
    let asks = !(flags.yes || flags.dry_run);
    if asks && !ui.can_ask() {
        return Err(Failure::failed("a clean-up asks before it removes anything, and there is no terminal to ask on")
            .hint("pass --yes, or --dry-run to see what would go"));
    }
    if let Some(qualifier) = flags.cdk_qualifier.as_deref().filter(|qualifier| !is_qualifier(qualifier)) {
        return Err(Failure::usage(format!("`{qualifier}` is no qualifier: up to 10 small letters and digits")));
    }
    let aws = Aws::connect(session)?;
    let fail = |error| worded(session, error);
    let mut options = GcOptions::default();
    options.older_than = Duration::from_secs(u64::from(flags.older_than) * DAY);
    options.cdk_qualifier.clone_from(&flags.cdk_qualifier);
    let observer = Told(Arc::clone(ui));
    let plan = aws.run(aws.session.plan_gc(&options, &observer)).map_err(fail)?;
    show(session, flags, &aws, &plan, asks);
    let count = plan.removed().count();
    let removes = count > 0 && !flags.dry_run;
    if removes {
        if asks && !super::confirmed(ui, &format!("Remove {}?", plural(count, "asset")))? {
            ui.say("nothing was removed\n");
            return Ok(Done::Negative);
        }
        aws.run(aws.session.collect(&plan, &observer)).map_err(fail)?;
    }
    if ui.is_json() {
        ui.json(&document(&plan, removes))?;
    } else if removes {
        ui.say(&format!("{} {} removed\n", style::paint(style::GOOD, "✓"), plural(count, "asset")));
    }
    Ok(Done::Ok)
}

/// Whether this can be a qualifier of a bootstrap.
pub fn is_qualifier(text: &str) -> bool {
    (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn show(session: &Session, flags: &Gc, aws: &Aws, plan: &GcPlan, asks: bool) {
    let ui = &session.ui;
    // Nobody is asked about what they have not seen, however little they want to see.
    let tell = |text: &str| if asks { ui.error(text) } else { ui.say(text) };
    let place = if session.globals.local {
        format!("local AWS · {}", aws.session.region())
    } else {
        format!("{} / {}", aws.session.identity().account, aws.session.region())
    };
    if plan.places.is_empty() {
        tell(&format!("{place}: there is no bucket for assets, so there is nothing to remove\n"));
        return;
    }
    tell(&format!("{} · {place}\n\n", style::paint(style::STRONG, &plan.places.join(", "))));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let mut going: Vec<&Stored> = plan.removed().collect();
    going.sort_by_key(|one| std::cmp::Reverse(one.bytes));
    let shown = if ui.is_verbose() { going.len() } else { SHOWN };
    let row = |one: &&Stored| {
        let age = now.saturating_sub(u64::try_from(one.sent).unwrap_or(0)) / DAY;
        vec![
            "-".to_owned(),
            name(one),
            words::size(one.bytes),
            format!("{} old", plural(usize::try_from(age).unwrap_or(0), "day")),
        ]
    };
    tell(&table::columns(&going.iter().take(shown).map(row).collect::<Vec<_>>()));
    if going.len() > shown {
        tell(&format!("  and {} smaller ones; -v shows all\n", going.len() - shown));
    }
    if !going.is_empty() {
        tell("\n");
    }
    let counts = plan.counts();
    let count = |fate: AssetFate| counts.get(&fate).copied().unwrap_or_default();
    let mut kept = Vec::new();
    for (fate, what) in [
        (AssetFate::InUse, "in use".to_owned()),
        (AssetFate::Previous, format!("of the last {KEPT_TEMPLATES} templates of a stack")),
        (AssetFate::Young, format!("younger than {}", plural(flags.older_than as usize, "day"))),
        (AssetFate::NotOurs, "not put there by a deployment".to_owned()),
    ] {
        let (number, bytes) = count(fate);
        if number > 0 {
            kept.push(format!("{number} {what} ({})", words::size(bytes)));
        }
    }
    let (number, bytes) = count(AssetFate::Removed);
    let goes = if number == 0 {
        "nothing to remove".to_owned()
    } else {
        format!("{} to remove, {}", plural(number, "asset"), words::size(bytes))
    };
    tell(&format!("{goes}; {} read\n", plural(plan.stacks, "stack")));
    if !kept.is_empty() {
        tell(&format!("kept: {}\n", kept.join(", ")));
    }
}

/// A key, or the tag of an image.
fn name(one: &Stored) -> String {
    match one.tags.as_deref() {
        Some([tag, ..]) => format!("{}:{tag}", one.place),
        _ => one.key.clone(),
    }
}

fn document(plan: &GcPlan, is_done: bool) -> serde_json::Value {
    let counts = plan.counts();
    let count = |fate: AssetFate| {
        let (count, bytes) = counts.get(&fate).copied().unwrap_or_default();
        json!({ "count": count, "bytes": bytes })
    };
    json!({
        "places": plan.places,
        "stacks": plan.stacks,
        "done": is_done,
        "remove": plan.removed().map(|one| json!({
            "place": one.place, "key": one.key, "tags": one.tags, "bytes": one.bytes, "sent": one.sent,
        })).collect::<Vec<_>>(),
        "kept": {
            "in_use": count(AssetFate::InUse),
            "previous": count(AssetFate::Previous),
            "young": count(AssetFate::Young),
            "not_ours": count(AssetFate::NotOurs),
        },
    })
}

struct Told(Arc<Ui>);

impl Observer for Told {
    fn event(&self, event: Event) {
        match event {
            Event::ReadingStacks { done, total } if done == total => {
                self.0.detail(&format!("{} read\n", plural(total, "stack")));
            }
            Event::Removed { removed, total } => self.0.detail(&format!("{removed} of {total} removed\n")),
            Event::Warning { message, .. } => self.0.warn(&message),
            _ => {}
        }
    }
}
