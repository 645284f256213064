//! Who may do what from now on, and other settings that matter for security.

use skysmith_diff::{
    Action, Broadening, ChangeKind, Effect, PolicyKind, Principal, Rights, SecurityChange, Statement, StatementChange,
    Topic, Trend, Which,
};
use skysmith_template::Node;

use super::View;
use super::document::{Cell, Content, Item, Mark, Row, Section, Tone};
use super::values::{spell, spell_name};

impl View<'_> {
    pub(super) fn rights(&self) -> Vec<Section> {
        let rows = |is_broader: bool| {
            self.everywhere(&mut |view| {
                let is_in = |it: &&StatementChange| it.broadens() == is_broader;
                view.diff.iam.iter().filter(is_in).map(|it| Item::Row(view.right(it))).collect()
            })
        };
        // Of a stack that is not there yet nothing is broader than it was.
        let titles = match self.is_deployed {
            true => ["permissions, broader than before", "permissions, not broader"],
            false => ["permissions", "permissions, denials"],
        };
        let broader = Section::new(titles[0], rows(true)).open();
        let others = Section::new(titles[1], rows(false));
        [broader, others].into_iter().filter(|section| !section.items.is_empty()).collect()
    }

    fn right(&self, change: &StatementChange) -> Row {
        let mark = match change.change {
            ChangeKind::Added => Mark::Add,
            ChangeKind::Removed => Mark::Remove,
            _ => Mark::Change,
        };
        let holder = spell_name(&change.holder, self.names);
        let reasons: Vec<&str> =
            change.broader.iter().map(|it| reason(it, change)).filter(|text| !text.is_empty()).collect();
        let mut cells = vec![Cell::path(holder)];
        let mut inside = Vec::new();
        match (change.rights(), change.before_statement(), change.after_statement()) {
            (Some(Rights::Managed(arn)), ..) => {
                cells.push(Cell::text(""));
                cells.push(Cell::text(format!("managed policy {}", policy_name(&spell_name(arn, self.names)))));
            }
            (_, Some(before), Some(after)) => {
                cells.push(effect(after));
                cells.push(Cell::text(self.sentence(change.kind, after)));
                inside.extend(self.differences(before, after));
            }
            (_, Some(only), None) | (_, None, Some(only)) => {
                cells.push(effect(only));
                cells.push(Cell::text(self.sentence(change.kind, only)));
                inside.extend(self.condition(only));
            }
            _ => {}
        }
        if !reasons.is_empty() {
            let tone = if change.broader.iter().any(is_grave) { Tone::Alarm } else { Tone::Changed };
            inside.push(Item::Row(Row { cells: vec![Cell::text(reasons.join("; ")).toned(tone)], ..Row::default() }));
        }
        Row { mark, cells, inside }
    }

    /// `dynamodb:PutItem, dynamodb:GetItem on Counter/Table`.
    fn sentence(&self, kind: PolicyKind, statement: &Statement) -> String {
        let mut text = self.which(&statement.actions, |node| spell_name(node, self.names), "all but ");
        if text.is_empty() {
            "anything".clone_into(&mut text);
        }
        let resources = self.which(&statement.resources, |node| spell_name(node, self.names), "all but ");
        if !resources.is_empty() && kind == PolicyKind::Identity {
            text.push_str(&format!(" on {}", if resources == "*" { "everything".to_owned() } else { resources }));
        }
        let principals = self.which(&statement.principals, |who| self.principal(who), "all but ");
        if !principals.is_empty() {
            text.push_str(&format!(" by {principals}"));
        }
        text
    }

    fn principal(&self, who: &Principal) -> String {
        if who.is_everybody() {
            return "everybody".to_owned();
        }
        spell_name(&who.id, self.names)
    }

    fn which<T>(&self, which: &Which<T>, say: impl Fn(&T) -> String, but: &str) -> String {
        let items = || which.items().iter().map(&say).collect::<Vec<_>>().join(", ");
        match which {
            Which::Only(_) => items(),
            Which::AllBut(_) => format!("{but}{}", items()),
            Which::Unsaid => String::new(),
        }
    }

    /// What comes and goes in a statement that stays.
    fn differences(&self, before: &Statement, after: &Statement) -> Vec<Item> {
        let name = |node: &&Node| spell_name(node, self.names);
        let mut rows = Vec::new();
        let mut push = |what: &str, gone: Vec<String>, new: Vec<String>| {
            for (mark, items) in [(Mark::Remove, gone), (Mark::Add, new)] {
                if !items.is_empty() {
                    rows.push(Item::Row(Row {
                        mark,
                        cells: vec![Cell::text(what), Cell::text(items.join(", "))],
                        inside: Vec::new(),
                    }));
                }
            }
        };
        let nodes = |nodes: Vec<&Node>| nodes.iter().map(name).collect::<Vec<_>>();
        push("actions", nodes(before.actions.without(&after.actions)), nodes(after.actions.without(&before.actions)));
        push(
            "resources",
            nodes(before.resources.without(&after.resources)),
            nodes(after.resources.without(&before.resources)),
        );
        let who = |list: Vec<&Principal>| list.into_iter().map(|one| self.principal(one)).collect::<Vec<_>>();
        push(
            "who",
            who(before.principals.without(&after.principals)),
            who(after.principals.without(&before.principals)),
        );
        if before.conditions != after.conditions {
            push("if", self.conditions(before), self.conditions(after));
        }
        rows
    }

    fn conditions(&self, statement: &Statement) -> Vec<String> {
        statement
            .conditions
            .iter()
            .map(|condition| {
                let values: Vec<String> = condition.values.iter().map(|value| spell(value, self.names)).collect();
                format!("{} {} {}", condition.key, condition.operator, values.join(", "))
            })
            .collect()
    }

    fn condition(&self, statement: &Statement) -> Option<Item> {
        let said = self.conditions(statement);
        (!said.is_empty()).then(|| {
            let cells = vec![Cell::text(format!("if {}", said.join(" and "))).toned(Tone::Faint)];
            Item::Row(Row { cells, ..Row::default() })
        })
    }

    pub(super) fn security_settings(&self) -> Option<Section> {
        let mut rows = self.everywhere(&mut |view| {
            view.diff.security.iter().map(|change| (change.trend, Item::Row(view.setting(change)))).collect()
        });
        rows.sort_by_key(|(trend, _)| *trend);
        let items: Vec<Item> = rows.into_iter().map(|(_, row)| row).collect();
        (!items.is_empty()).then(|| Section::new("security", items).open())
    }

    fn setting(&self, change: &SecurityChange) -> Row {
        let is_new = self.diff.resource(&change.logical_id).is_some_and(|it| it.action == Action::Add);
        let mark = if is_new { Mark::Add } else { Mark::Change };
        let (tone, trend) = match change.trend {
            Trend::Weaker if is_new => (Tone::Changed, "open from the start"),
            Trend::Weaker => (Tone::Bad, "weaker"),
            Trend::Other => (Tone::Plain, ""),
            Trend::Stronger => (Tone::Good, "safer"),
        };
        let topic = match change.topic {
            Topic::PublicAccess => "public access",
            Topic::Authorisation => "authorisation",
            Topic::Network => "network",
            Topic::Encryption => "encryption",
            Topic::Tls => "encryption on the way",
            Topic::Logging => "logging",
            Topic::Protection => "protection from loss",
            _ => "security",
        };
        let path = change.path.to_string();
        let is_whole = path.is_empty();
        let right = self.diff.iam.iter().find(|it| is_about(change, it));
        let text = |node: &Option<Node>, statement: Option<&Statement>| match (statement, right) {
            (Some(statement), Some(right)) => {
                Some(format!("{} {}", effect_word(statement), self.sentence(right.kind, statement)))
            }
            _ => node.as_ref().map(|node| spell(node, self.names)),
        };
        let before = text(&change.before, right.and_then(StatementChange::before_statement));
        let after = text(&change.after, right.and_then(StatementChange::after_statement));
        let content = match (is_whole, before, after) {
            (true, None, _) => Content::Text("is new".to_owned()),
            (true, Some(_), None) => Content::Text("goes".to_owned()),
            (_, Some(before), Some(after)) => Content::Change(before, after),
            (_, None, Some(after)) => Content::Text(format!("+ {after}")),
            (_, Some(before), None) => Content::Text(format!("- {before}")),
            (_, None, None) => Content::Text(String::new()),
        };
        let what = if trend.is_empty() { topic.to_owned() } else { format!("{topic}, {trend}") };
        let inside = if is_whole {
            Vec::new()
        } else {
            let cells = vec![Cell::text(path), Cell { tone: Tone::Plain, content }];
            return Row {
                mark,
                cells: vec![Cell::path(self.names.name(&change.logical_id)), Cell::text(what).toned(tone)],
                inside: vec![Item::Row(Row { cells, ..Row::default() })],
            };
        };
        Row {
            mark,
            cells: vec![
                Cell::path(self.names.name(&change.logical_id)),
                Cell::text(what).toned(tone),
                Cell { tone: Tone::Plain, content },
            ],
            inside,
        }
    }
}

/// Whether the setting is what becomes of this right.
fn is_about(setting: &SecurityChange, right: &StatementChange) -> bool {
    let is_same = |node: &Option<Node>, statement: Option<&Statement>| match (node, statement) {
        (Some(node), Some(statement)) => statement.to_node() == *node,
        (None, None) => true,
        _ => false,
    };
    right.logical_id == setting.logical_id
        && right.path == setting.path
        && is_same(&setting.before, right.before_statement())
        && is_same(&setting.after, right.after_statement())
}

fn effect(statement: &Statement) -> Cell {
    Cell::text(effect_word(statement))
}

fn effect_word(statement: &Statement) -> &'static str {
    match &statement.effect {
        Effect::Allow => "may",
        Effect::Deny => "may not",
        Effect::Other(_) => "?",
    }
}

fn policy_name(arn: &str) -> String {
    arn.rsplit_once(":policy/").map_or(arn, |(_, name)| name).to_owned()
}

fn is_grave(broadening: &Broadening) -> bool {
    matches!(
        broadening,
        Broadening::Everybody | Broadening::ActionPattern | Broadening::AllResources | Broadening::AllBut
    )
}

/// Why a right is broader, where the right itself does not say it.
fn reason(broadening: &Broadening, change: &StatementChange) -> &'static str {
    match broadening {
        Broadening::Everybody => "EVERYBODY may, even without an account of AWS",
        Broadening::ActionPattern => "a pattern of actions that was not there",
        Broadening::AllResources => "on ALL resources",
        Broadening::Conditions if change.before.is_none() => "under a condition that was not there",
        Broadening::Conditions => "a condition is gone or wider",
        Broadening::Combination => "each part was allowed before, but not together",
        Broadening::NoLongerDenied => "what was denied no longer is",
        Broadening::ManagedPolicy => "what it allows is written elsewhere, and may change there",
        Broadening::AllBut => "all but some: whatever comes later is included",
        _ => "",
    }
}
