//! The app as the command line runs it: parameters in, assembly and diagnostics out.
//!
//! The protocol is the CDK's where that has one, so that `cdk --app` can run a Skysmith program as well. See
//! [`skysmith_assembly::protocol`].

use std::cell::RefCell;
use std::env;
use std::error::Error as StdError;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::ops::Deref;
use std::panic::{self, AssertUnwindSafe, Location};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use skysmith_assembly::SourcePlace;
use skysmith_assembly::protocol::{self, Context, Diagnostics};
use skysmith_core::{Catalog, Param, Params, Severity, Synthesis, TagStyle};
use skysmith_validate::{self as validate, Level, Levels};

/// Where the assembly goes when nobody says.
const DEFAULT_OUT: &str = "cdk.out";

/// The root of a program's constructs.
#[derive(Clone, Debug)]
pub struct App {
    inner: skysmith_core::App,
}

impl App {
    /// An app without parameters, for tests.
    #[track_caller]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self::with_params(Params::default())
    }

    /// An app with the parameters that a run would be given, for tests.
    #[track_caller]
    pub fn with_params(params: Params) -> Self {
        Self { inner: skysmith_core::App::with_params(params) }
    }

    /// Runs a program: reads what the command line hands over, lets `program` make its constructs, checks them, and writes
    /// the cloud assembly. Every error is reported, all of them at once, with the construct and the source line; with
    /// any error nothing is written and the exit code is 1.
    ///
    /// The assembly goes to the folder in `CDK_OUTDIR`, else to `cdk.out`.
    pub fn run(program: impl FnOnce(&Self) -> Result<(), Error>) -> ExitCode {
        remember_panics();
        let out = env::var_os(protocol::OUTDIR).map_or_else(|| PathBuf::from(DEFAULT_OUT), PathBuf::from);
        let mut found = run_program(program, &out);
        if found.has_errors() {
            found.diagnostics.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.severity));
        }
        let failed = found.has_errors();
        let delivered = match env::var_os(protocol::DIAGNOSTICS) {
            Some(file) => found.write(Path::new(&file)).map_err(|error| error.to_string()),
            None => print(&found).map_err(|error| error.to_string()),
        };
        if let Err(error) = delivered {
            // Nothing is left to say it with but the standard error stream, and that may be what failed.
            let _ = writeln!(io::stderr(), "error: {error}");
            return ExitCode::FAILURE;
        }
        if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

impl Deref for App {
    type Target = skysmith_core::App;

    fn deref(&self) -> &skysmith_core::App {
        &self.inner
    }
}

/// What a program gives up with. Any error turns into one by `?`, which remembers its line.
///
/// It implements no `std::error::Error` itself: that is what allows the conversion from every type that does.
pub struct Error {
    message: String,
    place: &'static Location<'static>,
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    #[track_caller]
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        Self { message, place: Location::caller() }
    }
}

impl Error {
    /// An error that says `message`.
    #[track_caller]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: Location::caller() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.message, self.place.file(), self.place.line())
    }
}

/// Prepares, renders and checks the stacks of `app`: what [`App::run`] does before it writes.
pub fn synthesize(app: &App) -> Synthesis {
    synthesize_with(app, &Levels::new())
}

/// The same in a project where some rules have another severity.
fn synthesize_with(app: &App, levels: &Levels) -> Synthesis {
    let mut synthesis = app.inner.synthesize(&Catalog { tags: tag_style, is_list });
    for index in 0..synthesis.stacks.len() {
        let stack = &synthesis.stacks[index];
        let judged = validate::judge(&stack.template, stack.region.as_deref(), levels);
        for finding in judged.findings {
            let (id, diagnostic) = diagnostic(finding);
            synthesis.report(index, id.as_deref(), diagnostic);
        }
        for silenced in judged.silenced {
            let (id, diagnostic) = diagnostic(silenced.finding);
            synthesis.silence(index, id.as_deref(), diagnostic, silenced.reason);
        }
    }
    synthesis
}

/// The logical id that a finding is about, and what is to be said.
fn diagnostic(finding: validate::Finding) -> (Option<String>, skysmith_core::Diagnostic) {
    let severity = match finding.severity {
        validate::Severity::Error => Severity::Error,
        validate::Severity::Warning => Severity::Warning,
    };
    let diagnostic = skysmith_core::Diagnostic {
        severity,
        rule: Some(finding.rule.to_string()),
        property: finding.shown_path(),
        message: finding.message,
        node: None,
        place: None,
        notes: finding.notes,
    };
    (finding.logical_id, diagnostic)
}

fn is_list(resource_type: &str, attribute: &str) -> bool {
    skysmith_spec::resource_type(resource_type)
        .and_then(|resource_type| resource_type.attribute(attribute))
        .is_some_and(|attribute| matches!(attribute.value_type(), skysmith_spec::ValueType::List(_)))
}

fn tag_style(resource_type: &str) -> Option<TagStyle> {
    let tags = skysmith_spec::resource_type(resource_type)?.tags()?;
    match tags.style {
        skysmith_spec::TagStyle::List => Some(TagStyle::List(tags.property)),
        skysmith_spec::TagStyle::Map => Some(TagStyle::Map(tags.property)),
        _ => None,
    }
}

fn run_program(program: impl FnOnce(&App) -> Result<(), Error>, out: &Path) -> Diagnostics {
    let (levels, params) = match read_context() {
        Ok(context) => (levels_of(&context), params_of(context)),
        Err(message) => return failure(message),
    };
    let app = App::with_params(params);
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| program(&app)));
    // What a program collected before it stopped half way is worth showing, but not what follows from its stopping.
    let mut stop = match outcome {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(stop_at(error.message.clone(), Some(source_place(error.place)))),
        Err(_) => {
            let (message, place) = LAST_PANIC.take().unwrap_or_else(|| ("unknown reason".to_owned(), None));
            Some(stop_at(format!("the program panicked: {message}"), place))
        }
    };
    let synthesis = match panic::catch_unwind(AssertUnwindSafe(|| synthesize_with(&app, &levels))) {
        Ok(synthesis) => synthesis,
        Err(_) => {
            let (message, place) = LAST_PANIC.take().unwrap_or_else(|| ("unknown reason".to_owned(), None));
            let panicked = stop_at(format!("an aspect or a rule panicked: {message}"), place);
            return Diagnostics::new(stop.into_iter().chain([panicked]).collect());
        }
    };
    if stop.is_none()
        && !synthesis.has_errors()
        && let Err(error) = synthesis.write(out)
    {
        stop = Some(protocol::Diagnostic::new(protocol::Severity::Error, error.to_string()));
    }
    let mut diagnostics: Vec<_> = stop.into_iter().collect();
    diagnostics.extend(synthesis.diagnostics());
    let mut found = Diagnostics::new(diagnostics);
    found.silenced = synthesis.silenced();
    // The process ends here, and taking a large app apart piece by piece would be a tenth of its time.
    std::mem::forget(synthesis);
    found
}

fn stop_at(message: String, place: Option<SourcePlace>) -> protocol::Diagnostic {
    protocol::Diagnostic { place, ..protocol::Diagnostic::new(protocol::Severity::Error, message) }
}

fn failure(message: String) -> Diagnostics {
    Diagnostics::new(vec![protocol::Diagnostic::new(protocol::Severity::Error, message)])
}

fn source_place(location: &Location<'_>) -> SourcePlace {
    SourcePlace { column: Some(location.column()), ..SourcePlace::line(location.file(), location.line()) }
}

fn read_context() -> Result<Context, String> {
    let text = match env::var_os(protocol::CONTEXT_FILE) {
        Some(file) => {
            let file = PathBuf::from(file);
            fs::read_to_string(&file)
                .map_err(|error| format!("cannot read the context from {}: {error}", file.display()))?
        }
        None => match env::var(protocol::CONTEXT_JSON) {
            Ok(text) => text,
            Err(env::VarError::NotPresent) => return Ok(Context::default()),
            Err(error) => return Err(format!("{}: {error}", protocol::CONTEXT_JSON)),
        },
    };
    serde_json::from_str(&text).map_err(|error| format!("the context is not what the command line writes: {error}"))
}

/// What the project says about rules. One that is not known here is known to a newer library.
fn levels_of(context: &Context) -> Levels {
    let level = |(rule, level): (&String, &String)| Some((rule.parse().ok()?, Level::of(level)?));
    context.rules.iter().filter_map(level).collect()
}

/// A CDK user's `-c NAME=VALUE` arrives as plain context; it serves as a parameter where the command line gave none.
fn params_of(context: Context) -> Params {
    let plain = context.other.into_iter().filter_map(|(name, value)| match value {
        serde_json::Value::String(value) => Some((name, Param { value, source: "context".to_owned() })),
        _ => None,
    });
    let own = context.parameters.into_iter().map(|(name, parameter)| {
        let source = parameter.source.unwrap_or_else(|| "context".to_owned());
        (name, Param { value: parameter.value, source })
    });
    Params::new(plain.chain(own), context.environment)
}

thread_local! {
    static LAST_PANIC: RefCell<Option<(String, Option<SourcePlace>)>> = const { RefCell::new(None) };
}

/// Keeps a panic's words and place for the report, in place of printing them: the report says them once, with everything
/// else that was found. A backtrace that was asked for is still printed.
fn remember_panics() {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let message = info.payload_as_str().unwrap_or("unknown reason").to_owned();
        LAST_PANIC.set(Some((message, info.location().map(source_place))));
        if env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            previous(info);
        }
    }));
}

/// For a program that is run by hand: the same in plain words, on the standard error stream.
fn print(found: &Diagnostics) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    for diagnostic in &found.diagnostics {
        let severity = match diagnostic.severity {
            protocol::Severity::Error => "error",
            protocol::Severity::Warning => "warning",
        };
        let rule = diagnostic.rule.as_ref().map_or_else(String::new, |rule| format!("[{rule}]"));
        writeln!(stderr, "{severity}{rule}: {}", diagnostic.message)?;
        if let Some(place) = &diagnostic.place {
            writeln!(stderr, "  --> {place}")?;
        }
        if let Some(path) = &diagnostic.path {
            let kind = diagnostic.resource_type.as_ref().map_or_else(String::new, |kind| format!(" ({kind})"));
            let property = diagnostic.property.as_ref().map_or_else(String::new, |property| format!(", {property}"));
            writeln!(stderr, "  = at {path}{kind}{property}")?;
        }
        for note in &diagnostic.notes {
            writeln!(stderr, "  = {note}")?;
        }
    }
    if found.has_errors() {
        let count = found.diagnostics.iter().filter(|d| d.severity == protocol::Severity::Error).count();
        writeln!(stderr, "{count} error{}; nothing was written", if count == 1 { "" } else { "s" })?;
    }
    Ok(())
}
