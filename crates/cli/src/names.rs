//! What people call the resources of a stack: the construct's path and the line that made it, in place of a logical id.

use std::borrow::Cow;
use std::collections::HashMap;

use skysmith_assembly::{MetadataEntry, SourcePlace, Stack};

/// The path below the stack, and the line that made it.
type Name = (String, Option<SourcePlace>);

/// The names of one stack's resources.
#[derive(Clone, Debug, Default)]
pub struct Names {
    by_id: HashMap<String, Name>,
    /// Those in nested stacks, by the logical ids from the outermost nested stack down to the resource.
    nested: HashMap<Vec<String>, Name>,
}

impl Names {
    /// What the assembly says of the stack.
    pub fn of(stack: &Stack) -> Self {
        let name = |path: &str, entry: &MetadataEntry| {
            let place = entry.trace.iter().find_map(|line| SourcePlace::parse(line));
            (short(stack, path).to_owned(), place)
        };
        let nested = stack.nested_paths().map(|(around, id, path, entry)| {
            let key = around.into_iter().chain([id]).map(str::to_owned).collect();
            (key, name(path, entry))
        });
        Self {
            by_id: stack.paths().map(|(id, path, entry)| (id.to_owned(), name(path, entry))).collect(),
            nested: nested.collect(),
        }
    }

    /// The names of what is in a nested stack, as seen from there: of all that the app says something of, and of the resources `ids`.
    pub fn inside<'a>(&self, nested: &str, ids: impl Iterator<Item = &'a str>) -> Self {
        let around = [nested.to_owned()];
        let mut inside = Self::default();
        for (key, name) in self.nested.iter().filter(|(key, _)| key[0] == nested) {
            match &key[1..] {
                [id] => inside.by_id.insert(id.clone(), name.clone()),
                further => inside.nested.insert(further.to_vec(), name.clone()),
            };
        }
        for id in ids {
            let name = || (self.name_in(&around, id).into_owned(), self.place_in(&around, id).cloned());
            inside.by_id.entry(id.to_owned()).or_insert_with(name);
        }
        inside
    }

    /// Names for a test.
    #[cfg(test)]
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        let by_id = pairs.iter().map(|(id, name)| ((*id).to_owned(), ((*name).to_owned(), None))).collect();
        Self { by_id, ..Self::default() }
    }

    /// The construct's path below its stack; the logical id where nothing is known.
    pub fn name<'a>(&'a self, logical_id: &'a str) -> &'a str {
        self.by_id.get(logical_id).map_or(logical_id, |(name, _)| name)
    }

    /// The same of a resource in nested stacks, whose logical ids are given from the outermost. What the app says nothing of has the name of the nested
    /// stack around it before its logical id.
    pub fn name_in<'a>(&'a self, nested_in: &[String], logical_id: &'a str) -> Cow<'a, str> {
        let Some((last, around)) = nested_in.split_last() else { return self.name(logical_id).into() };
        let key: Vec<String> = nested_in.iter().cloned().chain([logical_id.to_owned()]).collect();
        match self.nested.get(&key) {
            Some((name, _)) => name.into(),
            None => format!("{}/{logical_id}", self.name_in(around, last)).into(),
        }
    }

    /// The line of the app's source that made a resource in nested stacks; else the one that made the innermost of these of which it is known.
    pub fn place_in(&self, nested_in: &[String], logical_id: &str) -> Option<&SourcePlace> {
        let Some((last, around)) = nested_in.split_last() else { return self.place(logical_id) };
        let key: Vec<String> = nested_in.iter().cloned().chain([logical_id.to_owned()]).collect();
        let place = self.nested.get(&key).and_then(|(_, place)| place.as_ref());
        place.or_else(|| self.place_in(around, last))
    }

    /// The line of the app's source that made it.
    pub fn place(&self, logical_id: &str) -> Option<&SourcePlace> {
        self.by_id.get(logical_id)?.1.as_ref()
    }
}

/// `object-counter/Counter/Table/Resource` to `Counter/Table`: what is the same for all is left out.
fn short<'a>(stack: &Stack, path: &'a str) -> &'a str {
    let inside = [&stack.display_name, &stack.id]
        .into_iter()
        .find_map(|name| path.strip_prefix(name.as_str())?.strip_prefix('/'))
        .unwrap_or(path);
    if let Some((beside, _)) = inside.rsplit_once('/').filter(|(_, last)| last.ends_with(".NestedStackResource")) {
        return beside.strip_suffix(".NestedStack").unwrap_or(inside);
    }
    inside.strip_suffix("/Resource").or_else(|| inside.strip_suffix("/Default")).unwrap_or(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shortened() {
        let mut stack = Stack::plain("app", "x");
        stack.display_name = "Live/app".to_owned();
        for (path, name) in [
            ("Live/app/Counter/Table/Resource", "Counter/Table"),
            ("Live/app/Bucket", "Bucket"),
            ("app/Fn/Default", "Fn"),
            ("other/X", "other/X"),
            ("Live/app/Resource", "Resource"),
            ("Live/app/A/In.NestedStack/In.NestedStackResource", "A/In"),
        ] {
            assert_eq!(short(&stack, path), name);
        }
    }

    #[test]
    fn names_in_nested_stacks_are_their_own() {
        let mut stack = Stack::plain("app", "x");
        let entry = |path: &str, id: &str, place: &str| {
            (format!("app/{path}"), vec![MetadataEntry::logical_id(id, Some(place.to_owned()))])
        };
        stack.metadata = vec![
            entry("Queue/Resource", "Queue1", "a.rs:1"),
            entry("In.NestedStack/In.NestedStackResource", "InNested", "a.rs:2"),
            entry("In/Queue/Resource", "Queue1", "a.rs:3"),
            entry("In/Deep.NestedStack/Deep.NestedStackResource", "DeepNested", "a.rs:4"),
            entry("In/Deep/Queue/Resource", "Queue1", "a.rs:5"),
            entry("Inside/Queue/Resource", "Queue2", "a.rs:6"),
        ];
        let names = Names::of(&stack);
        let around = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let (one, two) = (around(&["InNested"]), around(&["InNested", "DeepNested"]));
        assert_eq!(
            [names.name("Queue1"), names.name("InNested"), names.name("Queue2")],
            ["Queue", "In", "Inside/Queue"]
        );
        assert_eq!([names.name_in(&one, "Queue1"), names.name_in(&two, "Queue1")], ["In/Queue", "In/Deep/Queue"]);
        assert_eq!([names.name_in(&[], "Queue1"), names.name_in(&two, "Other")], ["Queue", "In/Deep/Other"]);
        let line = |ids: &[String], id: &str| names.place_in(ids, id).map(|place| place.line);
        assert_eq!([line(&two, "Queue1"), line(&two, "Other"), line(&one, "DeepNested")], [Some(5), Some(4), Some(4)]);

        let inside = names.inside("InNested", ["Queue1", "Other"].into_iter());
        assert_eq!(
            [inside.name("Queue1"), inside.name("Other"), inside.name("Queue2")],
            ["In/Queue", "In/Other", "Queue2"]
        );
        assert_eq!(inside.name_in(&around(&["DeepNested"]), "Queue1"), "In/Deep/Queue");
        assert_eq!(inside.place("Other").map(|place| place.line), Some(2));
    }
}
