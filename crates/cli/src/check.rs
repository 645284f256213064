//! Checking templates that no Skysmith app has checked: another app's, or ones written by hand.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use skysmith_assembly::protocol::{Diagnostic, Severity, Silenced};
use skysmith_assembly::{MetadataEntry, SourcePlace, Stack};
use skysmith_template::{Document, Node, Resource, Step};
use skysmith_validate::{Finding, Levels};

use crate::app::{self, Loaded};
use crate::error::Failure;
use crate::handlers::{self, Missing};
use crate::output::{diagnostics, paths};
use crate::parallel;
use crate::points;
use crate::session::Session;

/// Nested stacks in nested stacks; a template that names itself would otherwise be read for ever.
const MAX_DEPTH: usize = 8;

/// What is known of the stacks.
#[derive(Debug, Default)]
pub struct Checked {
    /// What is wrong with them.
    pub findings: Vec<Diagnostic>,
    /// What counts for nothing.
    pub silenced: Vec<Silenced>,
}

impl Checked {
    /// Whether it is to end in a failure.
    pub fn fails(&self, session: &Session) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
            || (session.is_strict() && !self.findings.is_empty())
    }
}

/// Everything that is known to be wrong with the stacks, and what the app said of itself.
pub fn findings(session: &Session, loaded: &Loaded, stacks: &[&Stack]) -> Result<Checked, Failure> {
    let mut checked = Checked { findings: loaded.warnings.clone(), silenced: loaded.silenced.clone() };
    // A Skysmith app has checked its own templates, nested ones included.
    if !loaded.checked {
        let levels = session.levels();
        let folder = loaded.folder.as_deref();
        let region = session.region();
        let of_each = parallel::map(stacks, |stack| {
            let mut checked = Checked::default();
            let mut check =
                Check { stack, levels: &levels, region: region.clone(), folder, known: None, checked: &mut checked };
            check.template(&stack.template_file, &mut Vec::new()).map(|()| checked)
        });
        for of_one in of_each {
            let Checked { findings, silenced } = of_one?;
            checked.findings.extend(findings);
            checked.silenced.extend(silenced);
        }
    }
    Ok(checked)
}

/// Lets errors end the command before anything is done, and shows warnings.
pub fn require(session: &Session, loaded: &Loaded, stacks: &[&Stack]) -> Result<(), Failure> {
    let checked = findings(session, loaded, stacks)?;
    let fails = checked.fails(session);
    let Checked { findings, silenced } = checked;
    if fails {
        let has_errors = findings.iter().any(|finding| finding.severity == Severity::Error);
        let outcome = match has_errors {
            true if loaded.fresh => "the stacks cannot be deployed",
            true => "nothing was done",
            false => "refused, since warnings count as errors here (--strict)",
        };
        return Err(Failure::Findings { diagnostics: findings, silenced, outcome });
    }
    let ui = &session.ui;
    app::show_warnings(session, &findings);
    ui.detail(&ui.silenced(&silenced));
    if !findings.is_empty() || (ui.is_verbose() && !silenced.is_empty()) {
        ui.say(&format!("{}\n{}", diagnostics::counts(&findings, silenced.len()), diagnostics::more(&findings)));
    }
    Ok(())
}

/// A construct's path, and the line that made it.
type Known<'a> = (&'a str, Option<SourcePlace>);

/// The check of one stack.
struct Check<'a> {
    stack: &'a Stack,
    levels: &'a Levels,
    region: Option<String>,
    /// The assembly's folder.
    folder: Option<&'a Path>,
    /// What the assembly says of resources, by the logical ids of the nested stacks around them and their own. Made when it is needed.
    known: Option<HashMap<Vec<&'a str>, Known<'a>>>,
    checked: &'a mut Checked,
}

impl Check<'_> {
    /// Checks a template and those nested in it. `around` has the logical ids of the nested stacks that it is in.
    fn template(&mut self, file: &Path, around: &mut Vec<String>) -> Result<(), Failure> {
        let document = app::template_file(file)?;
        // For a stack of no particular region, the one that was chosen.
        let region = self.stack.environment.region.as_deref().or(self.region.as_deref());
        let judged = skysmith_validate::judge(&document.template, region, self.levels);
        for finding in judged.findings {
            let diagnostic = self.diagnostic(finding, &document, file, around);
            self.checked.findings.push(diagnostic);
        }
        for silenced in judged.silenced {
            let diagnostic = self.diagnostic(silenced.finding, &document, file, around);
            self.checked.silenced.push(Silenced { diagnostic, reason: silenced.reason });
        }
        for missing in handlers::missing(self.stack, &document.template) {
            let diagnostic = self.handler(missing, &document, file, around);
            self.checked.findings.push(diagnostic);
        }
        for resource in document.template.resources() {
            if around.len() < MAX_DEPTH
                && let Some(nested) = self.nested(resource, file)
            {
                around.push(resource.logical_id().to_owned());
                self.template(&nested, around)?;
                around.pop();
            }
        }
        Ok(())
    }

    /// The file with the template of a nested stack, where it is at hand: in the assembly, or beside a template that was written by hand.
    fn nested(&self, resource: Resource<'_>, file: &Path) -> Option<PathBuf> {
        if resource.resource_type() != Some("AWS::CloudFormation::Stack") {
            return None;
        }
        let beside = file.parent()?;
        match self.folder {
            Some(folder) => {
                let metadata = resource.metadata()?;
                let text = |key: &str| metadata.get(key).and_then(Node::as_str);
                let name = text("aws:asset:path").filter(|_| text("aws:asset:property") == Some("TemplateURL"))?;
                let nested = beside.join(name).canonicalize().ok()?;
                // An assembly does not lead out of its folder.
                nested.starts_with(folder.canonicalize().ok()?).then(|| beside.join(name))
            }
            None => {
                let name = resource.property("TemplateURL")?.as_str().filter(|url| !url.contains("://"))?;
                let nested = beside.join(name);
                (app::looks_like_template(name) && nested.is_file()).then_some(nested)
            }
        }
    }

    fn diagnostic(&mut self, finding: Finding, document: &Document, file: &Path, around: &[String]) -> Diagnostic {
        let severity = match finding.severity {
            skysmith_validate::Severity::Error => Severity::Error,
            skysmith_validate::Severity::Warning => Severity::Warning,
        };
        let id = finding.logical_id.as_deref();
        let resource = id.and_then(|id| document.template.resource(id));
        let (path, place) = self.origin(id, resource, around);
        Diagnostic {
            severity,
            rule: Some(finding.rule.to_string()),
            property: finding.shown_path(),
            path: Some(path),
            resource_type: resource.and_then(Resource::resource_type).map(str::to_owned),
            // The app's source is not known, or the template is the source.
            place: Some(place.unwrap_or_else(|| points::of(&finding, document, &paths::shown(file)))),
            message: finding.message,
            notes: finding.notes,
        }
    }

    fn handler(&mut self, missing: Missing<'_>, document: &Document, file: &Path, around: &[String]) -> Diagnostic {
        let id = missing.logical_id;
        let resource = document.template.resource(id);
        let (path, place) = self.origin(Some(id), resource, around);
        let span = document.source.span(&["Resources", id, "Properties", "Handler"].map(Step::Key));
        Diagnostic {
            rule: Some("lambda-handler".to_owned()),
            property: Some("Handler".to_owned()),
            path: Some(path),
            resource_type: resource.and_then(Resource::resource_type).map(str::to_owned),
            place: place.or_else(|| Some(points::place(&paths::shown(file), span?))),
            notes: missing.notes,
            ..Diagnostic::new(Severity::Error, missing.message)
        }
    }

    /// The construct behind a logical id, or the stack, and the line that made it.
    fn origin(
        &mut self,
        id: Option<&str>,
        resource: Option<Resource<'_>>,
        around: &[String],
    ) -> (String, Option<SourcePlace>) {
        let ids: Vec<&str> = around.iter().map(String::as_str).chain(id).collect();
        let stack = self.stack;
        let known = self.known.get_or_insert_with(|| known(stack)).get(&ids);
        let by_cdk = || resource?.metadata()?.get("aws:cdk:path")?.as_str();
        let path = match known.map(|(path, _)| *path).or_else(by_cdk) {
            Some(path) => path.strip_suffix("/Resource").unwrap_or(path).to_owned(),
            None => [stack.display_name.as_str()].into_iter().chain(ids).collect::<Vec<_>>().join("/"),
        };
        (path, known.and_then(|(_, place)| place.clone()))
    }
}

fn known(stack: &Stack) -> HashMap<Vec<&str>, Known<'_>> {
    let place = |entry: &MetadataEntry| entry.trace.iter().find_map(|line| SourcePlace::parse(line));
    let own = stack.paths().map(|(id, path, entry)| (vec![id], (path, place(entry))));
    let nested = stack.nested_paths().map(|(mut ids, id, path, entry)| {
        ids.push(id);
        (ids, (path, place(entry)))
    });
    own.chain(nested).collect()
}
