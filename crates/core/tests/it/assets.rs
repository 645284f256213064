//! Directories as assets.

use std::fs;
use std::path::PathBuf;

use skysmith_core::{App, Stack};

use crate::{complaints, synthesize};

/// A folder that is gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("skysmith-core-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: &str) -> &Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn hash(&self) -> String {
        let app = App::new();
        Stack::new(&app, "s").asset_directory(self.path()).hash().to_owned()
    }

    fn complaint(&self) -> String {
        let app = App::new();
        Stack::new(&app, "s").asset_directory(self.path());
        complaints(&app).join("\n")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_hash_is_of_names_and_contents_and_of_nothing_else() {
    let (a, b) = (Folder::new("hash-a"), Folder::new("hash-b"));
    a.file("x.py", "1").file("d/y.py", "2");
    b.file("d/y.py", "2").file("x.py", "1").file("__pycache__/x.pyc", "noise");
    assert_eq!(a.hash(), b.hash());
    b.file("d/y.py", "3");
    assert_ne!(a.hash(), b.hash());
    // The same bytes, divided among the names in another way.
    let (c, d) = (Folder::new("hash-c"), Folder::new("hash-d"));
    c.file("a", "bc");
    d.file("ab", "c");
    assert_ne!(c.hash(), d.hash());
}

#[test]
fn an_asset_is_in_the_assembly_once() {
    let folder = Folder::new("once");
    folder.file("x.py", "1");
    let app = App::new();
    let stack = Stack::new(&app, "s");
    stack.asset_directory(folder.path());
    stack.asset_directory(folder.path());
    let synthesis = synthesize(&app);
    assert_eq!(synthesis.assets.len(), 1);
    assert_eq!(synthesis.stacks[0].assets.len(), 1);
}

#[test]
fn what_is_wrong_with_a_directory_is_said() {
    let folder = Folder::new("wrong");
    assert!(folder.complaint().starts_with("asset: the directory"), "{}", folder.complaint());
    assert!(folder.complaint().ends_with("has no files in it"));
    folder.file("f", "");
    let app = App::new();
    Stack::new(&app, "s").asset_directory(&format!("{}/f", folder.path()));
    Stack::new(&app, "t").asset_directory("no/such/folder");
    let complaints = complaints(&app);
    assert!(complaints[0].ends_with("/f` is not a directory"), "{complaints:?}");
    assert!(complaints[1].starts_with("asset: there is no directory `no/such/folder` in /"), "{complaints:?}");
}

#[cfg(unix)]
#[test]
fn links_stay_inside() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("links");
    folder.file("x.py", "1");
    symlink("x.py", folder.0.join("inside.py")).unwrap();
    assert_eq!(folder.complaint(), "");
    symlink("/etc/hostname", folder.0.join("outside")).unwrap();
    assert!(folder.complaint().ends_with("is a link that leaves the directory"), "{}", folder.complaint());
    fs::remove_file(folder.0.join("outside")).unwrap();
    symlink("gone", folder.0.join("dangling")).unwrap();
    assert!(folder.complaint().ends_with("is a link to `gone`, which does not exist"), "{}", folder.complaint());
    fs::remove_file(folder.0.join("dangling")).unwrap();
    symlink(".", folder.0.join("loop")).unwrap();
    assert!(folder.complaint().ends_with("is a link that leaves the directory"), "{}", folder.complaint());
}
