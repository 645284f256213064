//! Scopes: cheap handles of a construct in the tree, under which other constructs are made.

use std::any::Any;
use std::fmt;
use std::panic::Location;
use std::path::Path;
use std::rc::Rc;

use crate::aspect::Aspect;
use crate::asset::{self, DirectoryAsset};
use crate::diagnostic::Diagnostic;
use crate::params::Params;
use crate::place::Place;
use crate::reference::{Node, NodeId};
use crate::resource::{PropertyValue, Resource};
use crate::tree::{self, Allowance, Kind, Shared};

/// A construct of the tree, as a place for others.
///
/// A scope is a handle: cloning it is cheap and makes another handle of the same construct. A construct of one's own is
/// any function or struct that takes a `&Scope`:
///
/// ```
/// # use skysmith_core::Scope;
/// struct Counter { /* handles */ }
///
/// impl Counter {
///     fn new(scope: &Scope, id: &str) -> Self {
///         let scope = scope.child(id);
///         // make other constructs in `scope`
///         Self {}
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Scope {
    pub(crate) tree: Shared,
    pub(crate) index: u32,
    /// The place that everything made through this handle is said to come from, instead of the caller's own.
    pub(crate) place: Option<Place>,
}

impl Scope {
    /// A new scope below this one.
    #[track_caller]
    pub fn child(&self, id: &str) -> Self {
        let index = self.add(id, Kind::Scope);
        Self { tree: Rc::clone(&self.tree), index, place: self.place }
    }

    /// The child of that id, if there is one.
    pub fn find_child(&self, id: &str) -> Option<Self> {
        let tree = self.tree.borrow();
        let index = *tree.names.get(&(self.index, id.into()))?;
        Some(Self { tree: Rc::clone(&self.tree), index, place: self.place })
    }

    /// The same scope, with `place` as the source place of everything made through it. A library's construct uses it to
    /// point at the user's line and not at its own.
    #[must_use]
    pub fn made_at(&self, place: Place) -> Self {
        Self { place: Some(place), ..self.clone() }
    }

    /// The source place that a construct made here and now would get.
    #[track_caller]
    pub fn place(&self) -> Place {
        // Not `unwrap_or_else`: a function passed on as a value would call itself the caller.
        match self.place {
            Some(place) => place,
            None => Location::caller(),
        }
    }

    #[track_caller]
    pub(crate) fn add(&self, id: &str, kind: Kind) -> u32 {
        let place = self.place();
        self.tree.borrow_mut().add(Some(self.index), id, kind, place)
    }

    /// The construct's own id.
    pub fn id(&self) -> String {
        self.tree.borrow().element(self.index).id.to_string()
    }

    /// The ids from below the app to here, joined by `/`.
    pub fn path(&self) -> String {
        self.tree.borrow().path(self.index)
    }

    /// The logical id that follows from the construct's path, before any hash of content.
    pub(crate) fn logical_id(&self) -> Option<String> {
        crate::logical_id(&self.tree.borrow().path_in_stack(self.index))
    }

    /// An id that is unique in the app, made of the path by the rule of logical ids.
    pub fn unique_id(&self) -> String {
        let tree = self.tree.borrow();
        crate::logical_id(&tree.path_ids(self.index)).unwrap_or_default()
    }

    /// The scope's number in the tree.
    pub fn node_id(&self) -> NodeId {
        self.tree.borrow().node_id(self.index)
    }

    /// The resource that this construct is, if it is one.
    pub fn as_resource(&self) -> Option<Resource> {
        self.tree.borrow().resource(self.index)?;
        Some(Resource { scope: self.clone() })
    }

    /// The stack that this construct is in. Nothing for the app itself.
    pub fn stack(&self) -> Option<crate::Stack> {
        let index = self.tree.borrow().stack_of(self.index)?;
        Some(crate::Stack { scope: tree::scope(&self.tree, index) })
    }

    /// The account and the region of the nearest stage around this construct that has one.
    pub(crate) fn stage_environment(&self) -> (Option<String>, Option<String>) {
        let tree = self.tree.borrow();
        let (mut account, mut region) = (None, None);
        let mut at = Some(self.index);
        while let Some(index) = at {
            let element = tree.element(index);
            if let Kind::Stage { account: stage_account, region: stage_region } = &element.kind {
                account = account.or_else(|| stage_account.clone());
                region = region.or_else(|| stage_region.clone());
            }
            at = element.parent;
        }
        (account, region)
    }

    /// Whether both are handles of the same construct.
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.tree, &other.tree) && self.index == other.index
    }

    /// The construct itself and everything below it, in the order it was made.
    pub fn descendants(&self) -> Vec<Self> {
        let tree = self.tree.borrow();
        tree.with_descendants(self.index).into_iter().map(|index| tree::scope(&self.tree, index)).collect()
    }

    /// Records an error at this construct. Synthesis goes on, reports all errors at once and writes nothing.
    #[track_caller]
    pub fn error(&self, message: impl Into<String>) {
        let place = self.place();
        self.report(Diagnostic::error(message).at(place));
    }

    /// Records a warning at this construct.
    #[track_caller]
    pub fn warning(&self, message: impl Into<String>) {
        let place = self.place();
        self.report(Diagnostic::warning(message).at(place));
    }

    /// Records a diagnostic at this construct. Where it names no place it gets its property's, else the construct's.
    pub fn report(&self, diagnostic: Diagnostic) {
        self.tree.borrow_mut().report(self.index, diagnostic);
    }

    #[track_caller]
    pub(crate) fn allow(&self, rule: &str, reason: String) {
        let allowance = Allowance { rule: rule.to_owned(), reason, place: self.place() };
        self.tree.borrow_mut().element_mut(self.index).allowances.push(allowance);
    }

    /// Hangs `value` on the construct, for its folds to read. Attachments are the edges of the tree: a grant, a
    /// notification, a policy statement.
    pub fn attach<T: Any>(&self, value: T) {
        let mut tree = self.tree.borrow_mut();
        tree.generation += 1;
        tree.element_mut(self.index).attachments.push(Rc::new(value));
    }

    /// Everything of type `T` that hangs on the construct, in the order it was attached.
    pub fn attached<T: Any>(&self) -> Vec<Rc<T>> {
        let tree = self.tree.borrow();
        tree.element(self.index).attachments.iter().filter_map(|value| Rc::clone(value).downcast().ok()).collect()
    }

    /// Registers a fold: code that turns attachments into properties and resources when the program is done. Folds run
    /// again until nothing new appears, so each must compute its whole result from the attachments and overwrite what it
    /// wrote before.
    pub fn fold(&self, fold: impl Fn() + 'static) {
        self.tree.borrow_mut().folds.push(Rc::new(fold));
    }

    /// Registers a rule of this construct that reads the finished tree and reports what is wrong. It must change
    /// nothing.
    pub fn rule(&self, rule: impl Fn() + 'static) {
        self.tree.borrow_mut().rules.push(Rc::new(rule));
    }

    /// Has `aspect` visit this construct and everything below it, constructs that are made later included, once each.
    pub fn add_aspect(&self, aspect: impl Aspect + 'static) {
        let mut tree = self.tree.borrow_mut();
        let id = tree.node_id(self.index);
        tree.generation += 1;
        tree.aspects.push((id, Rc::new(aspect)));
    }

    /// Tags every resource below this construct that can be tagged. On a stack or an app the tag is the stack's, and
    /// CloudFormation hands it on to the resources. A tag set nearer to a resource wins.
    pub fn tag(&self, key: impl Into<String>, value: impl Into<String>) {
        let (key, value) = (key.into(), value.into());
        let mut tree = self.tree.borrow_mut();
        let tags = &mut tree.element_mut(self.index).tags;
        match tags.iter_mut().find(|(existing, _)| *existing == key) {
            Some((_, existing)) => *existing = value,
            None => tags.push((key, value)),
        }
    }

    /// Sets whatever stands at `path` of the construct's finished body in the template (`Properties.Code.S3Key` of a resource,
    /// `Description` of an output), after everything else has been computed. A number steps into a list.
    pub fn add_override(&self, path: &str, value: impl Into<PropertyValue>) {
        let PropertyValue(value) = value.into();
        self.push_override(path, Some(value));
    }

    /// Deletes whatever stands at `path` of the construct's finished body.
    pub fn add_deletion_override(&self, path: &str) {
        self.push_override(path, None);
    }

    fn push_override(&self, path: &str, value: Option<Node>) {
        let path = path.split('.').map(str::to_owned).collect();
        self.tree.borrow_mut().element_mut(self.index).overrides.push((path, value));
    }

    /// Computes the logical ids of this construct and everything below it as if it stood at `path`, the ids from below the
    /// stack joined by `/`. A construct that was moved in the program keeps its resources that way.
    pub fn alias(&self, path: &str) {
        let ids = path.split('/').map(Into::into).collect();
        self.tree.borrow_mut().element_mut(self.index).alias = Some(ids);
    }

    /// Has everything below `other` made before anything below this construct. Between stacks it is the stacks that wait.
    pub fn depends_on(&self, other: &Self) {
        let same_app = Rc::ptr_eq(&self.tree, &other.tree);
        if !same_app {
            self.error("depends on a construct of another app");
            return;
        }
        self.tree.borrow_mut().edges.push((self.index, other.index));
    }

    /// The parameters that the program was given; see [`Params`].
    pub fn params(&self) -> Rc<Params> {
        Rc::clone(&self.tree.borrow().params)
    }

    /// Adds a directory to the assembly, to be zipped and uploaded before the stack is deployed.
    ///
    /// A relative path starts at the application's folder. What is wrong with the directory (missing, empty, a dangling
    /// link) is recorded as an error here.
    #[track_caller]
    pub fn asset_directory(&self, path: &str) -> DirectoryAsset {
        let place = self.place();
        let is_known = |asset: &&DirectoryAsset| asset.is_readable() && asset.source() == Path::new(path);
        let known = self.tree.borrow().assets.iter().find(is_known).cloned();
        let asset = known.unwrap_or_else(|| {
            asset::directory(path).unwrap_or_else(|error| {
                self.report(Diagnostic::error(error.to_string()).rule("asset").at(place));
                DirectoryAsset::missing(path)
            })
        });
        let mut tree = self.tree.borrow_mut();
        if !tree.assets.iter().any(|known| known.hash() == asset.hash()) {
            tree.assets.push(asset.clone());
        }
        drop(tree);
        if let Some(stack) = self.stack() {
            stack.attach(asset.clone());
        }
        asset
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({})", self.path())
    }
}
