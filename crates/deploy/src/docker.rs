//! The container client, `docker` or what `CDK_DOCKER` names: its arguments, and running it.
//!
//! Arguments are those of the CDK, so that either tool finds what the other has built. Values of build arguments may be secrets: no message repeats them.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::{env, thread};

use skysmith_assembly::ImageBuild;

use crate::packing::blocking;
use crate::{Error, Event, Observer};

/// Lines of its output that are repeated when it fails.
const LAST_WORDS: usize = 20;

/// One run of the container client.
#[derive(Debug, Default)]
pub(crate) struct Call {
    pub arguments: Vec<String>,
    pub folder: Option<PathBuf>,
    /// What it reads from its standard input.
    pub input: Option<String>,
    pub is_build: bool,
}

impl Call {
    pub fn new<const N: usize>(arguments: [&str; N]) -> Self {
        Self { arguments: arguments.map(str::to_owned).into(), ..Self::default() }
    }

    /// The build of an image under a local name.
    pub fn build(build: &ImageBuild, tag: &str) -> Self {
        let mut arguments = vec!["build".to_owned()];
        let mut add = |flag: &str, value: String| arguments.extend([flag.to_owned(), value]);
        for (key, value) in &build.args {
            add("--build-arg", format!("{key}={value}"));
        }
        for (key, value) in &build.contexts {
            add("--build-context", format!("{key}={value}"));
        }
        for (key, value) in &build.secrets {
            add("--secret", format!("id={key},{value}"));
        }
        let one = |add: &mut dyn FnMut(&str, String), flag: &str, value: &Option<String>| {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                add(flag, value.clone());
            }
        };
        one(&mut add, "--ssh", &build.ssh);
        add("--tag", tag.to_owned());
        one(&mut add, "--target", &build.target);
        one(&mut add, "--file", &build.file);
        one(&mut add, "--network", &build.network);
        one(&mut add, "--platform", &build.platform);
        arguments.extend(build.outputs.iter().map(|output| format!("--output={output}")));
        for cache in &build.cache_from {
            arguments.extend(["--cache-from".to_owned(), cache.clone()]);
        }
        if let Some(cache) = &build.cache_to {
            arguments.extend(["--cache-to".to_owned(), cache.clone()]);
        }
        if build.no_cache {
            arguments.push("--no-cache".to_owned());
        }
        arguments.push(".".to_owned());
        Self { arguments, folder: Some(build.folder.clone()), input: None, is_build: true }
    }
}

/// How a run ended.
struct Ended {
    code: Option<i32>,
    last_words: Vec<String>,
}

/// The program.
pub(crate) fn program() -> String {
    env::var("CDK_DOCKER").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "docker".to_owned())
}

/// Runs it for an asset and tells what it says.
///
/// # Errors
/// It cannot be started, or fails.
pub(crate) async fn run(asset: &str, call: Call, observer: &dyn Observer) -> Result<(), Error> {
    let command = call.arguments.first().cloned().unwrap_or_default();
    let ended = start(asset, call, Some(observer)).await?;
    if ended.code == Some(0) {
        return Ok(());
    }
    let code = ended.code.map_or_else(|| "it was killed".to_owned(), |code| format!("exit code {code}"));
    let mut reason = code;
    for line in &ended.last_words {
        reason = reason + "\n" + line;
    }
    Err(Error::ContainerClient { asset: asset.to_owned(), program: program(), command, reason })
}

/// Whether an image of this name is on this machine.
///
/// # Errors
/// The client cannot be started, or fails in another way than by saying no.
pub(crate) async fn has_image(asset: &str, name: &str) -> Result<bool, Error> {
    let ended = start(asset, Call::new(["inspect", name]), None).await?;
    match ended.code {
        Some(0) => Ok(true),
        // Docker says 1, Podman 125.
        Some(1 | 125) => Ok(false),
        _ => Err(Error::ContainerClient {
            asset: asset.to_owned(),
            program: program(),
            command: "inspect".to_owned(),
            reason: ended.last_words.join("\n"),
        }),
    }
}

async fn start(asset: &str, call: Call, observer: Option<&dyn Observer>) -> Result<Ended, Error> {
    let (lines, mut told) = tokio::sync::mpsc::unbounded_channel();
    let owned = asset.to_owned();
    let work = blocking(move || execute(&owned, &call, &lines));
    let tell = async {
        while let Some(line) = told.recv().await {
            if let Some(observer) = observer {
                observer.event(Event::ImageOutput { asset: asset.to_owned(), line });
            }
        }
    };
    let (ended, ()) = futures_util::join!(work, tell);
    ended
}

fn execute(asset: &str, call: &Call, told: &tokio::sync::mpsc::UnboundedSender<String>) -> Result<Ended, Error> {
    let program = program();
    let failed = |error: std::io::Error| Error::NoContainerClient {
        asset: asset.to_owned(),
        program: program.clone(),
        reason: error.to_string(),
    };
    let mut command = Command::new(&program);
    command.args(&call.arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.stdin(if call.input.is_some() { Stdio::piped() } else { Stdio::null() });
    if let Some(folder) = &call.folder {
        command.current_dir(folder);
    }
    if call.is_build {
        // Provenance would make a list of what should be one image, which Lambda does not take.
        command.env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1");
    }
    let mut child = command.spawn().map_err(failed)?;
    if let (Some(input), Some(mut stdin)) = (&call.input, child.stdin.take()) {
        // A client that ends without reading says itself why.
        let _ = stdin.write_all(input.as_bytes());
    }
    let (lines, read) = mpsc::channel();
    let readers: Vec<_> = [child.stdout.take().map(boxed), child.stderr.take().map(boxed)]
        .into_iter()
        .flatten()
        .map(|stream| {
            let lines = lines.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                    let _ = lines.send(String::from_utf8_lossy(&line).trim_end().to_owned());
                }
            })
        })
        .collect();
    drop(lines);
    let mut last_words = Vec::new();
    for line in read {
        let _ = told.send(line.clone());
        last_words.push(line);
        if last_words.len() > LAST_WORDS {
            last_words.remove(0);
        }
    }
    for reader in readers {
        let _ = reader.join();
    }
    let status = child.wait().map_err(failed)?;
    Ok(Ended { code: status.code(), last_words })
}

fn boxed(stream: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_a_build() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let mut build = ImageBuild::default();
        let text = |call: &Call| call.arguments.join(" ");
        assert_eq!(text(&Call::build(&build, "t")), "build --tag t .");
        build.args = vec![pair("Z", "1"), pair("A", "b c")];
        build.contexts = vec![pair("more", "../more")];
        build.secrets = vec![pair("token", "src=token.txt")];
        (build.ssh, build.target, build.file) = (Some("default".into()), Some("final".into()), Some("Other".into()));
        (build.network, build.platform) = (Some("host".into()), Some("linux/arm64".into()));
        build.outputs = vec!["type=local,dest=out".into()];
        (build.cache_from, build.cache_to) = (vec!["type=a".into(), "type=b,x=y".into()], Some("type=inline".into()));
        build.no_cache = true;
        assert_eq!(
            text(&Call::build(&build, "t")),
            "build --build-arg Z=1 --build-arg A=b c --build-context more=../more --secret id=token,src=token.txt --ssh default --tag t \
             --target final --file Other --network host --platform linux/arm64 --output=type=local,dest=out --cache-from type=a \
             --cache-from type=b,x=y --cache-to type=inline --no-cache ."
        );
    }
}
