//! Which stacks a command is about, and in which order.

use std::collections::BTreeSet;

use skysmith_assembly::Stack;

use crate::cli::Selection;
use crate::error::Failure;

/// The stacks that the names mean, in the app's order; all of them if there is no name. A name is a stack's id, path or CloudFormation name, or a pattern over these.
pub fn named<'a>(stacks: &'a [Stack], names: &[String]) -> Result<Vec<&'a Stack>, Failure> {
    if stacks.is_empty() {
        return Err(Failure::failed("the app has no stacks").hint("make one in it: Stack::new(app, \"my-stack\")"));
    }
    if names.is_empty() {
        return Ok(stacks.iter().collect());
    }
    let mut chosen = BTreeSet::new();
    for name in names {
        let matching: Vec<usize> = (0..stacks.len()).filter(|&index| is_meant(&stacks[index], name)).collect();
        if matching.is_empty() {
            return Err(unknown(stacks, name));
        }
        chosen.extend(matching);
    }
    Ok(chosen.into_iter().map(|index| &stacks[index]).collect())
}

/// The stacks that a command acts on: those named, all with `--all`, or the only one there is.
pub fn selected<'a>(stacks: &'a [Stack], selection: &Selection, verb: &str) -> Result<Vec<&'a Stack>, Failure> {
    if selection.names.is_empty() && !selection.all && stacks.len() > 1 {
        return Err(Failure::usage(format!("there are {} stacks; say which to {verb}", stacks.len()))
            .note(listing(stacks))
            .hint(format!("skysmith {verb} NAME, or skysmith {verb} --all")));
    }
    named(stacks, &selection.names)
}

/// The only stack that the names mean.
pub fn one<'a>(stacks: &'a [Stack], names: &[String]) -> Result<&'a Stack, Failure> {
    match named(stacks, names)?.as_slice() {
        [stack] => Ok(stack),
        several => Err(Failure::usage(format!("this is for one stack, not for {}", several.len()))
            .note(listing(several.iter().copied()))),
    }
}

/// The chosen stacks and all that they depend on, every stack after those it depends on.
pub fn with_dependencies<'a>(stacks: &'a [Stack], chosen: &[&Stack]) -> Result<Vec<&'a Stack>, Failure> {
    let mut ordered: Vec<&Stack> = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    for stack in chosen {
        visit(stacks, &stack.display_name, &mut open, &mut ordered)?;
    }
    Ok(ordered)
}

fn visit<'a>(
    stacks: &'a [Stack],
    name: &str,
    open: &mut Vec<&'a str>,
    ordered: &mut Vec<&'a Stack>,
) -> Result<(), Failure> {
    let Some(stack) = stacks.iter().find(|stack| stack.display_name == name) else { return Ok(()) };
    if ordered.iter().any(|done| done.display_name == name) {
        return Ok(());
    }
    if let Some(start) = open.iter().position(|waiting| *waiting == name) {
        let circle = [&open[start..], &[stack.display_name.as_str()]].concat().join(" → ");
        return Err(Failure::failed(format!("stacks depend on each other in a circle: {circle}")));
    }
    open.push(&stack.display_name);
    for dependency in &stack.dependencies {
        visit(stacks, dependency, open, ordered)?;
    }
    open.pop();
    ordered.push(stack);
    Ok(())
}

/// The chosen stacks and all that depend on them, every stack before those it depends on.
pub fn with_dependents<'a>(stacks: &'a [Stack], chosen: &[&Stack]) -> Result<Vec<&'a Stack>, Failure> {
    let all: Vec<&Stack> = stacks.iter().collect();
    let mut ordered = with_dependencies(stacks, &all)?;
    let mut names: BTreeSet<&str> = chosen.iter().map(|stack| stack.display_name.as_str()).collect();
    // In this order a stack comes after all it depends on, so one pass finds every dependent.
    for stack in &ordered {
        if stack.dependencies.iter().any(|dependency| names.contains(dependency.as_str())) {
            names.insert(&stack.display_name);
        }
    }
    ordered.retain(|stack| names.contains(stack.display_name.as_str()));
    ordered.reverse();
    Ok(ordered)
}

fn is_meant(stack: &Stack, name: &str) -> bool {
    [&stack.id, &stack.display_name, &stack.stack_name].into_iter().any(|own| matches(name, own))
}

/// Whether `text` fits a pattern in which `?` is one character, `*` any of one part of a path, and `**` any at all.
fn matches(pattern: &str, text: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return text.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    match first {
        '*' => {
            let (rest, across) = match rest.strip_prefix('*') {
                Some(rest) => (rest, true),
                None => (rest, false),
            };
            let end = if across { text.len() } else { text.find('/').unwrap_or(text.len()) };
            text.char_indices()
                .map(|(index, _)| index)
                .chain([text.len()])
                .take_while(|&index| index <= end)
                .any(|index| matches(rest, &text[index..]))
        }
        _ => text.chars().next().is_some_and(|next| {
            (first == next || (first == '?' && next != '/')) && matches(rest, &text[next.len_utf8()..])
        }),
    }
}

fn unknown(stacks: &[Stack], name: &str) -> Failure {
    let names = stacks.iter().flat_map(|stack| [stack.display_name.as_str(), stack.id.as_str()]);
    let failure = if name.contains(['*', '?']) {
        Failure::usage(format!("no stack fits `{name}`"))
    } else {
        Failure::usage(format!("there is no stack `{name}`")).suggest(name, names)
    };
    failure.note(listing(stacks))
}

fn listing<'a>(stacks: impl IntoIterator<Item = &'a Stack>) -> String {
    let names: Vec<&str> = stacks.into_iter().map(|stack| stack.display_name.as_str()).collect();
    let more = names.len().saturating_sub(12);
    let shown = names[..names.len() - more].join(", ");
    if more > 0 { format!("stacks: {shown} and {more} more") } else { format!("stacks: {shown}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stacks(list: &[(&str, &[&str])]) -> Vec<Stack> {
        list.iter()
            .map(|(name, dependencies)| {
                let mut stack = Stack::plain(*name, "x");
                stack.dependencies = dependencies.iter().map(|&name| name.to_owned()).collect();
                stack
            })
            .collect()
    }

    fn names(stacks: &[&Stack]) -> Vec<String> {
        stacks.iter().map(|stack| stack.id.clone()).collect()
    }

    #[test]
    fn patterns() {
        for (pattern, text, fits) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("Live/*", "Live/Api", true),
            ("Live/*", "Live/Api/Deep", false),
            ("Live/**", "Live/Api/Deep", true),
            ("*-dev", "welcome-dev", true),
            ("welcome-?ev", "welcome-dev", true),
            ("*", "Live/Api", false),
            ("**", "Live/Api", true),
            ("ü*", "über", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn by_name() {
        let all = stacks(&[("welcome-dev", &[]), ("welcome-prod", &[])]);
        assert_eq!(names(&named(&all, &[]).unwrap()).len(), 2);
        assert_eq!(names(&named(&all, &["*-prod".to_owned()]).unwrap()), ["welcome-prod"]);
        let Failure::Usage(report) = named(&all, &["welcom-dev".to_owned()]).unwrap_err() else { panic!() };
        assert_eq!(report.hints, ["did you mean `welcome-dev`?"]);
        assert_eq!(report.notes, ["stacks: welcome-dev, welcome-prod"]);
        let selection = Selection { names: Vec::new(), all: false };
        assert!(matches!(selected(&all, &selection, "deploy"), Err(Failure::Usage(_))));
        assert!(named(&[], &[]).is_err());
    }

    #[test]
    fn order() {
        let all = stacks(&[("app", &["data", "net"]), ("data", &["net"]), ("net", &[]), ("other", &[])]);
        let chosen = |name: &str| vec![all.iter().find(|stack| stack.id == name).unwrap()];
        assert_eq!(names(&with_dependencies(&all, &chosen("data")).unwrap()), ["net", "data"]);
        assert_eq!(names(&with_dependencies(&all, &chosen("app")).unwrap()), ["net", "data", "app"]);
        assert_eq!(names(&with_dependents(&all, &chosen("data")).unwrap()), ["app", "data"]);
        assert_eq!(names(&with_dependents(&all, &chosen("net")).unwrap()), ["app", "data", "net"]);
        let circle = stacks(&[("a", &["b"]), ("b", &["a"])]);
        assert!(with_dependencies(&circle, &[&circle[0]]).is_err());
    }
}
