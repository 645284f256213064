//! Where in a value something differs.

use std::fmt;

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathStep {
    /// To the entry of a map. Inside a function this is its name, `Fn::If`, and what follows is the place of the argument.
    Key(String),
    /// To the item of a list that has no name of its own.
    Index {
        /// Where it stood, if it was there.
        before: Option<usize>,
        /// Where it stands, if it is there.
        after: Option<usize>,
    },
    /// To the item of a list that is told from the others by what it has under `key`.
    Item {
        /// Such as `IndexName`.
        key: String,
        /// Such as `by-owner`.
        value: String,
        /// Where it stood, if it was there.
        before: Option<usize>,
        /// Where it stands, if it is there.
        after: Option<usize>,
    },
}

impl PathStep {
    /// To an item that stands in the same place before and after.
    pub(crate) fn at(index: usize) -> Self {
        Self::Index { before: Some(index), after: Some(index) }
    }

    /// To the entry of a map.
    pub(crate) fn key(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

/// The steps from the properties of a resource, or from an entry of a section, to a value.
///
/// Written as `KeySchema[RANGE].AttributeName`; an item without a name by its place in the new list, or in the old one if it
/// is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Path(Vec<PathStep>);

impl Path {
    /// The steps.
    pub fn steps(&self) -> &[PathStep] {
        &self.0
    }

    /// The first key: the top-level property.
    pub fn property(&self) -> Option<&str> {
        match self.0.first() {
            Some(PathStep::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// Such as `KeySchema` for [`Path::property`].
    pub(crate) fn of(keys: &[&str]) -> Self {
        keys.iter().map(|key| PathStep::key(key)).collect()
    }

    pub(crate) fn push(&mut self, step: PathStep) {
        self.0.push(step);
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    /// Whether this is at or below `other` in the new value.
    pub(crate) fn is_below(&self, other: &Self) -> bool {
        let is_same = |(a, b): (&PathStep, &PathStep)| match (a, b) {
            (PathStep::Index { after, .. }, PathStep::Index { after: other, .. }) => after == other,
            (PathStep::Item { key, value, .. }, PathStep::Item { key: other_key, value: other, .. }) => {
                key == other_key && value == other
            }
            _ => a == b,
        };
        self.0.len() >= other.0.len() && self.0.iter().zip(&other.0).all(is_same)
    }
}

impl FromIterator<PathStep> for Path {
    fn from_iter<I: IntoIterator<Item = PathStep>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Key(key) if index == 0 => f.write_str(key)?,
                PathStep::Key(key) => write!(f, ".{key}")?,
                PathStep::Index { before, after } => write!(f, "[{}]", after.or(*before).unwrap_or_default())?,
                PathStep::Item { value, .. } => write!(f, "[{value}]")?,
            }
        }
        Ok(())
    }
}
