//! Between the program and the template: attachments become properties, aspects look at everything, rules look at the
//! result. Each stage sees the finished work of the one before it.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use crate::diagnostic::Diagnostic;
use crate::tree::{self, Kind, Shared, Tree};

/// Rounds of folds and aspects after which they are taken to feed each other without end.
const MAX_ROUNDS: usize = 32;

/// Runs folds and aspects until nothing new appears, then the rules.
pub(crate) fn prepare(shared: &Shared) {
    let mut visited = HashSet::new();
    let mut stable = false;
    for _ in 0..MAX_ROUNDS {
        let before = shared.borrow().generation;
        run_folds(shared);
        let visits = run_aspects(shared, &mut visited);
        // An aspect may have changed what a fold computed from: properties do not count as news, visits do.
        if shared.borrow().generation == before && visits == 0 {
            stable = true;
            break;
        }
    }
    if !stable {
        let diagnostic = Diagnostic::error(format!(
            "aspects keep adding constructs: the tree was still growing after {MAX_ROUNDS} rounds"
        ))
        .rule("aspects-never-end");
        shared.borrow_mut().diagnostics.push(diagnostic);
    }
    expand_edges(&mut shared.borrow_mut());
    let rules = shared.borrow().rules.clone();
    rules.iter().for_each(|rule| rule());
}

/// Turns each dependency between two constructs into those between their resources, or between their stacks.
fn expand_edges(tree: &mut Tree) {
    for (from, to) in std::mem::take(&mut tree.edges) {
        let (waiting, awaited) = (by_stack(tree, from), by_stack(tree, to));
        let mut resources = Vec::new();
        let mut stacks = Vec::new();
        for (&own, dependents) in &waiting {
            for (&other, dependencies) in &awaited {
                if own == other {
                    let pairs = dependents.iter().flat_map(|from| dependencies.iter().map(move |to| (*from, *to)));
                    resources.extend(pairs);
                } else {
                    stacks.push((own, other));
                }
            }
        }
        for (dependent, dependency) in resources {
            let id = tree.node_id(dependency);
            if let Some(resource) = tree.resource_mut(dependent)
                && !resource.depends_on.contains(&id)
            {
                resource.depends_on.push(id);
            }
        }
        for (own, other) in stacks {
            let id = tree.node_id(other);
            if let Kind::Stack(data) = &mut tree.element_mut(own).kind
                && !data.depends_on.contains(&id)
            {
                data.depends_on.push(id);
            }
        }
    }
}

/// The resources at and below an element by the stack they are in. A stack without any is there as well.
fn by_stack(tree: &Tree, root: u32) -> BTreeMap<u32, Vec<u32>> {
    let mut resources: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for index in tree.with_descendants(root) {
        if let Some(stack) = tree.stack_of(index) {
            resources.entry(stack).or_default().extend(tree.resource(index).map(|_| index));
        }
    }
    resources
}

/// Folds may add constructs, whose folds then run in the same round.
fn run_folds(shared: &Shared) {
    let mut next = 0;
    loop {
        let Some(fold) = shared.borrow().folds.get(next).map(Rc::clone) else { break };
        fold();
        next += 1;
    }
}

/// Has each aspect visit what it has not visited before, and says how many visits that were.
fn run_aspects(shared: &Shared, visited: &mut HashSet<(usize, u32)>) -> usize {
    let mut visits = 0;
    let mut next = 0;
    loop {
        let Some((root, aspect)) = shared.borrow().aspects.get(next).map(|(id, aspect)| (id.index, Rc::clone(aspect)))
        else {
            break;
        };
        let elements = shared.borrow().with_descendants(root);
        for index in elements {
            if visited.insert((next, index)) {
                aspect.visit(&tree::scope(shared, index));
                visits += 1;
            }
        }
        next += 1;
    }
    visits
}
