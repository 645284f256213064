//! `skysmith.toml`: what a project's folder says once, so that nobody has to say it on every command line.
//!
//! ```toml
//! app = { package = "object-counter" }      # a package of the Cargo workspace; `bin` as well if it has several programs
//! # app = "npx ts-node app.ts"              # or a command, a folder with an assembly, a template
//! out = "cdk.out"                           # the assembly's folder
//! parameters = "params"                     # the folder of parameter files
//!
//! [environments.prod]                       # chosen with --env prod
//! account = "123456789012"
//! region = "eu-central-1"
//! profile = "prod"
//! role_arn = "arn:aws:iam::123456789012:role/deployer"   # external_id and session_name as well
//! mfa_serial = "arn:aws:iam::210987654321:mfa/me"        # what the profile says, unless it is said here
//! duration = "4h"
//! protect = true                            # nothing is replaced or removed without --allow-data-loss; stateful resources get a stack policy
//! service_role = "arn:aws:iam::123456789012:role/Deploys"                        # the role that CloudFormation takes
//! rollback_alarms = ["arn:aws:cloudwatch:eu-central-1:123456789012:alarm:Errors"] # at most five; an alarm rolls the update back
//! rollback_minutes = 10                     # for how long they are watched after a deployment, 0 to 180 (default: 0)
//! notification_arns = ["arn:aws:sns:eu-central-1:123456789012:Deploys"]          # topics that get the events
//!
//! [tags]                                    # on every stack and what is in it; the app's own tags win
//! team = "web"
//!
//! [deploy]
//! stack_tags = ["application", "environment"] # skysmith:application and skysmith:environment on every stack. Default: none, so that a tool which
//!                                           # deploys the same assembly, such as the CDK, finds nothing to change.
//!                                           # "revision" changes with every commit, and so does every resource that can be tagged
//!
//! [validate]
//! rules = { "log-retention" = "error", "hard-coded-region" = "off" }            # "error", "warning" or "off"; `skysmith explain` lists the rules
//! strict = true                             # warnings fail as errors do: what --strict does
//! ```
//! The revision and the caller are always in the description of the change set, where they cost nothing.
//!
//! A folder that has a `cdk.json` instead is the root of a CDK app: see [`crate::cdk_json`].
//!
//! Relative paths are relative to the file's folder. A key that is not known is an error, with its line and the key that was likely meant.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use skysmith_assembly::SourcePlace;
use skysmith_assembly::protocol::{Diagnostic, Severity};
use skysmith_validate::{Level, Levels, RuleId};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::cdk_json::CdkJson;
use crate::error::{Failure, closest};

/// The file's name.
pub const FILE_NAME: &str = "skysmith.toml";
/// The folder of parameter files, unless the file names another.
const PARAMETERS: &str = "params";
/// The folder for the assembly, unless the file or a flag names another. The CDK's own, so that its tools find it.
pub const OUT: &str = "cdk.out";

/// What can be said of an environment.
const ENVIRONMENT_KEYS: [&str; 8] =
    ["profile", "region", "account", "role_arn", "external_id", "session_name", "mfa_serial", "duration"];

/// What a project works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum App {
    /// A package of the Cargo workspace.
    Package {
        /// The package's name.
        package: String,
        /// The program in it, where it has several.
        bin: Option<String>,
    },
    /// A command, a folder with an assembly, or a template: decided when it is used.
    Text(String),
}

/// What an environment is bound to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The AWS profile for credentials.
    pub profile: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The twelve digits of the account that it must be.
    pub account: Option<String>,
    /// The role to take before anything else.
    pub role_arn: Option<String>,
    /// The external id that the role's owner asks for.
    pub external_id: Option<String>,
    /// The name under which CloudTrail shows what is done with the role.
    pub session_name: Option<String>,
    /// The MFA device with whose code a session is taken.
    pub mfa_serial: Option<String>,
    /// How long a session lasts; a time such as `8h`.
    pub duration: Option<String>,
    /// How stacks are deployed to it.
    pub deployment: Deployment,
}

/// How stacks are deployed to an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// Whether nothing may be replaced or removed without an explicit word.
    pub protect: bool,
    /// The role that CloudFormation takes.
    pub service_role: Option<String>,
    /// ARNs of alarms that roll an update back.
    pub rollback_alarms: Vec<String>,
    /// For how many minutes they are watched after everything is deployed.
    pub rollback_minutes: u16,
    /// ARNs of topics that get the events.
    pub notification_arns: Option<Vec<String>>,
}

/// A tag that says what a stack belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackTag {
    /// The package that describes it.
    Application,
    /// The environment that was chosen.
    Environment,
    /// The commit.
    Revision,
}

impl StackTag {
    const ALL: [(&str, Self); 3] =
        [("application", Self::Application), ("environment", Self::Environment), ("revision", Self::Revision)];

    /// The tag's key.
    pub fn key(self) -> &'static str {
        match self {
            Self::Application => "skysmith:application",
            Self::Environment => "skysmith:environment",
            Self::Revision => "skysmith:revision",
        }
    }
}

/// The file's content, with defaults for what it does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What the project works on.
    pub app: Option<App>,
    /// The assembly's folder, relative to the root.
    pub out: PathBuf,
    /// The folder of parameter files, relative to the root.
    pub parameters: PathBuf,
    /// Whether the file names that folder; then it must exist.
    pub parameters_given: bool,
    /// The environments.
    pub environments: BTreeMap<String, Environment>,
    /// Tags for every stack.
    pub tags: BTreeMap<String, String>,
    /// Tags that say what a stack belongs to; none by default.
    pub stack_tags: Vec<StackTag>,
    /// The rules that have another severity here than in their table.
    pub levels: Levels,
    /// Whether warnings fail.
    pub strict: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            app: None,
            out: PathBuf::from(OUT),
            parameters: PathBuf::from(PARAMETERS),
            parameters_given: false,
            environments: BTreeMap::new(),
            tags: BTreeMap::new(),
            stack_tags: Vec::new(),
            levels: Levels::new(),
            strict: false,
        }
    }
}

/// A project: a folder, and what its file says.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder that relative paths start from: the one with the file, or the one that the command was started in.
    pub root: PathBuf,
    /// Whether there is a file.
    pub has_file: bool,
    /// What the file says, or defaults.
    pub config: Config,
    /// What a cdk.json says, where that is in the root instead of the file.
    pub cdk: Option<CdkJson>,
}

impl Project {
    /// The project around `folder`, which is absolute: the file is looked for there and in every folder above, as Cargo does with its own. A folder that has none, but a cdk.json, is
    /// the root of a CDK app.
    pub fn find(folder: &Path) -> Result<Self, Failure> {
        for root in folder.ancestors() {
            let path = root.join(FILE_NAME);
            match fs::read_to_string(&path) {
                Ok(text) => {
                    let config =
                        parse(&text).map_err(|diagnostics| Failure::findings(diagnostics, "nothing was done"))?;
                    return Ok(Self { root: root.to_owned(), has_file: true, config, cdk: None });
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(Failure::from(error).context(format!("cannot read {}", path.display()))),
            }
            if let Some(cdk) = CdkJson::read(root)? {
                let mut config = Config { app: cdk.app.clone().map(App::Text), ..Config::default() };
                if let Some(output) = &cdk.output {
                    config.out = output.into();
                }
                return Ok(Self { root: root.to_owned(), has_file: false, config, cdk: Some(cdk) });
            }
        }
        Ok(Self { root: folder.to_owned(), has_file: false, config: Config::default(), cdk: None })
    }
}

/// Reads the file's text; all mistakes at once.
fn parse(text: &str) -> Result<Config, Vec<Diagnostic>> {
    let mut reader = Reader { text, mistakes: Vec::new() };
    let mut config = Config::default();
    match DeTable::parse(text) {
        Err(error) => {
            reader.mistake(error.span().unwrap_or_default(), error.message().to_owned());
        }
        Ok(table) => reader.root(table.get_ref(), &mut config),
    }
    reader.mistakes.sort_by_key(|mistake| mistake.place.as_ref().map(|place| place.line));
    if reader.mistakes.is_empty() { Ok(config) } else { Err(reader.mistakes) }
}

/// The keys of [`Deployment`].
const DEPLOYMENT: &[&str] = &["protect", "service_role", "rollback_alarms", "rollback_minutes", "notification_arns"];

struct Reader<'a> {
    text: &'a str,
    mistakes: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn root(&mut self, table: &DeTable<'_>, config: &mut Config) {
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "app" => config.app = self.app(value),
                "out" => self.text_value("out", value).into_iter().for_each(|out| config.out = out.into()),
                "parameters" => {
                    if let Some(folder) = self.text_value("parameters", value) {
                        config.parameters = folder.into();
                        config.parameters_given = true;
                    }
                }
                "environments" => config.environments = self.environments(value),
                "tags" => config.tags = self.tags(value),
                "deploy" => self.deploy(value, config),
                "validate" => self.validate(value, config),
                other => {
                    let known = ["app", "out", "parameters", "environments", "tags", "deploy", "validate"];
                    self.unknown(key, other, "", &known);
                }
            }
        }
    }

    fn app(&mut self, value: &Spanned<DeValue<'_>>) -> Option<App> {
        let (mut package, mut bin) = (None, None);
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => return Some(App::Text(text.clone().into_owned())),
            DeValue::Table(table) => {
                for (key, value) in table {
                    match key.get_ref().as_ref() {
                        "package" => package = self.text_value("app.package", value),
                        "bin" => bin = self.text_value("app.bin", value),
                        other => self.unknown(key, other, "app.", &["package", "bin"]),
                    }
                }
                if package.is_none() && !table.keys().any(|key| key.get_ref() == "package") {
                    self.mistake(value.span(), "`app` needs a `package`");
                }
            }
            _ => self.mistake(
                value.span(),
                "`app` must be a command, a folder, a template, or a table such as { package = \"my-app\" }",
            ),
        }
        Some(App::Package { package: package?, bin })
    }

    fn environments(&mut self, value: &Spanned<DeValue<'_>>) -> BTreeMap<String, Environment> {
        let mut environments = BTreeMap::new();
        let DeValue::Table(table) = value.get_ref() else {
            self.mistake(value.span(), "`environments` must be a table of environments, such as [environments.prod]");
            return environments;
        };
        for (name, value) in table {
            let name = name.get_ref();
            let mut environment = Environment::default();
            let DeValue::Table(table) = value.get_ref() else {
                self.mistake(value.span(), format!("`environments.{name}` must be a table"));
                continue;
            };
            let prefix = format!("environments.{name}.");
            for (key, value) in table {
                if self.deployment(&prefix, key.get_ref(), value, &mut environment.deployment) {
                    continue;
                }
                let field = match key.get_ref().as_ref() {
                    "profile" => &mut environment.profile,
                    "region" => &mut environment.region,
                    "account" => &mut environment.account,
                    "role_arn" => &mut environment.role_arn,
                    "external_id" => &mut environment.external_id,
                    "session_name" => &mut environment.session_name,
                    "mfa_serial" => &mut environment.mfa_serial,
                    "duration" => &mut environment.duration,
                    other => {
                        self.unknown(key, other, &prefix, &[&ENVIRONMENT_KEYS[..], DEPLOYMENT].concat());
                        continue;
                    }
                };
                *field = self.text_value(&format!("{prefix}{}", key.get_ref()), value);
                if key.get_ref() == "duration"
                    && let Some(Err(reason)) = field.as_deref().map(crate::cli::duration)
                {
                    self.mistake(value.span(), format!("`{prefix}duration`: {reason}"));
                }
                if key.get_ref() == "account"
                    && field.as_ref().is_some_and(|text| text.len() != 12 || !text.bytes().all(|b| b.is_ascii_digit()))
                {
                    self.mistake(value.span(), format!("`{prefix}account` must have twelve digits"));
                }
            }
            environments.insert(name.clone().into_owned(), environment);
        }
        environments
    }

    /// Reads a key of [`Deployment`]; whether it is one.
    fn deployment(
        &mut self,
        prefix: &str,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        deployment: &mut Deployment,
    ) -> bool {
        let name = format!("{prefix}{key}");
        let span = value.span();
        match key {
            "protect" => match value.get_ref() {
                DeValue::Boolean(protect) => deployment.protect = *protect,
                _ => self.mistake(span.clone(), format!("`{name}` must be true or false")),
            },
            "service_role" => deployment.service_role = self.arn(&name, value),
            "rollback_alarms" => {
                deployment.rollback_alarms = self.list(&name, value, Self::arn);
                if deployment.rollback_alarms.len() > 5 {
                    self.mistake(span.clone(), format!("`{name}` can have at most five"));
                }
            }
            "rollback_minutes" => {
                let minutes = match value.get_ref() {
                    DeValue::Integer(number) => number.as_str().parse().ok().filter(|minutes| *minutes <= 180),
                    _ => None,
                };
                match minutes {
                    Some(minutes) => deployment.rollback_minutes = minutes,
                    None => self.mistake(span.clone(), format!("`{name}` must be a number from 0 to 180")),
                }
            }
            "notification_arns" => deployment.notification_arns = Some(self.list(&name, value, Self::arn)),
            _ => return false,
        }
        true
    }

    fn tags(&mut self, value: &Spanned<DeValue<'_>>) -> BTreeMap<String, String> {
        let DeValue::Table(table) = value.get_ref() else {
            self.mistake(value.span(), "`tags` must be a table, such as [tags]");
            return BTreeMap::new();
        };
        let mut tags = BTreeMap::new();
        for (key, value) in table {
            let key = key.get_ref();
            if key.starts_with("aws:") {
                self.mistake(value.span(), format!("`tags.{key}`: keys that start with `aws:` are AWS's own"));
            }
            tags.extend(self.text_value(&format!("tags.{key}"), value).map(|value| (key.clone().into_owned(), value)));
        }
        tags
    }

    fn deploy(&mut self, value: &Spanned<DeValue<'_>>, config: &mut Config) {
        let DeValue::Table(table) = value.get_ref() else {
            self.mistake(value.span(), "`deploy` must be a table, such as [deploy]");
            return;
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "stack_tags" => config.stack_tags = self.list("deploy.stack_tags", value, Self::stack_tag),
                other => self.unknown(key, other, "deploy.", &["stack_tags"]),
            }
        }
    }

    fn validate(&mut self, value: &Spanned<DeValue<'_>>, config: &mut Config) {
        let DeValue::Table(table) = value.get_ref() else {
            self.mistake(value.span(), "`validate` must be a table, such as [validate]");
            return;
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "rules" => config.levels = self.rules(value),
                "strict" => match value.get_ref() {
                    DeValue::Boolean(strict) => config.strict = *strict,
                    _ => self.mistake(value.span(), "`validate.strict` must be true or false"),
                },
                other => self.unknown(key, other, "validate.", &["rules", "strict"]),
            }
        }
    }

    fn rules(&mut self, value: &Spanned<DeValue<'_>>) -> Levels {
        let mut levels = Levels::new();
        let DeValue::Table(table) = value.get_ref() else {
            let example = "`validate.rules` must be a table, such as { \"log-retention\" = \"error\" }";
            self.mistake(value.span(), example);
            return levels;
        };
        for (key, value) in table {
            let name = key.get_ref();
            let rule = name.parse::<RuleId>();
            if let Err(unknown) = &rule {
                self.mistake(key.span(), format!("there is no rule `{name}`"));
                self.note(match unknown.suggestion {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => "`skysmith explain` lists all rules".to_owned(),
                });
            }
            let Some(text) = self.text_value(&format!("validate.rules.{name}"), value) else { continue };
            match Level::of(&text) {
                Some(level) => levels.extend(rule.ok().map(|rule| (rule, level))),
                None => {
                    self.mistake(
                        value.span(),
                        format!("`{text}` is no severity; known here: {}", Level::WORDS.join(", ")),
                    );
                }
            }
        }
        levels
    }

    fn stack_tag(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<StackTag> {
        let text = self.text_value(key, value)?;
        let found = StackTag::ALL.iter().find(|(name, _)| *name == text).map(|(_, tag)| *tag);
        if found.is_none() {
            let known = StackTag::ALL.map(|(name, _)| name).join(", ");
            self.mistake(value.span(), format!("`{key}` has `{text}`; known here: {known}"));
        }
        found
    }

    fn arn(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = self.text_value(key, value)?;
        if text.starts_with("arn:") && text.split(':').count() >= 6 {
            return Some(text);
        }
        self.mistake(value.span(), format!("`{key}` must be an ARN; `{text}` is none"));
        None
    }

    fn list<T>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        item: impl Fn(&mut Self, &str, &Spanned<DeValue<'_>>) -> Option<T>,
    ) -> Vec<T> {
        match value.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(|one| item(self, key, one)).collect(),
            _ => {
                self.mistake(value.span(), format!("`{key}` must be a list, such as [\"...\"]"));
                Vec::new()
            }
        }
    }

    fn text_value(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Some(text.clone().into_owned()),
            DeValue::String(_) => {
                self.mistake(value.span(), format!("`{key}` is empty"));
                None
            }
            _ => {
                self.mistake(value.span(), format!("`{key}` must be text in quotes"));
                None
            }
        }
    }

    fn unknown(&mut self, key: &Spanned<impl Sized>, name: &str, prefix: &str, known: &[&str]) {
        self.mistake(key.span(), format!("unknown key `{prefix}{name}`"));
        self.note(match closest(name, known.iter().copied()) {
            Some(close) => format!("did you mean `{prefix}{close}`?"),
            None => format!("known here: {}", known.join(", ")),
        });
    }

    /// Adds what helps to the last mistake.
    fn note(&mut self, note: impl Into<String>) {
        if let Some(mistake) = self.mistakes.last_mut() {
            mistake.notes.push(note.into());
        }
    }

    fn mistake(&mut self, span: Range<usize>, message: impl Into<String>) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let (lines, above) =
            before.rsplit_once('\n').map_or((0, before), |(all, last)| (all.matches('\n').count() + 1, last));
        let meant = self.text.get(span).and_then(|text| text.lines().next()).unwrap_or_default();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let mut diagnostic = Diagnostic::new(Severity::Error, message);
        diagnostic.rule = Some("config".to_owned());
        diagnostic.place = Some(SourcePlace {
            column: Some(number(above.chars().count() + 1)),
            length: Some(number(meant.trim_end().chars().count().max(1))),
            ..SourcePlace::line(FILE_NAME, number(lines + 1))
        });
        self.mistakes.push(diagnostic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<(u32, String)> {
        let line = |diagnostic: &Diagnostic| diagnostic.place.as_ref().unwrap().line;
        parse(text)
            .unwrap_err()
            .iter()
            .map(|diagnostic| {
                (line(diagnostic), [vec![diagnostic.message.clone()], diagnostic.notes.clone()].concat().join("; "))
            })
            .collect()
    }

    #[test]
    fn all_of_it() {
        let config = parse(
            "app = { package = \"object-counter\" }\nout = \"x\"\n[environments.dev]\nregion = \"eu-west-1\"\naccount = \"123456789012\"\n",
        )
        .unwrap();
        assert_eq!(config.app, Some(App::Package { package: "object-counter".to_owned(), bin: None }));
        assert_eq!(config.out, Path::new("x"));
        assert_eq!(config.parameters, Path::new("params"));
        assert_eq!(config.environments["dev"].region.as_deref(), Some("eu-west-1"));
        assert_eq!(parse("app = 'sh app.sh'").unwrap().app, Some(App::Text("sh app.sh".to_owned())));
        assert_eq!(parse("").unwrap(), Config::default());
    }

    #[test]
    fn how_to_deploy() {
        let text = "[tags]\nteam = \"web\"\n[deploy]\nstack_tags = [\"revision\"]\n[environments.prod]\nprotect = true\nservice_role = \"arn:aws:iam::1:role/R\"\n\
                    rollback_alarms = [\"arn:aws:cloudwatch:r:1:alarm:A\"]\nrollback_minutes = 5\nnotification_arns = []\n";
        let config = parse(text).unwrap();
        assert_eq!(config.tags["team"], "web");
        assert_eq!(config.stack_tags, [StackTag::Revision]);
        let prod = &config.environments["prod"].deployment;
        assert!(prod.protect && prod.service_role.is_some() && prod.notification_arns.as_deref() == Some(&[]));
        assert_eq!((prod.rollback_alarms.len(), prod.rollback_minutes), (1, 5));
        assert_eq!(Config::default().stack_tags, []);
        let wrong = "[deploy]\nstack_tags = [\"owner\"]\n[environments.p]\nprotect = \"yes\"\nservice_role = \"R\"\nrollback_minutes = 999\nnotification_arns = \"x\"\n[tags]\n\"aws:x\" = \"y\"\n";
        let found: Vec<_> = mistakes(wrong);
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4, 5, 6, 7, 9], "{found:?}");
    }

    #[test]
    fn mistakes_have_their_line_and_a_suggestion() {
        assert_eq!(
            mistakes(
                "# c\nparamters = \"p\"\napp = { pakage = \"x\" }\n[environments.dev]\naccount = \"12\"\nzone = 1\n"
            ),
            [
                (2, "unknown key `paramters`; did you mean `parameters`?".to_owned()),
                (3, "unknown key `app.pakage`; did you mean `app.package`?".to_owned()),
                (3, "`app` needs a `package`".to_owned()),
                (5, "`environments.dev.account` must have twelve digits".to_owned()),
                (6, "unknown key `environments.dev.zone`; known here: profile, region, account, role_arn, external_id, session_name, mfa_serial, duration, protect, service_role, rollback_alarms, rollback_minutes, notification_arns".to_owned()),
            ]
        );
        assert_eq!(
            mistakes("app = 3"),
            [(
                1,
                "`app` must be a command, a folder, a template, or a table such as { package = \"my-app\" }".to_owned()
            )]
        );
        let rules = "[validate]\nstrict = 1\nrules = { lambda-memry = \"off\", log-retention = \"deny\", x = 1 }\n";
        assert_eq!(
            mistakes(rules),
            [
                (2, "`validate.strict` must be true or false".to_owned()),
                (3, "there is no rule `lambda-memry`; did you mean `lambda-memory`?".to_owned()),
                (3, "`deny` is no severity; known here: error, warning, off".to_owned()),
                (3, "there is no rule `x`; `skysmith explain` lists all rules".to_owned()),
                (3, "`validate.rules.x` must be text in quotes".to_owned()),
            ]
        );
        let config = parse("[validate]\nstrict = true\nrules = { log-retention = \"error\" }\n").unwrap();
        assert!(config.strict && config.levels == Levels::from([(RuleId::LogRetention, Level::Error)]));
        assert_eq!(mistakes("\n\napp = \n")[0].0, 3);
        assert_eq!(mistakes("out = ''"), [(1, "`out` is empty".to_owned())]);
    }
}
