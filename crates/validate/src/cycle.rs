//! Circular dependencies, printed as the loop.

use skysmith_template::{Map, Node, Template};

use crate::at::At;
use crate::finding::Findings;
use crate::references::for_each_target;
use crate::rule::RuleId;

pub(crate) fn check(template: &Template, findings: &mut Findings) {
    let Some(resources) = template.section("Resources") else { return };
    let graph: Vec<Vec<usize>> = resources.values().map(|body| dependencies(resources, body)).collect();
    for group in components(&graph) {
        let Some(path) = shortest_loop(&graph, &group) else { continue };
        let name = |index: usize| resources.get_index(index).map_or("", |(name, _)| name.as_str());
        let mut chain: Vec<&str> = path.iter().map(|index| name(*index)).collect();
        let first = chain[0];
        chain.push(first);
        let at = At::Root.key("Resources");
        let found = if chain.len() == 2 {
            findings.push(RuleId::CircularDependency, at.key(first), format!("`{first}` depends on itself"))
        } else {
            findings.push(
                RuleId::CircularDependency,
                at.key(first),
                format!("circular dependency: {}", chain.join(" → ")),
            )
        };
        if group.len() > path.len() {
            found.note(format!("{} more resources are in loops with these", group.len() - path.len()));
        }
    }
}

/// What the resource waits for, without duplicates.
fn dependencies(resources: &Map, body: &Node) -> Vec<usize> {
    // A macro makes several resources of one of these, which need not wait for each other.
    if body
        .get("Type")
        .and_then(Node::as_str)
        .and_then(skysmith_spec::resource_type)
        .is_some_and(|it| it.transform().is_some())
    {
        return Vec::new();
    }
    let mut targets = Vec::new();
    let mut add = |name: &str| {
        if let Some(index) = resources.get_index_of(name)
            && !targets.contains(&index)
        {
            targets.push(index);
        }
    };
    for (key, value) in body.as_map().into_iter().flatten() {
        match (key.as_str(), value) {
            ("DependsOn", Node::String(name)) => add(name),
            ("DependsOn", Node::List(names)) => names.iter().filter_map(Node::as_str).for_each(&mut add),
            _ => for_each_target(value, &mut add),
        }
    }
    targets
}

/// The groups of resources each of which is reached from each (Tarjan's algorithm, without recursion), in the order of
/// their first member; single resources only if they refer to themselves.
fn components(graph: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut order = vec![UNSEEN; graph.len()];
    let mut low = vec![0; graph.len()];
    let mut on_stack = vec![false; graph.len()];
    let mut stack = Vec::new();
    let mut work: Vec<(usize, usize)> = Vec::new();
    let mut next = 0;
    let mut groups = Vec::new();
    for start in 0..graph.len() {
        if order[start] != UNSEEN {
            continue;
        }
        work.push((start, 0));
        while let Some((node, edge)) = work.pop() {
            if edge == 0 {
                order[node] = next;
                low[node] = next;
                next += 1;
                stack.push(node);
                on_stack[node] = true;
            } else {
                let child = graph[node][edge - 1];
                low[node] = low[node].min(low[child]);
            }
            let mut edge = edge;
            let mut descended = false;
            while let Some(&target) = graph[node].get(edge) {
                edge += 1;
                if order[target] == UNSEEN {
                    work.push((node, edge));
                    work.push((target, 0));
                    descended = true;
                    break;
                } else if on_stack[target] {
                    low[node] = low[node].min(order[target]);
                }
            }
            if descended || low[node] != order[node] {
                continue;
            }
            let mut group = Vec::new();
            while let Some(member) = stack.pop() {
                on_stack[member] = false;
                group.push(member);
                if member == node {
                    break;
                }
            }
            group.sort_unstable();
            if group.len() > 1 || graph[node].contains(&node) {
                groups.push(group);
            }
        }
    }
    groups.sort_unstable();
    groups
}

/// The shortest way from the first member of the group back to it, the first member in front.
fn shortest_loop(graph: &[Vec<usize>], group: &[usize]) -> Option<Vec<usize>> {
    let &start = group.first()?;
    let mut before = vec![None; graph.len()];
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for &target in &graph[node] {
            if target == start {
                let mut path = vec![node];
                while let Some(previous) = path.last().and_then(|last| before[*last]) {
                    path.push(previous);
                }
                path.reverse();
                return Some(path);
            }
            if before[target].is_none() && group.binary_search(&target).is_ok() {
                before[target] = Some(node);
                queue.push_back(target);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_loop_once() {
        let graph = [vec![1], vec![2], vec![0, 3], vec![3], vec![5], vec![], vec![7], vec![6, 0]];
        let groups = components(&graph);
        assert_eq!(groups, [vec![0, 1, 2], vec![3], vec![6, 7]]);
        assert_eq!(shortest_loop(&graph, &groups[0]), Some(vec![0, 1, 2]));
        assert_eq!(shortest_loop(&graph, &groups[1]), Some(vec![3]));
    }

    #[test]
    fn long_chains_do_not_overflow_the_stack() {
        let mut graph: Vec<Vec<usize>> = (1..100_000).map(|next| vec![next]).collect();
        graph.push(vec![]);
        assert!(components(&graph).is_empty());
        graph[99_999].push(0);
        assert_eq!(components(&graph)[0].len(), 100_000);
    }
}
