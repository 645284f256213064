//! Overrides: what a user sets on the finished resource, whatever was computed.

use super::{Rendered, RenderedMap};

/// Sets or deletes what stands at `path`, making the maps on the way. A number steps into a list.
pub(super) fn apply(body: &mut RenderedMap, path: &[String], value: Option<Rendered>) {
    let Some((last, way)) = path.split_last() else { return };
    let mut at = body;
    for (position, key) in way.iter().enumerate() {
        let entry = at.entry(key.clone()).or_insert_with(|| Rendered::Map(RenderedMap::new()));
        if let Rendered::List(items) = entry {
            let Some(item) = way.get(position + 1).unwrap_or(last).parse().ok().and_then(|at: usize| items.get_mut(at))
            else {
                return;
            };
            let rest = &path[position + 2..];
            match (rest, item) {
                ([], item) => {
                    if let Some(value) = value {
                        *item = value;
                    }
                }
                (rest, Rendered::Map(map)) => apply(map, rest, value),
                _ => {}
            }
            return;
        }
        if !matches!(entry, Rendered::Map(_)) {
            *entry = Rendered::Map(RenderedMap::new());
        }
        let Rendered::Map(map) = entry else { return };
        at = map;
    }
    match value {
        Some(value) => {
            at.insert(last.clone(), value);
        }
        None => {
            at.shift_remove(last);
        }
    }
}
