//! What people call the resources of a stack: the construct's path and the line that made it, in place of a logical id.

use std::collections::HashMap;

use skysmith_assembly::{SourcePlace, Stack};

/// The names of one stack's resources.
#[derive(Clone, Debug, Default)]
pub struct Names {
    by_id: HashMap<String, (String, Option<SourcePlace>)>,
}

impl Names {
    /// What the assembly says of the stack.
    pub fn of(stack: &Stack) -> Self {
        let name = |(id, path, entry): (&str, &str, &skysmith_assembly::MetadataEntry)| {
            let place = entry.trace.iter().find_map(|line| SourcePlace::parse(line));
            (id.to_owned(), (short(stack, path).to_owned(), place))
        };
        Self { by_id: stack.paths().map(name).collect() }
    }

    /// Names for a test.
    #[cfg(test)]
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        Self { by_id: pairs.iter().map(|(id, name)| ((*id).to_owned(), ((*name).to_owned(), None))).collect() }
    }

    /// The construct's path below its stack; the logical id where nothing is known.
    pub fn name<'a>(&'a self, logical_id: &'a str) -> &'a str {
        self.by_id.get(logical_id).map_or(logical_id, |(name, _)| name)
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
        ] {
            assert_eq!(short(&stack, path), name);
        }
    }
}
