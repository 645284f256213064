//! Schedules and alarms: expressions and periods.

use skysmith_template::Map;

use super::given;
use crate::at::At;
use crate::finding::Findings;
use crate::rule::RuleId;
use crate::text::{self, each_choice};
use crate::value::{number, shown};

pub(super) fn rule(properties: &Map, at: At<'_>, findings: &mut Findings) {
    expression(properties, false, at, findings);
}

pub(super) fn schedule(properties: &Map, at: At<'_>, findings: &mut Findings) {
    expression(properties, true, at, findings);
}

fn expression(properties: &Map, has_at: bool, at: At<'_>, findings: &mut Findings) {
    let Some(node) = given(properties, "ScheduleExpression") else { return };
    each_choice(node, at.key("ScheduleExpression"), &mut |node, at| {
        let Some(pieces) = text::pieces(node) else { return };
        let Some(text) = text::whole(&pieces) else { return };
        if let Some(why) = wrong_expression(&text, has_at) {
            findings
                .push(RuleId::ScheduleExpression, at, format!("`{}` is no schedule: {why}", shown(&text)))
                .note("such as `rate(5 minutes)` or `cron(0 12 * * ? *)`");
        }
    });
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>
fn wrong_expression(text: &str, has_at: bool) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(rate) = inside("rate") {
        let words: Vec<_> = rate.split_whitespace().collect();
        let [count, unit] = words.as_slice() else { return Some("a rate has a number and a unit".to_owned()) };
        let Some(count) = count.parse::<u64>().ok().filter(|it| *it > 0) else {
            return Some(format!("`{count}` is not a number above 0"));
        };
        let one = unit.strip_suffix('s').unwrap_or(unit);
        if !matches!(one, "minute" | "hour" | "day") {
            return Some(format!("`{unit}` is not minutes, hours or days"));
        }
        return match (count == 1, unit.ends_with('s')) {
            (true, true) => Some(format!("1 goes with `{one}`")),
            (false, false) => Some(format!("{count} goes with `{one}s`")),
            _ => None,
        }
        // The scheduler does not mind.
        .filter(|_| !has_at);
    }
    if let Some(cron) = inside("cron") {
        let fields: Vec<_> = cron.split_whitespace().collect();
        let [_, _, day, _, weekday, _] = fields.as_slice() else {
            return Some(format!("it has {} fields, not 6", fields.len()));
        };
        let unused = [*day, *weekday].iter().filter(|it| **it == "?").count();
        return match unused {
            1 => None,
            0 => Some("one of day of month and day of week is `?`".to_owned()),
            _ => Some("only one of day of month and day of week is `?`".to_owned()),
        };
    }
    if has_at && inside("at").is_some() {
        return None;
    }
    Some("it is neither a rate nor a cron expression".to_owned())
}

pub(super) fn alarm(properties: &Map, at: At<'_>, findings: &mut Findings) {
    let Some(period) = given(properties, "Period").and_then(number) else { return };
    let is_fine = if period <= 60.0 { [10.0, 20.0, 30.0, 60.0].contains(&period) } else { period % 60.0 == 0.0 };
    if !is_fine {
        findings
            .push(RuleId::AlarmPeriod, at.key("Period"), format!("an alarm has no period of {period} seconds"))
            .note("allowed: 10, 20, 30, and multiples of 60");
    }
}

#[cfg(test)]
mod tests {
    use super::wrong_expression;

    #[test]
    fn schedules_are_told_from_what_looks_like_them() {
        for text in ["rate(1 minute)", "rate(5 hours)", "cron(0 12 * * ? *)", "cron(0/15 * ? * MON-FRI *)", ""] {
            assert_eq!(wrong_expression(text, false), None, "{text}");
        }
        for text in ["rate(5 hour)", "rate(1 minutes)", "rate(0 days)", "rate(five days)", "rate 5", "cron(0 12 * * *)"]
        {
            assert!(wrong_expression(text, false).is_some(), "{text}");
        }
        for text in ["cron(0 12 * * * *)", "cron(0 12 ? * ? *)", "at(2026-01-01T00:00:00)", "5 minutes"] {
            assert!(wrong_expression(text, false).is_some(), "{text}");
        }
        assert_eq!(wrong_expression("at(2026-01-01T00:00:00)", true), None);
    }
}
