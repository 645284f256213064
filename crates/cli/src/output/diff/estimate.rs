//! How long it would take, by what resources take on average.

use skysmith_diff::{Action, TemplateDiff};
use skysmith_template::Template;

use skysmith_deploy::{Work, usual_time};

use crate::live::estimate::{self, Step};
use crate::live::graph::Graph;

/// `about 40 s`; nothing where nothing is known of a resource, for then it would be a guess.
pub fn estimated(diff: &TemplateDiff, after: &Template) -> Option<String> {
    if diff.resources.is_empty() {
        return None;
    }
    let graph = Graph::of(after);
    let work = |action| match action {
        Action::Add | Action::Replace => Work::Create,
        Action::Change => Work::Change,
        Action::Remove => Work::Delete,
    };
    let find = |id: &str| diff.resources.iter().position(|resource| resource.logical_id == id);
    let steps: Vec<Step> = diff
        .resources
        .iter()
        .map(|resource| {
            let usual = usual_time(resource.resource_type().unwrap_or_default(), work(resource.action));
            let needs = match resource.action {
                // What is removed goes when all the rest is done.
                Action::Remove => {
                    let stays = |index: &usize| diff.resources[*index].action != Action::Remove;
                    (0..diff.resources.len()).filter(stays).collect()
                }
                _ => graph.needs(&resource.logical_id).filter_map(find).collect(),
            };
            Step { usual, elapsed: None, needs }
        })
        .collect();
    let left = estimate::left(&steps)?;
    Some(estimate::words(left).trim_end_matches(" left").to_owned())
}
