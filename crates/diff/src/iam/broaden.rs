//! Whether a right gives more than there was before.
//!
//! What a statement says is taken apart into single rights: one principal, one action, one resource, under its conditions. A
//! single right is nothing new if one statement that was there before gives it. What cannot be taken apart, such as
//! `NotAction`, counts as more unless it is the same.

use skysmith_template::Node;

use super::statement::{Condition, Effect, Principal, Rights, Statement, Which};
use crate::compare::{Comparison, Reading};
use crate::text;

/// A way in which rights become broader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Broadening {
    /// Everybody may, also without an account of AWS, and under no condition.
    Everybody,
    /// A pattern of actions that was not there: `*`, `s3:*`.
    ActionPattern,
    /// All resources, where it was not so.
    AllResources,
    /// Somebody else may.
    Principals,
    /// Something else may be done.
    Actions,
    /// It may be done with something else.
    Resources,
    /// A condition is gone, or is met by more.
    Conditions,
    /// Each part of it was there, but not together.
    Combination,
    /// What was denied no longer is.
    NoLongerDenied,
    /// A managed policy is attached.
    ManagedPolicy,
    /// It is about all but some, so that nothing more exact can be said.
    AllBut,
}

/// How many single rights are looked at of one statement.
const MOST: usize = 20_000;

/// In which ways the change of one right gives more than all of `had`, where all of `has` is there now.
pub(super) fn reasons(
    before: Option<&Rights>,
    after: Option<&Rights>,
    had: &[Rights],
    has: &[Rights],
) -> Vec<Broadening> {
    let mut reasons = Vec::new();
    match after {
        Some(Rights::Managed(arn)) => {
            let known = had.iter().any(|it| matches!(it, Rights::Managed(old) if old == arn));
            if !known {
                reasons.push(Broadening::ManagedPolicy);
            }
        }
        Some(Rights::Statement(statement)) if statement.effect != Effect::Deny => {
            let had: Vec<&Statement> = allowing(had).collect();
            allows_more(statement, before.and_then(Rights::statement), &had, &mut reasons);
        }
        _ => {}
    }
    if let Some(Rights::Statement(denied)) = before
        && denied.effect == Effect::Deny
    {
        let denying: Vec<&Statement> =
            has.iter().filter_map(Rights::statement).filter(|it| it.effect == Effect::Deny).collect();
        if !is_covered(denied, &denying) {
            reasons.push(Broadening::NoLongerDenied);
        }
    }
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}

fn allowing(rights: &[Rights]) -> impl Iterator<Item = &Statement> {
    rights.iter().filter_map(Rights::statement).filter(|it| it.effect != Effect::Deny)
}

fn allows_more(new: &Statement, old: Option<&Statement>, had: &[&Statement], reasons: &mut Vec<Broadening>) {
    if had.iter().any(|it| covers(it, new)) {
        return;
    }
    if matches!(new.actions, Which::AllBut(_))
        || matches!(new.resources, Which::AllBut(_))
        || matches!(new.principals, Which::AllBut(_))
    {
        reasons.push(Broadening::AllBut);
        return;
    }
    let parts = [new.principals.items().len(), new.actions.items().len(), new.resources.items().len()];
    let size = parts.iter().map(|length| (*length).max(1)).product::<usize>();
    if size <= MOST && is_covered(new, had) {
        return;
    }
    let count = reasons.len();
    let known = |is_known: &dyn Fn(&Statement) -> bool| had.iter().any(|it| is_known(it));
    for principal in new.principals.items() {
        if !known(&|it| any(&it.principals, |old| is_principal_in(principal, old))) {
            let is_everybody = principal.is_everybody() && is_open(&new.conditions);
            reasons.push(if is_everybody { Broadening::Everybody } else { Broadening::Principals });
        }
    }
    for action in new.actions.items() {
        if !known(&|it| any(&it.actions, |old| is_action_in(action, old))) {
            let is_pattern = action.as_str().is_some_and(|text| text.contains(['*', '?']));
            reasons.push(if is_pattern { Broadening::ActionPattern } else { Broadening::Actions });
        }
    }
    for resource in new.resources.items() {
        if !known(&|it| any(&it.resources, |old| is_resource_in(resource, old))) {
            let is_all = resource.as_str() == Some("*");
            reasons.push(if is_all { Broadening::AllResources } else { Broadening::Resources });
        }
    }
    let is_looser = old.is_some_and(|old| !are_conditions_in(&new.conditions, &old.conditions));
    if is_looser {
        reasons.push(Broadening::Conditions);
    }
    // Everybody under a condition is not everybody.
    if is_open(&new.conditions) && new.principals.items().iter().any(Principal::is_everybody) {
        reasons.push(Broadening::Everybody);
    }
    if reasons.len() == count {
        let unconditional = |statement: &Statement| Statement { conditions: Vec::new(), ..statement.clone() };
        let without: Vec<Statement> = had.iter().map(|it| unconditional(it)).collect();
        let is_loosened = is_covered(&unconditional(new), &without.iter().collect::<Vec<_>>());
        reasons.push(if is_loosened { Broadening::Conditions } else { Broadening::Combination });
    }
}

/// Whether the conditions keep nobody out. How a function is called is no matter of who calls.
fn is_open(conditions: &[Condition]) -> bool {
    conditions.iter().all(|it| matches!(it.key.as_str(), "lambda:FunctionUrlAuthType" | "lambda:InvokedViaFunctionUrl"))
}

/// Whether each single right of the statement is given by one of the others.
fn is_covered(statement: &Statement, others: &[&Statement]) -> bool {
    if others.iter().any(|other| covers(other, statement)) {
        return true;
    }
    let (Some(principals), Some(actions), Some(resources)) =
        (singles(&statement.principals), singles(&statement.actions), singles(&statement.resources))
    else {
        return false;
    };
    if principals.len() * actions.len() * resources.len() > MOST {
        return false;
    }
    let mut single = statement.clone();
    for principal in &principals {
        for action in &actions {
            for resource in &resources {
                single.principals = principal.clone();
                single.actions = action.clone();
                single.resources = resource.clone();
                if !others.iter().any(|other| covers(other, &single)) {
                    return false;
                }
            }
        }
    }
    true
}

fn singles<T: Clone>(which: &Which<T>) -> Option<Vec<Which<T>>> {
    match which {
        Which::Only(items) => Some(items.iter().map(|item| Which::Only(vec![item.clone()])).collect()),
        Which::AllBut(_) => None,
        Which::Unsaid => Some(vec![Which::Unsaid]),
    }
}

/// Whether `wide` gives all that `narrow` gives.
fn covers(wide: &Statement, narrow: &Statement) -> bool {
    wide.effect == narrow.effect
        && is_in(&narrow.principals, &wide.principals, is_principal_in)
        && is_in(&narrow.actions, &wide.actions, is_action_in)
        && is_in(&narrow.resources, &wide.resources, is_resource_in)
        && are_conditions_in(&narrow.conditions, &wide.conditions)
}

fn is_in<T: PartialEq>(narrow: &Which<T>, wide: &Which<T>, is_item_in: impl Fn(&T, &T) -> bool) -> bool {
    match (narrow, wide) {
        (Which::Only(narrow), Which::Only(wide)) => {
            narrow.iter().all(|item| wide.iter().any(|other| is_item_in(item, other)))
        }
        // The more is excepted, the less is meant.
        (Which::AllBut(narrow), Which::AllBut(wide)) => {
            wide.iter().all(|item| narrow.iter().any(|other| is_item_in(item, other)))
        }
        (Which::Unsaid, Which::Unsaid) => true,
        _ => false,
    }
}

fn any<T>(which: &Which<T>, is: impl Fn(&T) -> bool) -> bool {
    match which {
        Which::Only(items) => items.iter().any(is),
        Which::AllBut(_) | Which::Unsaid => true,
    }
}

fn is_principal_in(narrow: &Principal, wide: &Principal) -> bool {
    if wide.is_everybody() {
        return true;
    }
    let is_kind = narrow.kind == wide.kind;
    is_kind && (wide.id.as_str() == Some("*") || is_same(&narrow.id, &wide.id))
}

fn is_action_in(narrow: &Node, wide: &Node) -> bool {
    match (narrow.as_str(), wide.as_str()) {
        (Some(narrow), Some(wide)) => matches(&wide.to_ascii_lowercase(), &narrow.to_ascii_lowercase()),
        _ => is_same(narrow, wide),
    }
}

/// Of a text with functions in it, what ends in `*` holds all that starts alike.
fn is_resource_in(narrow: &Node, wide: &Node) -> bool {
    match (narrow.as_str(), wide.as_str()) {
        (_, Some("*")) => true,
        (Some(narrow), Some(wide)) => matches(wide, narrow),
        _ => is_same(narrow, wide) || text::is_below(narrow, wide),
    }
}

fn is_same(a: &Node, b: &Node) -> bool {
    Comparison::is_same(a, b, Reading::Policy)
}

/// Whether whoever meets `narrow` meets `wide`.
fn are_conditions_in(narrow: &[Condition], wide: &[Condition]) -> bool {
    wide.iter().all(|wide| narrow.iter().any(|narrow| is_condition_in(narrow, wide)))
}

fn is_condition_in(narrow: &Condition, wide: &Condition) -> bool {
    if !narrow.key.eq_ignore_ascii_case(&wide.key) || narrow.operator != wide.operator {
        return false;
    }
    let is_listed = |value: &Node, values: &[Node]| values.iter().any(|other| is_same(value, other));
    // Fewer values are met by less, and of those that must not be there by more.
    if wide.operator.contains("Not") {
        wide.values.iter().all(|value| is_listed(value, &narrow.values))
    } else {
        narrow.values.iter().all(|value| is_listed(value, &wide.values))
    }
}

/// Whether the pattern of `*` and `?` matches all that `text` does, which may be a pattern itself.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut in_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        if pattern.get(at) == Some(&'*') {
            star = Some((at, in_text));
            at += 1;
        } else if pattern.get(at).is_some_and(|it| *it == text[in_text] || (*it == '?' && text[in_text] != '*')) {
            at += 1;
            in_text += 1;
        } else if let Some((back, matched)) = star {
            at = back + 1;
            in_text = matched + 1;
            star = Some((back, in_text));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|it| *it == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_holds_what_it_matches() {
        for (pattern, text, is) in [
            ("s3:*", "s3:GetObject", true),
            ("s3:Get*", "s3:GetObject", true),
            ("s3:Get*", "s3:PutObject", false),
            ("*", "s3:*", true),
            ("s3:Get*", "s3:*", false),
            ("s3:*Object", "s3:GetObject", true),
            ("s3:*Object", "s3:GetObjectAcl", false),
            ("a?c", "abc", true),
            ("a?c", "a*c", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, text), is, "{pattern} {text}");
        }
    }
}
