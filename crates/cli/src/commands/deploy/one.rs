//! One stack on its way: its plan, the guards, the question, the watching.

use std::time::Instant;

use serde_json::json;
use skysmith_assembly::Stack;
use skysmith_deploy::{Change, ChangeSetKind, DeployedStack, Plan, Prepared, ReadOutput, Wanted};
use skysmith_diff::TemplateDiff;
use skysmith_template::Template;

use super::super::diff::Compared;
use super::super::is_yes;
use super::super::many::{End, Turn};
use super::guards;
use super::tally::Tally;
use crate::aws::Aws;
use crate::cli::Deploy;
use crate::error::Failure;
use crate::hints::worded;
use crate::live::board::{Expected, StackView};
use crate::live::earlier::Earlier;
use crate::live::graph::Graph;
use crate::names::Names;
use crate::output::diff::{estimated, text};
use crate::output::{outputs, style, words};
use crate::session::Session;
use crate::story::{self, Loss};
use crate::timing::Chart;
use crate::watch::Watch;

/// One stack on its way.
pub struct One<'a> {
    pub session: &'a Session,
    pub flags: &'a Deploy,
    pub aws: &'a Aws,
    pub names: Names,
    pub stack: &'a Stack,
    /// Where there is a question, the right to ask it.
    pub turn: Option<&'a Turn>,
    /// Others are worked on at the same time.
    pub is_one_of_many: bool,
    /// It has been deployed in this run already, with outputs that other stacks read.
    pub is_second_step: bool,
    /// Where it is told where the time went.
    pub chart: Option<&'a Chart>,
}

/// How a stack's deployment ended.
pub struct Ended {
    /// The stack as it is now.
    pub stack: DeployedStack,
    /// Outputs that it still has, though they are not wanted: other stacks read them.
    pub held: Vec<ReadOutput>,
}

impl<'a> One<'a> {
    pub fn new(
        session: &'a Session,
        flags: &'a Deploy,
        aws: &'a Aws,
        wanted: &'a Wanted,
        turn: Option<&'a Turn>,
    ) -> Self {
        let stack = &wanted.stack;
        Self {
            session,
            flags,
            aws,
            names: Names::of(stack),
            stack,
            turn,
            is_one_of_many: false,
            is_second_step: false,
            chart: None,
        }
    }

    /// The stack as it is in the end.
    pub async fn deploy(&self, wanted: &Wanted) -> Result<End<Ended>, Failure> {
        let (ui, name) = (&self.session.ui, self.stack.display_name.as_str());
        let fail = |error| worded(self.session, error);
        let started = Instant::now();
        let session = self.aws.for_stack(self.session, self.stack).await?;
        let headline = self.headline(&session);
        let watch = Watch::new(ui, name, &self.names, &headline).one_of_many(self.is_one_of_many);
        let watch = watch.noticing_interrupts();
        // The live view has it until there is something to show for it; and of many stacks each says what it has to say in one piece.
        let is_told_later = ui.live.is_on() || self.is_one_of_many;
        if !is_told_later {
            ui.say(&format!("{headline}\n"));
        }
        let preparing = async {
            match &self.flags.how.change_set {
                Some(change_set) => session.prepare_saved(wanted, change_set, &watch).await,
                None => session.prepare(wanted, &watch).await,
            }
        };
        let stopped = || Failure::failed(format!("stopped before anything in {name} was changed"));
        let Some(prepared) = watch.over(preparing).await else {
            return Ok(End::Interrupted(stopped()));
        };
        let refused = |error| story::refused(self.session, self.stack, &self.names, error, started.elapsed());
        let plan = match prepared.map_err(refused)? {
            Prepared::Unchanged { stack, held } => {
                if let Some(change_set) = &self.flags.how.change_set {
                    let mark = style::paint(style::GOOD, "✓");
                    ui.say(&format!(
                        "{mark} {name}: the change set {change_set} was executed already; nothing to do\n"
                    ));
                } else if held.is_empty() {
                    ui.say(&format!("{} {name} is as it should be: nothing to do\n", style::paint(style::GOOD, "✓")));
                } else {
                    let old = session.template(&stack.stack_id).await.map_err(fail)?;
                    self.guard_steps(&session, &stack, old.as_ref(), wanted, &mut Compared::default()).await?;
                    self.say_held(&held);
                }
                self.report("unchanged", started, None, &stack)?;
                return Ok(End::Done("unchanged", Ended { stack: *stack, held }));
            }
            Prepared::Planned(plan) => plan,
            other => return Err(Failure::failed(format!("{name}: this is not known here: {other:?}"))),
        };
        // The question before the first step was about all of it, unless the outputs had kept something else as well.
        let turn = self.turn.filter(|_| !(self.is_second_step && plan.changes.is_empty()));
        let asking = match turn {
            Some(turn) => match watch.over(turn.wait()).await.flatten() {
                Some(asking) => Some((turn, asking)),
                None => {
                    self.give_up(&session, &plan).await?;
                    return Ok(End::Interrupted(stopped()));
                }
            },
            None => None,
        };
        if is_told_later {
            ui.say(&format!("{headline}\n"));
        }
        let mut compared = self.compared(&session, wanted, &plan).await;
        compared.is_told = self.show_plan(&plan, &compared)?;
        let losses = guards::losses(&plan, &compared.diff);
        if self.flags.how.no_execute {
            return self.left(&session, *plan, &losses, &compared).await.map(|ended| End::Done("planned", ended));
        }
        let guarded = match (self.guard_against(&session, &plan.stack_id, &losses, &mut compared).await, &plan.deployed)
        {
            (Ok(()), Some(deployed)) if !plan.held.is_empty() => {
                self.guard_steps(&session, deployed, plan.old_template.as_ref(), wanted, &mut compared).await
            }
            (other, _) => other,
        };
        let leaving = plan.leaving_in_two_steps();
        if let Err(refusal) = guarded.and_then(|()| self.guard_clean_up(&leaving)) {
            self.give_up(&session, &plan).await?;
            return Err(refusal);
        }
        self.say_held(&plan.held);
        if let Some((turn, _asking)) = asking {
            let answer = turn.ask(ui, &question(name, &compared.diff, &losses)).await?;
            if !answer.as_deref().is_some_and(is_yes) {
                self.give_up(&session, &plan).await?;
                if answer.is_none() {
                    return Ok(End::Interrupted(stopped()));
                }
                ui.say("nothing was changed\n");
                return Ok(End::Declined);
            }
        }
        let plan = match leaving.as_slice() {
            [] => plan,
            leaving => {
                let names = self.named(leaving, ", ");
                ui.say(&format!("  first, so that nothing is cleaned up after it: letting go of {names}\n"));
                match watch.over(session.let_go(wanted, plan, &watch)).await {
                    Some(plan) => plan.map_err(refused)?,
                    None => {
                        let said = format!("stopped while {name} let go of {names}; no resource of it was changed");
                        return Ok(End::Interrupted(Failure::failed(said)));
                    }
                }
            }
        };
        // Since the plan was made.
        if watch.over(std::future::ready(())).await.is_none() {
            self.give_up(&session, &plan).await?;
            return Ok(End::Interrupted(stopped()));
        }
        let tally = Tally::of(&plan);
        let graph = Graph::of(&plan.new_template);
        let watch = watch.expecting(&expected(&plan), &graph);
        // An emulator is done before anybody could wait.
        if self.session.globals.local {
            watch.view(StackView::without_estimate);
        }
        let started = Instant::now();
        let held = plan.held.clone();
        let allowed = if self.flags.allow_data_loss { losses } else { Vec::new() };
        let plan = plan.allowing(allowed.iter().filter(|loss| loss.goes()).map(|loss| loss.logical_id.as_str()));
        let stack_id = plan.stack_id.clone();
        let learns = ui.live.is_on() && plan.kind == ChangeSetKind::Update && !self.session.globals.local;
        let learn = async {
            if learns {
                let earlier = Earlier::of(&session.recent_events(&stack_id).await);
                watch.view(|view| view.learn(&earlier));
            }
        };
        let work = async { tokio::join!(session.execute(plan, &watch), learn).0 };
        let ended = watch.over(work).await;
        if let Some(chart) = self.chart {
            chart.add(watch.timeline(&headline, &graph));
        }
        match ended {
            Some(Ok(deployed)) => {
                let took = words::seconds(started.elapsed());
                ui.say(&format!("{} {name} deployed in {took}: {}\n", style::paint(style::GOOD, "✓"), tally.done()));
                if self.flags.how.express {
                    ui.say("  configured, and perhaps not ready to serve yet: that goes on in AWS\n");
                }
                self.report("deployed", started, Some(&tally), &deployed)?;
                Ok(End::Done("deployed", Ended { stack: deployed, held }))
            }
            Some(Err(skysmith_deploy::Error::Failed(failure))) => {
                Err(story::deployment(self.session, self.stack, &self.names, &failure, started.elapsed()))
            }
            Some(Err(error)) => Err(fail(error)),
            None => Ok(End::Interrupted(
                Failure::failed(format!("stopped watching {name}; CloudFormation goes on with it"))
                    .hint(story::follow(self.session, name))
                    .hint(
                        self.session.globals.next_command(&format!("deploy {name}"))
                            + "          to see how it ended, and to go on",
                    ),
            )),
        }
    }

    /// The flag for the plan of an earlier run, if it is one.
    fn chosen_plan(&self) -> String {
        self.flags.how.change_set.as_ref().map(|name| format!(" --change-set {name}")).unwrap_or_default()
    }

    /// Removes a plan that is not carried out, unless an earlier run left it on purpose.
    async fn give_up(&self, session: &skysmith_deploy::Session, plan: &Plan) -> Result<(), Failure> {
        if self.flags.how.change_set.is_some() {
            return Ok(());
        }
        session.discard(plan).await.map_err(|error| worded(self.session, error))
    }

    /// What people call these resources.
    fn named(&self, logical_ids: &[String], between: &str) -> String {
        logical_ids.iter().map(|id| self.names.name(id)).collect::<Vec<_>>().join(between)
    }

    /// A plan of an earlier run is one step. Of what is to leave in two it would have the clean-up run.
    fn guard_clean_up(&self, leaving: &[String]) -> Result<(), Failure> {
        let (Some(plan), false) = (&self.flags.how.change_set, leaving.is_empty()) else { return Ok(()) };
        let (name, names) = (&self.stack.display_name, self.named(leaving, " and "));
        Err(Failure::failed(format!("the plan {plan} would have {names} clean up what stays; nothing was changed"))
            .hint(format!(
                "{}, which lets go of it in two steps",
                self.session.globals.next_command(&format!("deploy {name}"))
            )))
    }

    /// Tells how the plan that stays in the account is carried out.
    async fn left(
        &self,
        session: &skysmith_deploy::Session,
        plan: Plan,
        losses: &[Loss],
        compared: &Compared,
    ) -> Result<Ended, Failure> {
        let (ui, name) = (&self.session.ui, self.stack.display_name.as_str());
        self.say_untold(losses, compared);
        let more = if losses.is_empty() { "" } else { " --allow-data-loss" };
        let change_set = &plan.change_set_name;
        ui.say(&format!("the plan is in the account as the change set {change_set}; nothing was changed\n"));
        let leaving = plan.leaving_in_two_steps();
        let next = match leaving.is_empty() {
            true => format!("deploy {name} --change-set {change_set}{more}"),
            false => format!("deploy {name}{more}"),
        };
        if !leaving.is_empty() {
            let names = self.named(&leaving, " and ");
            ui.say(&format!("it is not carried out as it is: {names} has to leave in two steps\n"));
        }
        ui.say(&format!("to carry it out: {}\n", self.session.globals.next_command(&next)));
        let found = session.stack(&plan.stack_id).await.map_err(|error| worded(self.session, error))?;
        let Some(mut stack) = found else {
            return Err(Failure::failed(format!("{name} was deleted while it was planned")));
        };
        // What it has now is not what this run made of it.
        stack.outputs.clear();
        Ok(Ended { stack, held: Vec::new() })
    }

    fn say_held(&self, held: &[ReadOutput]) {
        for output in held {
            self.session.ui.say(&format!("  keeping for now the {output}\n"));
        }
    }

    /// Says what would be lost, but for what the difference has said already.
    fn say_untold(&self, losses: &[Loss], compared: &Compared) {
        for loss in losses.iter().filter(|loss| !compared.tells(loss)) {
            let line = story::loss(&self.names, loss, &compared.more.contents);
            self.session.ui.say(&format!("{} {line}\n", style::paint(style::ERROR, "! DATA LOSS ")));
        }
    }

    /// `object-counter · dev · 123456789012 / eu-west-1`.
    fn headline(&self, session: &skysmith_deploy::Session) -> String {
        headline(self.session, &self.stack.display_name, session)
    }

    /// The plan as a difference, and what is worth knowing beside it.
    async fn compared(&self, session: &skysmith_deploy::Session, wanted: &Wanted, plan: &Plan) -> Compared {
        let before = plan.deployed.as_deref().zip(plan.old_template.as_ref());
        let mut compared = Compared::of(session, wanted, &plan.new_template, before);
        compared.look_inside(session, wanted, before).await;
        // Without a change set the changes come from the templates as well.
        if !plan.is_direct {
            compared.join(plan);
        }
        compared.has_estimate = !self.session.globals.local;
        if let Some(before) = before {
            compared.look_up(session, wanted, before).await;
        }
        compared
    }

    /// Shows what would change. Returns whether somebody can have read it.
    fn show_plan(&self, plan: &Plan, compared: &Compared) -> Result<bool, Failure> {
        let ui = &self.session.ui;
        let tally = Tally::of(plan);
        let view = compared.view();
        if ui.is_json() {
            ui.json_line(&json!({
                "event": "plan",
                "stack": self.stack.display_name,
                "add": tally.added,
                "change": tally.changed,
                "replace": tally.replaced,
                "remove": tally.removed,
                "change_set": plan.change_set_name,
                "diff": view.json(&self.stack.display_name),
            }))?;
            if self.turn.is_none() {
                return Ok(false);
            }
        }
        // Nobody is asked about what they have not seen, however little they want to see.
        let tell = |text: &str| if self.turn.is_some() { ui.error(text) } else { ui.say(text) };
        let time = if view.has_estimate { estimated(view.diff, view.after) } else { None };
        let time = time.map(|time| format!(" · {time}")).unwrap_or_default();
        tell(&format!("  {}{time}\n", tally.planned()));
        // Everything is new in a new stack; its resources come by as they are made.
        if plan.kind == ChangeSetKind::Create && !ui.is_verbose() && self.turn.is_none() {
            return Ok(false);
        }
        tell(&text::sections(&view.document().sections, ui.side_width()));
        tell("\n");
        Ok(true)
    }

    /// Refuses what all steps together would lose before the first of them: a refusal half-way would leave the readers without what they read.
    async fn guard_steps(
        &self,
        session: &skysmith_deploy::Session,
        deployed: &DeployedStack,
        old: Option<&Template>,
        wanted: &Wanted,
        compared: &mut Compared,
    ) -> Result<(), Failure> {
        let found = Compared::of(session, wanted, &wanted.template, old.map(|old| (deployed, old))).diff;
        let certain = found.data_losses().into_iter().filter(|loss| loss.is_certain);
        let losses: Vec<Loss> = certain.map(|loss| Loss::of_diff(&loss)).collect();
        self.guard_against(session, &deployed.stack_id, &losses, compared).await
    }

    /// Refuses what would lose data, unless that is allowed; then it is said.
    async fn guard_against(
        &self,
        session: &skysmith_deploy::Session,
        stack_id: &str,
        losses: &[Loss],
        compared: &mut Compared,
    ) -> Result<(), Failure> {
        if losses.is_empty() {
            return Ok(());
        }
        // What is in them is worth a question, but not worth failing for.
        compared.look_into(session, stack_id).await;
        if self.flags.allow_data_loss {
            self.say_untold(losses, compared);
            return Ok(());
        }
        let name = &self.stack.display_name;
        let what =
            if losses.iter().any(Loss::is_of_data) { "lose data" } else { "replace or remove what is protected" };
        let mut failure = Failure::failed(format!("deploying {name} would {what}; nothing was changed"));
        for loss in losses {
            failure = failure.note(story::loss(&self.names, loss, &compared.more.contents));
        }
        Err(failure.hint("to keep the data: take the change back, or set the removal policy Retain and copy").hint(
            format!(
                "to go on all the same: {}",
                self.session.globals.next_command(&format!("deploy {name}{} --allow-data-loss", self.chosen_plan()))
            ),
        ))
    }

    fn report(
        &self,
        event: &str,
        started: Instant,
        tally: Option<&Tally>,
        deployed: &DeployedStack,
    ) -> Result<(), Failure> {
        let ui = &self.session.ui;
        if !ui.is_json() {
            return Ok(());
        }
        let outputs = crate::commands::outputs::shown(self.aws, deployed.outputs.clone());
        let mut line = json!({
            "event": event,
            "stack": self.stack.display_name,
            "stack_id": deployed.stack_id,
            "seconds": started.elapsed().as_secs_f64(),
            "outputs": outputs::stack_json(&outputs),
        });
        if let Some(tally) = tally {
            line["added"] = tally.added.into();
            line["changed"] = tally.changed.into();
            line["replaced"] = tally.replaced.into();
            line["removed"] = tally.removed.into();
        }
        line["api_calls"] = self.aws.session.api_calls().into();
        ui.json_line(&line)
    }
}

/// The resources that change, and what is done to them.
pub fn expected(plan: &Plan) -> Vec<Expected> {
    let expected = |nested_in: &[String], change: &Change| Expected {
        nested_in: nested_in.to_vec(),
        logical_id: change.logical_id.clone(),
        resource_type: change.resource_type.clone(),
        work: change.work(),
    };
    let own = plan.changes.iter().map(|change| expected(&[], change));
    let nested =
        plan.nested.iter().flat_map(|nested| nested.changes.iter().map(|change| expected(&nested.path, change)));
    own.chain(nested).collect()
}

/// What a yes is a yes to: `Deploy app, with broader permissions and loss of data? [y/N] `.
fn question(name: &str, diff: &TemplateDiff, losses: &[Loss]) -> String {
    let mut with = Vec::new();
    if diff.broader().next().is_some() {
        with.push("broader permissions");
    }
    if losses.iter().any(Loss::is_of_data) {
        with.push("LOSS OF DATA");
    }
    let with = if with.is_empty() { String::new() } else { format!(", with {}", with.join(" and ")) };
    format!("Deploy {name}{with}? [y/N] ")
}

/// `object-counter · dev · 123456789012 / eu-west-1`, or `object-counter · local AWS · us-east-1`.
pub fn title(session: &Session, stack: &str, aws: &skysmith_deploy::Session) -> String {
    let mut parts = vec![stack.to_owned()];
    parts.extend(session.globals.environment.clone());
    if session.globals.local {
        parts.push("local AWS".to_owned());
        parts.push(aws.region().to_owned());
    } else {
        parts.push(format!("{} / {}", aws.identity().account, aws.region()));
    }
    parts.join(" · ")
}

/// The same with the stack's name standing out.
pub fn headline(session: &Session, stack: &str, aws: &skysmith_deploy::Session) -> String {
    title(session, stack, aws).replacen(stack, &style::paint(style::STRONG, stack), 1)
}
