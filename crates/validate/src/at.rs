//! Where in the template a check stands, without an allocation until there is something to report.

use crate::finding::PathStep;

/// A place: a chain of steps that lives on the stack of the walk.
#[derive(Clone, Copy)]
pub(crate) enum At<'a> {
    Root,
    Key(&'a Self, &'a str),
    Index(&'a Self, usize),
}

impl<'a> At<'a> {
    pub(crate) fn key<'b>(&'b self, key: &'b str) -> At<'b>
    where
        'a: 'b,
    {
        At::Key(self, key)
    }

    pub(crate) fn index(&self, index: usize) -> At<'_> {
        At::Index(self, index)
    }

    /// The steps from the root.
    pub(crate) fn to_path(self) -> Vec<PathStep> {
        let mut path = Vec::with_capacity(8);
        let mut place = &self;
        loop {
            match place {
                Self::Root => break,
                Self::Key(before, key) => {
                    path.push(PathStep::Key((*key).to_owned()));
                    place = before;
                }
                Self::Index(before, index) => {
                    path.push(PathStep::Index(*index));
                    place = before;
                }
            }
        }
        path.reverse();
        path
    }
}
