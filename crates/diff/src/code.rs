//! Code: which function or layer gets another, and what differs between two lists of files.

use std::collections::BTreeMap;

use similar::{Algorithm, DiffOp, capture_diff_slices};
use skysmith_template::{Map, Node, Resource, Template};

use crate::compare::{Comparison, Reading};
use crate::model::ResourceChange;

/// A function or a layer that gets other code.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CodeChange {
    /// The resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// The property that has the code.
    pub property: &'static str,
    /// The code it has.
    pub before: Code,
    /// The code it gets.
    pub after: Code,
}

/// Where code is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Code {
    /// An object in a bucket.
    Object {
        /// The bucket.
        bucket: Option<Node>,
        /// The key; of an asset it has the hash of its files.
        key: Node,
        /// The version, if one is asked for.
        version: Option<Node>,
    },
    /// In the template itself.
    Inline(String),
    /// A container image.
    Image(Node),
    /// In no way that is known here, or there is none.
    Other,
}

impl Code {
    /// The code of a function, a layer or the like; `None` for a resource that has none.
    #[must_use]
    pub fn of(resource: Resource<'_>) -> Option<Self> {
        Some(Self::at(resource, place(resource.resource_type()?)?))
    }

    fn at(resource: Resource<'_>, property: &str) -> Self {
        match resource.property(property) {
            Some(Node::String(text)) => Self::Inline(text.clone()),
            node => Self::read(node),
        }
    }

    fn read(node: Option<&Node>) -> Self {
        let Some(map) = node.and_then(Node::as_map) else { return Self::Other };
        let key = |names: [&str; 2]| names.into_iter().find_map(|name| map.get(name)).cloned();
        if let Some(Node::String(text)) = map.get("ZipFile") {
            return Self::Inline(text.clone());
        }
        if let Some(image) = map.get("ImageUri") {
            return Self::Image(image.clone());
        }
        match key(["S3Key", "Key"]) {
            Some(found) => Self::Object {
                bucket: key(["S3Bucket", "Bucket"]),
                key: found,
                version: key(["S3ObjectVersion", "Version"]),
            },
            None => Self::Other,
        }
    }
}

/// The properties with code, by type.
const PLACES: &[(&str, &str)] = &[
    ("AWS::Lambda::Function", "Code"),
    ("AWS::Lambda::LayerVersion", "Content"),
    ("AWS::Serverless::Function", "CodeUri"),
    ("AWS::Synthetics::Canary", "Code"),
    ("AWS::StepFunctions::StateMachine", "DefinitionS3Location"),
    ("AWS::ApiGateway::RestApi", "BodyS3Location"),
    ("AWS::AppSync::Resolver", "Code"),
    ("AWS::CloudFront::Function", "FunctionCode"),
];

fn place(kind: &str) -> Option<&'static str> {
    PLACES.iter().find(|(known, _)| *known == kind).map(|(_, property)| *property)
}

pub(crate) fn changes(before: &Template, after: &Template, resources: &[ResourceChange]) -> Vec<CodeChange> {
    resources
        .iter()
        .filter_map(|change| {
            let kind = change.resource_type()?;
            let property = place(kind)?;
            let (old, new) = (before.resource(&change.logical_id)?, after.resource(&change.logical_id)?);
            let reading = Reading::Text;
            let none = Node::Map(Map::new());
            let node = |it: Resource<'_>| it.property(property).cloned().unwrap_or_else(|| none.clone());
            if Comparison::is_same(&node(old), &node(new), reading) {
                return None;
            }
            Some(CodeChange {
                logical_id: change.logical_id.clone(),
                resource_type: kind.to_owned(),
                property,
                before: Code::at(old, property),
                after: Code::at(new, property),
            })
        })
        .collect()
}

/// A file of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct File {
    /// Its path in the asset.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// A hash of its content, of whatever kind, as long as it is the same for both lists.
    pub hash: String,
}

/// What differs between two lists of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileChanges {
    /// Files that are in one list only or have other content, by path.
    pub files: Vec<FileChange>,
    /// How many are the same.
    pub same: usize,
}

impl FileChanges {
    /// How many files are new, changed and gone.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let of = |before: bool, after: bool| {
            self.files.iter().filter(|it| it.before.is_some() == before && it.after.is_some() == after).count()
        };
        (of(false, true), of(true, true), of(true, false))
    }
}

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileChange {
    /// Its path in the asset.
    pub path: String,
    /// What it was.
    pub before: Option<File>,
    /// What it is.
    pub after: Option<File>,
    /// The path that the same content had before, of a new file that is a removed one under another name.
    pub moved_from: Option<String>,
}

/// Compares the files of two versions of an asset.
///
/// ```
/// use skysmith_diff::{File, compare_files};
///
/// let file = |path: &str, hash: &str| File { path: path.to_owned(), size: 1, hash: hash.to_owned() };
/// let changes = compare_files(&[file("count.py", "a")], &[file("count.py", "b"), file("util.py", "c")]);
/// assert_eq!(changes.counts(), (1, 1, 0));
/// ```
#[must_use]
pub fn compare_files(before: &[File], after: &[File]) -> FileChanges {
    let by_path = |files: &[File]| -> BTreeMap<String, File> {
        files.iter().map(|file| (file.path.clone(), file.clone())).collect()
    };
    let (old, new) = (by_path(before), by_path(after));
    let mut changes = FileChanges::default();
    let gone: Vec<&File> = old.values().filter(|file| !new.contains_key(&file.path)).collect();
    let mut paths: Vec<&String> = old.keys().chain(new.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let (before, after) = (old.get(path).cloned(), new.get(path).cloned());
        if let (Some(before), Some(after)) = (&before, &after)
            && before.hash == after.hash
        {
            changes.same += 1;
            continue;
        }
        let moved_from = match (&before, &after) {
            (None, Some(new)) => {
                gone.iter().find(|old| old.hash == new.hash && old.size > 0).map(|old| old.path.clone())
            }
            _ => None,
        };
        changes.files.push(FileChange { path: path.clone(), before, after, moved_from });
    }
    changes
}

/// How two texts differ, line by line: what stands where they differ, and some lines around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lines {
    /// How many lines are new.
    pub added: usize,
    /// How many lines are gone.
    pub removed: usize,
    /// The places where they differ.
    pub hunks: Vec<Hunk>,
}

/// A place where two texts differ.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hunk {
    /// The number of the first line in the old text, from 1.
    pub before_line: usize,
    /// The number of the first line in the new text, from 1.
    pub after_line: usize,
    /// The lines: those that are gone, those that are new, and those around.
    pub lines: Vec<Line>,
}

/// A line of a [`Hunk`], without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Line {
    /// It is in both.
    Same(String),
    /// It is gone.
    Removed(String),
    /// It is new.
    Added(String),
}

/// Compares two texts line by line, with `context` lines around each difference.
///
/// ```
/// let lines = skysmith_diff::compare_lines("a\nb\nc\n", "a\nB\nc\nd\n", 0);
/// assert_eq!((lines.added, lines.removed, lines.hunks.len()), (2, 1, 2));
/// ```
#[must_use]
pub fn compare_lines(before: &str, after: &str, context: usize) -> Lines {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let mut result = Lines::default();
    let operations = capture_diff_slices(Algorithm::Myers, &old, &new);
    for group in similar::group_diff_ops(operations, context) {
        let Some(first) = group.first() else { continue };
        let mut hunk = Hunk {
            before_line: first.old_range().start + 1,
            after_line: first.new_range().start + 1,
            lines: Vec::new(),
        };
        for operation in group {
            if let DiffOp::Equal { .. } = operation {
                hunk.lines.extend(old[operation.old_range()].iter().map(|line| Line::Same((*line).to_owned())));
                continue;
            }
            result.removed += operation.old_range().len();
            result.added += operation.new_range().len();
            hunk.lines.extend(old[operation.old_range()].iter().map(|line| Line::Removed((*line).to_owned())));
            hunk.lines.extend(new[operation.new_range()].iter().map(|line| Line::Added((*line).to_owned())));
        }
        result.hunks.push(hunk);
    }
    result
}
