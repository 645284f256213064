//! One emulator for all tests of this binary, and a proxy in front of it that makes calls fail on request.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use skysmith_assembly::Stack;
use skysmith_deploy::{
    DeployOptions, Endpoint, Error, Event, Observer, Outcome, Plan, Session, SessionOptions, Wanted,
};

/// A child that ends with this process: it watches its standard input, whose other end is closed when we are gone, however that comes about.
struct Server {
    url: String,
    _child: Mutex<Child>,
}

/// Starts a module that ends with us. The emulator's CloudFormation deletes full buckets, which AWS's does not: it gets a gate that asks the emulator's own S3,
/// for which a version and a delete marker count as well.
const WATCHED: &str = "
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
sys.argv = sys.argv[1:]
import importlib
if sys.argv[0] == 'ministack.app':
    from ministack.services import s3
    from ministack.services.cloudformation import provisioners
    bucket = provisioners._RESOURCE_HANDLERS['AWS::S3::Bucket']
    def delete(name, properties, lenient=bucket['delete']):
        if name in s3._buckets and (s3._buckets[name]['objects'] or s3._bucket_has_versions(name)):
            raise ValueError('The bucket you tried to delete is not empty. You must delete all versions in the bucket.')
        return lenient(name, properties)
    bucket['delete'] = delete
importlib.import_module(sys.argv.pop(0)).main()
";

fn python() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/python/bin/python");
    match std::env::var_os("SKYSMITH_TEST_PYTHON") {
        Some(path) => path.into(),
        None if installed.exists() => installed,
        None => panic!("run `cargo xtask test`, which installs what this test needs"),
    }
}

fn start(module: &str, arguments: impl Fn(u16) -> Vec<String>, ready: &str) -> Server {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new(python())
        .args(["-c", WATCHED, module, module])
        .args(arguments(port))
        .envs([("AUTH", "true"), ("BIND_HOST", "127.0.0.1"), ("GATEWAY_PORT", &port.to_string())])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let deadline = Instant::now() + Duration::from_secs(60);
    while http(&url, "GET", ready, "").is_none() {
        assert!(Instant::now() < deadline, "{module} does not answer");
        std::thread::sleep(Duration::from_millis(50));
    }
    Server { url, _child: Mutex::new(child) }
}

/// The emulator's URL.
pub fn emulator() -> &'static str {
    static EMULATOR: LazyLock<Server> = LazyLock::new(|| start("ministack.app", |_| Vec::new(), "/_ministack/health"));
    &EMULATOR.url
}

/// A proxy with these rules in front of the emulator. One test has it at a time.
pub struct Faults {
    _turn: std::sync::MutexGuard<'static, ()>,
}

impl Faults {
    pub fn new(rules: &str) -> Self {
        static ONE: Mutex<()> = Mutex::new(());
        let guard = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        http(Self::url(), "POST", "/_microburst/rules", rules).unwrap();
        Self { _turn: guard }
    }

    pub fn url() -> &'static str {
        static PROXY: LazyLock<Server> = LazyLock::new(|| {
            let arguments = |port: u16| {
                ["--upstream", emulator(), "--port", &port.to_string(), "--host", "127.0.0.1"].map(str::to_owned).into()
            };
            let proxy = start("microburst.cli", arguments, "/_microburst/rules");
            // It loads its models with the first calls, for longer than anybody would wait for an answer.
            boto_at(
                &proxy.url,
                "b('sts').get_caller_identity(); b('cloudformation').list_stacks(); b('s3').list_buckets()",
            );
            proxy
        });
        &PROXY.url
    }

    pub async fn session(&self) -> Session {
        let options = SessionOptions { endpoint: Endpoint::Local(Self::url().to_owned()), ..SessionOptions::default() };
        Session::connect(&options).await.unwrap()
    }
}

/// As much of HTTP as the two need; `None` unless the answer is 2xx.
pub fn http(url: &str, method: &str, path: &str, body: &str) -> Option<String> {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let ok = answer.split(' ').nth(1)?.starts_with('2');
    ok.then_some(answer)
}

pub async fn session() -> Session {
    let options = SessionOptions { endpoint: Endpoint::Local(emulator().to_owned()), ..SessionOptions::default() };
    Session::connect(&options).await.unwrap()
}

/// Runs a few lines of boto3: a client that we did not write. `b` makes one.
pub fn boto(code: &str) -> String {
    boto_at(emulator(), code)
}

fn boto_at(url: &str, code: &str) -> String {
    let program = format!(
        "import boto3, json\ndef b(service): return boto3.client(service, endpoint_url='{url}', region_name='us-east-1', aws_access_key_id='test', aws_secret_access_key='test')\n{code}"
    );
    let output = Command::new(python()).args(["-c", &program]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A folder for one test.
pub fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("deploy").join(name);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// A stack of this name with this template.
pub fn wanted(name: &str, template: &str) -> Wanted {
    let file = scratch(name).join("template.json");
    std::fs::write(&file, template).unwrap();
    Wanted::read(Stack::plain(name, file)).unwrap()
}

/// Keeps what it is told.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<Event>>>);

impl Observer for Log {
    fn event(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Log {
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }
}

pub async fn deploy(session: &Session, wanted: &Wanted) -> Result<Outcome, Error> {
    deploy_with(session, wanted, &DeployOptions::default(), &Log::default()).await
}

pub async fn deploy_with(
    session: &Session,
    wanted: &Wanted,
    options: &DeployOptions,
    log: &Log,
) -> Result<Outcome, Error> {
    session.deploy(wanted, options, &|_: &Plan, _| true, log).await
}
