//! `cargo xtask bless`: the applications' synthesized templates, committed under `templates/`, and the tables in the documents that tests write.
//!
//! The tests prove that they are current. What this changes is to be looked at: it is what a deploy would change.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    program::{self, Profile},
    tools::{self, root},
};

const TEMPLATE: &str = ".template.json";

/// Synthesizes every application with its committed parameters, and puts the templates in place of the committed ones.
pub fn run() -> Result<()> {
    let root = root();
    let skysmith = program::build("skysmith-cli", Profile::Development)?;
    let mut templates = BTreeMap::new();
    for app in subfolders(&root.join("apps"))? {
        for (name, text) in synthesize(&root, &skysmith, &app).with_context(|| app.display().to_string())? {
            if templates.insert(name.clone(), text).is_some() {
                bail!("two applications have a stack of the name {name}");
            }
        }
    }
    let folder = root.join("templates");
    fs::create_dir_all(&folder)?;
    let before = read_templates(&folder)?;
    for (name, text) in &templates {
        let path = folder.join(format!("{name}{TEMPLATE}"));
        let word = match before.get(name) {
            Some(old) if old == text => "current",
            Some(_) => "changed",
            None => "new",
        };
        fs::write(&path, text).with_context(|| path.display().to_string())?;
        eprintln!("    {word:<8} templates/{name}{TEMPLATE}");
    }
    for name in before.keys().filter(|name| !templates.contains_key(*name)) {
        fs::remove_file(folder.join(format!("{name}{TEMPLATE}")))?;
        eprintln!("    removed  templates/{name}{TEMPLATE}");
    }
    write_tables(&root)
}

/// What tests write into the documents: the table of the deploy engine's state machine, and that of faults.
fn write_tables(root: &Path) -> Result<()> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--quiet", "--package", "skysmith-deploy", "--lib", "state::table"]).current_dir(root);
    program::succeed(command.env("SKYSMITH_TEST_BLESS", "1"))?;
    eprintln!("    current  architecture/DEPLOY.md");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--quiet", "--package", "skysmith-cli", "--test", "faults", "document"]).current_dir(root);
    program::succeed(command.env("SKYSMITH_TEST_BLESS", "1"))?;
    eprintln!("    current  architecture/FAULTS.md");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--quiet", "--package", "skysmith-diff", "--test", "judges"]).current_dir(root);
    for (name, place) in tools::environment()?.into_iter().chain(tools::cdk_environment()?) {
        command.env(name, place);
    }
    program::succeed(command.env("SKYSMITH_TEST_BLESS", "1"))?;
    eprintln!("    current  architecture/DIFF.md");
    Ok(())
}

/// The templates of one application by the stacks' names.
fn synthesize(root: &Path, skysmith: &Path, app: &Path) -> Result<BTreeMap<String, String>> {
    let package = app.file_name().unwrap_or_default().to_string_lossy();
    check_setting(app, &package)?;
    let out = root.join("target/bless").join(&*package);
    let mut command = Command::new(skysmith);
    command.args(["synth", "--quiet"]).current_dir(app).env("SKYSMITH_OUT", &out);
    // The committed parameters and nothing of whoever runs this.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SKYSMITH_") && name != "SKYSMITH_OUT" {
            command.env_remove(name);
        }
    }
    program::succeed(&mut command)?;
    let templates = read_templates(&out)?;
    if templates.is_empty() {
        bail!("no template in {}", out.display());
    }
    Ok(templates)
}

/// The settings that hold in an application's folder must name that application, or another one would be blessed twice.
fn check_setting(app: &Path, package: &str) -> Result<()> {
    let settings = app.ancestors().map(|folder| folder.join("skysmith.toml")).find(|file| file.is_file());
    let settings = settings.context("there is no skysmith.toml here or above")?;
    let text = fs::read_to_string(&settings)?;
    if !text.contains(&format!("package = \"{package}\"")) {
        bail!("{} names another app: this one needs a skysmith.toml of its own", settings.display());
    }
    Ok(())
}

fn subfolders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.join("Cargo.toml").is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The templates in a folder by the part of the file's name before `.template.json`.
fn read_templates(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(stack) = name.strip_suffix(TEMPLATE) {
            found.insert(stack.to_owned(), fs::read_to_string(&path)?);
        }
    }
    Ok(found)
}
