//! Installs the emulator, once for this checkout, and does with it what a user's day does.
#![cfg(unix)]

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use skysmith_local::{Emulator, Error, Event, Options, PythonEnvironment, Running, Status};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace exists")
}

/// The Python that has everything the tests need.
fn python() -> PathBuf {
    let installed = workspace().join("target/tools/python/bin/python");
    let python = env::var_os("SKYSMITH_TEST_PYTHON").map_or(installed, PathBuf::from);
    assert!(
        python.exists(),
        "{} is missing: run `cargo xtask test`, which installs what this test needs",
        python.display()
    );
    python
}

/// An emulator in a folder of its own, stopped when the test is over.
struct Local {
    emulator: Emulator,
    folder: tempfile::TempDir,
}

impl Local {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { emulator: Emulator::new(&options(folder.path())).expect("valid options"), folder }
    }

    fn start(&self) -> (Running, Vec<Event>) {
        let mut events = Vec::new();
        let running = self.emulator.ensure_started(&mut |event| events.push(event)).expect("it starts");
        (running, events)
    }

    fn stop(&self) {
        assert!(self.emulator.stop(&mut |_| {}).expect("it stops"));
    }

    fn record(&self) -> PathBuf {
        self.emulator.folder().join("emulator.json")
    }

    /// Changes what is on record about the emulator, and returns what was there.
    fn tamper(&self, change: impl FnOnce(&mut Value)) -> String {
        let original = fs::read_to_string(self.record()).expect("it has a record");
        let mut record = serde_json::from_str(&original).expect("JSON");
        change(&mut record);
        fs::write(self.record(), record.to_string()).expect("writable");
        original
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let stopped = self.emulator.stop(&mut |_| {});
        if !thread::panicking() {
            stopped.expect("it stops");
        }
    }
}

fn options(folder: &Path) -> Options {
    Options {
        cache_dir: Some(workspace().join("target/tools/cache")),
        local_dir: Some(folder.to_owned()),
        ..Options::default()
    }
}

/// Runs Python with boto3 against an emulator and returns what it printed, as JSON. `client` makes clients.
fn boto3(running: &Running, script: &str) -> Value {
    let mut command = Command::new(python());
    for (name, value) in running.endpoint.environment() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let prelude = "import boto3, json\nclient = boto3.client\n";
    let output = command.args(["-c", &format!("{prelude}{script}")]).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What a GET of a local address answers: status and body. Names under `localhost` are this machine, as for a browser.
fn get(url: &str) -> (u16, String) {
    let rest = url.strip_prefix("http://").expect("a local address");
    let (host, path) = rest.split_at(rest.find('/').expect("a path"));
    let (name, port) = host.rsplit_once(':').expect("a port");
    assert!(name == "127.0.0.1" || name.ends_with(".localhost"), "{url}");
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port.parse().expect("a port"))).expect("it listens");
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").expect("it takes a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("HTTP");
    (head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("HTTP"), body.to_owned())
}

fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

fn kill(pid: u32) {
    let status = Command::new("kill").args(["-KILL", &pid.to_string()]).status().expect("kill exists");
    assert!(status.success());
}

const PUT_ITEM: &str = "
client('dynamodb').create_table(TableName='table', BillingMode='PAY_PER_REQUEST',
    AttributeDefinitions=[dict(AttributeName='k', AttributeType='S')], KeySchema=[dict(AttributeName='k', KeyType='HASH')])
client('dynamodb').put_item(TableName='table', Item=dict(k=dict(S='x')))
client('s3').create_bucket(Bucket='kept')
client('s3').put_object(Bucket='kept', Key='a b/ü', Body=b'body')
print('null')
";

const INVENTORY: &str = "
tables = client('dynamodb').list_tables()['TableNames']
print(json.dumps(dict(
    items=[item['k']['S'] for t in tables for item in client('dynamodb').scan(TableName=t)['Items']],
    objects=[[o['Key'], client('s3').get_object(Bucket=b['Name'], Key=o['Key'])['Body'].read().decode()]
        for b in client('s3').list_buckets()['Buckets'] for o in client('s3').list_objects_v2(Bucket=b['Name']).get('Contents', [])])))
";

#[test]
fn it_starts_once_and_keeps_its_state() {
    let local = Local::new();
    let (first, events) = local.start();
    assert!(events.contains(&Event::Starting { port: first.port }), "{events:?}");
    assert!(matches!(events.last(), Some(Event::Ready { took, .. }) if !took.is_zero()), "{events:?}");
    assert_eq!(local.emulator.status().expect("readable"), Status::Running(first.clone()));

    let (again, events) = local.start();
    assert_eq!(again, first);
    assert!(matches!(events.as_slice(), [Event::Ready { took: Duration::ZERO, .. }]), "{events:?}");

    boto3(&first, PUT_ITEM);
    local.stop();
    assert!(!is_alive(first.pid));
    assert_eq!(local.emulator.status().expect("readable"), Status::Stopped);

    let (second, _) = local.start();
    assert_ne!(second.pid, first.pid);
    assert_eq!(second.port, first.port, "addresses stay the same");
    let kept = json!({ "items": ["x"], "objects": [["a b/ü", "body"]] });
    assert_eq!(boto3(&second, INVENTORY), kept);

    local.emulator.reset(&mut |_| {}).expect("it resets");
    let empty = json!({ "items": [], "objects": [] });
    assert_eq!(boto3(&second, INVENTORY), empty);
    local.stop();
    let (third, _) = local.start();
    assert_eq!(boto3(&third, INVENTORY), empty, "what was reset came back");

    boto3(&third, PUT_ITEM);
    local.stop();
    local.emulator.reset(&mut |_| {}).expect("it resets");
    let (fourth, _) = local.start();
    assert_eq!(boto3(&fourth, INVENTORY), empty, "what was reset came back");
}

#[test]
fn concurrent_starts_make_one() {
    let local = Local::new();
    let running: Vec<Running> = thread::scope(|scope| {
        let starts: Vec<_> = (0..6).map(|_| scope.spawn(|| local.start().0)).collect();
        starts.into_iter().map(|start| start.join().expect("it starts")).collect()
    });
    assert!(running.iter().all(|one| one.pid == running[0].pid), "{running:?}");
}

#[test]
fn names_are_apart() {
    let local = Local::new();
    let other =
        Emulator::new(&Options { name: "other".to_owned(), ..options(local.folder.path()) }).expect("valid options");
    let (first, _) = local.start();
    let second = other.ensure_started(&mut |_| {}).expect("it starts");
    assert_ne!((first.pid, first.port), (second.pid, second.port));
    assert!(other.stop(&mut |_| {}).expect("it stops"));
    assert!(matches!(local.emulator.status().expect("readable"), Status::Running(_)));
}

#[cfg(target_os = "linux")]
#[test]
fn it_listens_on_loopback_only() {
    let local = Local::new();
    let (running, _) = local.start();
    let table =
        fs::read_to_string("/proc/net/tcp").expect("Linux") + &fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
    let port = format!(":{:04X}", running.port);
    let listeners: Vec<&str> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.len() > 3 && fields[3] == "0A" && fields[1].ends_with(&port))
        .map(|fields| fields[1])
        .collect();
    assert_eq!(listeners, [format!("0100007F{port}")]);
}

#[test]
fn a_killed_emulator_is_replaced() {
    let local = Local::new();
    let (first, _) = local.start();
    kill(first.pid);
    for _ in 0..200 {
        if local.emulator.status().expect("readable") == Status::Stopped {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(local.emulator.status().expect("readable"), Status::Stopped);
    let (second, events) = local.start();
    assert_ne!(second.pid, first.pid);
    assert!(events.contains(&Event::ClearedStale { pid: first.pid }), "{events:?}");
}

#[test]
fn another_process_with_the_number_on_record_is_left_alone() {
    let local = Local::new();
    local.start();
    let mut bystander = Command::new("sleep").arg("60").spawn().expect("sleep exists");
    let original = local.tamper(|record| record["process"]["pid"] = bystander.id().into());
    assert_eq!(local.emulator.status().expect("readable"), Status::Stopped);
    assert!(!local.emulator.stop(&mut |_| {}).expect("nothing to stop"));
    let alive = bystander.try_wait().expect("it is a child").is_none();
    bystander.kill().and_then(|()| bystander.wait()).expect("it ends");
    assert!(alive, "the bystander was ended");
    fs::write(local.record(), original).expect("writable");
}

#[test]
fn another_server_on_the_port_on_record_is_not_taken_for_it() {
    let local = Local::new();
    let (running, _) = local.start();
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = server.local_addr().expect("bound").port();
    thread::spawn(move || {
        for mut stream in server.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n{\"edition\": \"light\"}");
        }
    });
    let original = local.tamper(|record| record["port"] = port.into());
    assert_eq!(local.emulator.status().expect("readable"), Status::Silent { pid: running.pid, port });
    fs::write(local.record(), original).expect("writable");
    assert_eq!(local.emulator.status().expect("readable"), Status::Running(running));
}

#[test]
fn a_taken_port_is_left_to_its_owner() {
    let local = Local::new();
    let (first, _) = local.start();
    local.stop();
    let _owner = TcpListener::bind((Ipv4Addr::LOCALHOST, first.port)).expect("it is free");
    let (second, _) = local.start();
    assert_ne!(second.port, first.port);
}

#[test]
fn another_version_is_replaced_and_the_state_kept() {
    let local = Local::new();
    let (first, _) = local.start();
    boto3(&first, PUT_ITEM);
    local.tamper(|record| record["fingerprint"] = "older".into());
    let (second, events) = local.start();
    assert!(events.contains(&Event::Replacing { pid: first.pid }), "{events:?}");
    assert_ne!(second.pid, first.pid);
    assert_eq!(boto3(&second, INVENTORY)["items"], json!(["x"]));
}

#[test]
fn a_start_that_takes_too_long_says_so_and_leaves_nothing() {
    let local = Local::new();
    // Installs, so that the time counts for the start alone.
    local.start();
    local.stop();
    let hasty =
        Emulator::new(&Options { start_timeout: Duration::ZERO, ..options(local.folder.path()) }).expect("valid");
    let error = hasty.ensure_started(&mut |_| {}).expect_err("nothing starts in no time");
    let Error::NotAnswering { pid, seconds: 0, .. } = error else { panic!("{error}") };
    let ended = (0..200).any(|_| {
        thread::sleep(Duration::from_millis(10));
        !is_alive(pid)
    });
    assert!(ended);
    assert_eq!(local.emulator.status().expect("readable"), Status::Stopped);
}

#[test]
fn its_log_can_be_followed() {
    let local = Local::new();
    let (running, _) = local.start();
    assert!(!local.emulator.log().tail(5).expect("readable").is_empty());
    let mut follower = local.emulator.log().follow().expect("readable");
    local.stop();
    let gained = follower.read().expect("readable");
    assert!(gained.lines().count() > 0);
    assert!(!is_alive(running.pid));
}

/// Started as a process of its own by the test after it.
#[test]
#[ignore = "is the other process of it_outlives_what_started_it"]
fn start_in_given_folder() {
    let folder = env::var_os("SKYSMITH_TEST_FOLDER").expect("set by the other test");
    Emulator::new(&options(Path::new(&folder))).and_then(|one| one.ensure_started(&mut |_| {})).expect("it starts");
}

#[test]
fn it_outlives_what_started_it_and_sees_nothing_of_its_secrets() {
    let local = Local::new();
    let status = Command::new(env::current_exe().expect("a program"))
        .args(["--exact", "start_in_given_folder", "--ignored"])
        .env("SKYSMITH_TEST_FOLDER", local.folder.path())
        .envs([
            ("AWS_ACCESS_KEY_ID", "AKIAREAL"),
            ("AWS_SECRET_ACCESS_KEY", "real-secret"),
            ("AWS_SESSION_TOKEN", "real-token"),
            ("AWS_PROFILE", "production"),
            ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9"),
            ("GITHUB_TOKEN", "real-token"),
            // Nothing listens there: whatever goes through a proxy fails.
            ("HTTP_PROXY", "http://127.0.0.1:9"),
            ("http_proxy", "http://127.0.0.1:9"),
            ("BIND_HOST", "0.0.0.0"),
            ("USE_SSL", "1"),
        ])
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .status()
        .expect("it runs");
    assert!(status.success());

    let Status::Running(running) = local.emulator.status().expect("readable") else {
        panic!("it ended with its starter")
    };
    #[cfg(target_os = "linux")]
    {
        let stat = fs::read_to_string(format!("/proc/{}/stat", running.pid)).expect("Linux");
        let session = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(3)).expect("a session");
        assert_eq!(session, running.pid.to_string());
    }
    let script = format!(
        "{FUNCTION}
body = client('lambda').invoke(FunctionName='f')['Payload'].read().decode()
print(json.loads(body)['body'])
"
    );
    let seen = boto3(&running, &script);
    let environment = seen["environment"].to_string();
    assert!(!environment.contains("real-") && !environment.contains("AKIAREAL"), "{environment}");
    assert_eq!(seen["environment"]["AWS_ENDPOINT_URL"], running.endpoint.url());
    // By the function's own call, through the endpoint and past the proxy.
    assert_eq!(
        seen["identity"].as_str().map(|arn| arn.starts_with("arn:aws:sts::000000000000:assumed-role/r/")),
        Some(true),
        "{seen}"
    );
}

#[test]
fn an_interrupted_start_is_picked_up() {
    let local = Local::new();
    // Installs, so that the other process is interrupted in the start itself.
    local.start();
    local.stop();
    let mut starter = Command::new(env::current_exe().expect("a program"))
        .args(["--exact", "start_in_given_folder", "--ignored"])
        .env("SKYSMITH_TEST_FOLDER", local.folder.path())
        .spawn()
        .expect("it runs");
    let begun = (0..2000).any(|_| {
        thread::sleep(Duration::from_millis(5));
        local.record().exists()
    });
    starter.kill().and_then(|()| starter.wait()).expect("it ends");
    assert!(begun);
    let record: Value = serde_json::from_slice(&fs::read(local.record()).expect("a record")).expect("JSON");
    let (running, events) = local.start();
    assert_eq!(record["process"]["pid"], running.pid);
    assert!(!events.iter().any(|event| matches!(event, Event::Starting { .. })), "{events:?}");
}

#[test]
fn environments_are_made_once_and_anew_when_needed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = folder.path().join("tools-1.0");
    // What an interrupted run left.
    fs::create_dir_all(place.join("bin")).expect("writable");
    fs::write(place.join("bin/python"), "").expect("writable");
    let ensure = |requirements: &str| {
        let mut made = 0;
        let environment = PythonEnvironment::ensure(&place, requirements, &mut |event| {
            made += usize::from(event == Event::Installed);
        });
        (environment.expect("it is made"), made)
    };
    let made: usize = thread::scope(|scope| {
        let both = [scope.spawn(|| ensure("# one").1), scope.spawn(|| ensure("# one").1)];
        both.map(|one| one.join().expect("it is made")).iter().sum()
    });
    assert_eq!(made, 1);
    let (environment, made) = ensure("# one");
    assert_eq!(made, 0);
    let output = Command::new(environment.python()).args(["-c", "print('runs')"]).output().expect("it runs");
    assert_eq!(output.stdout, b"runs\n");

    // Other requirements make it anew. These fail, and what failed does not count as complete.
    let error =
        PythonEnvironment::ensure(&place, "./nothing-here==1", &mut |_| {}).expect_err("there is no such package");
    assert!(matches!(&error, Error::Install { output, .. } if output.contains("nothing-here")), "{error}");
    assert!(!place.join("skysmith-stamp").exists());
}

/// A function `f` that answers with its environment and identity, and its ARN in `fn`.
const FUNCTION: &str = r"
import io, zipfile
code = io.BytesIO()
with zipfile.ZipFile(code, 'w') as archive:
    archive.writestr('a.py', '''
import json, os, boto3
def handler(event, context):
    identity = boto3.client('sts').get_caller_identity()['Arn']
    path = event.get('rawPath') or event.get('path')
    return {'statusCode': 200, 'body': json.dumps({'environment': dict(os.environ), 'identity': identity, 'path': path})}
''')
trust = json.dumps(dict(Version='2012-10-17', Statement=[dict(Effect='Allow', Principal=dict(Service='lambda.amazonaws.com'), Action='sts:AssumeRole')]))
role = client('iam').create_role(RoleName='r', AssumeRolePolicyDocument=trust)['Role']['Arn']
fn = client('lambda').create_function(FunctionName='f', Runtime='python3.13', Handler='a.handler', Role=role, Timeout=30,
    Code=dict(ZipFile=code.getvalue()))['FunctionArn']
";

#[test]
fn addresses_on_aws_have_local_ones_that_answer() {
    let local = Local::new();
    let (running, _) = local.start();
    let script = format!("{FUNCTION}
region = boto3.session.Session().region_name
aws = lambda id: f'https://{{id}}.execute-api.{{region}}.amazonaws.com'
client('lambda').add_permission(FunctionName='f', StatementId='a', Action='lambda:InvokeFunction', Principal='apigateway.amazonaws.com')
uri = f'arn:aws:apigateway:{{region}}:lambda:path/2015-03-31/functions/{{fn}}/invocations'

v1 = client('apigateway')
rest = v1.create_rest_api(name='rest')['id']
root = v1.get_resources(restApiId=rest)['items'][0]['id']
count = v1.create_resource(restApiId=rest, parentId=root, pathPart='count')['id']
v1.put_method(restApiId=rest, resourceId=count, httpMethod='GET', authorizationType='NONE')
v1.put_integration(restApiId=rest, resourceId=count, httpMethod='GET', type='AWS_PROXY', integrationHttpMethod='POST', uri=uri)
v1.create_deployment(restApiId=rest, stageName='prod')

v2 = client('apigatewayv2')
http = v2.create_api(Name='http', ProtocolType='HTTP')['ApiId']
integration = v2.create_integration(ApiId=http, IntegrationType='AWS_PROXY', IntegrationUri=fn, PayloadFormatVersion='2.0')['IntegrationId']
v2.create_route(ApiId=http, RouteKey='GET /hello', Target='integrations/' + integration)
v2.create_route(ApiId=http, RouteKey='GET /', Target='integrations/' + integration)
v2.create_stage(ApiId=http, StageName='$default', AutoDeploy=True)
v2.create_stage(ApiId=http, StageName='dev', AutoDeploy=True)

url = client('lambda').create_function_url_config(FunctionName='f', AuthType='NONE')['FunctionUrl']
client('lambda').add_permission(FunctionName='f', StatementId='u', Action='lambda:InvokeFunctionUrl', Principal='*', FunctionUrlAuthType='NONE')

s3 = client('s3')
s3.create_bucket(Bucket='public.site')
s3.put_object(Bucket='public.site', Key='a.html', Body=b'page')
s3.delete_public_access_block(Bucket='public.site')
s3.put_bucket_policy(Bucket='public.site', Policy=json.dumps(dict(Version='2012-10-17', Statement=[
    dict(Effect='Allow', Principal='*', Action='s3:GetObject', Resource='arn:aws:s3:::public.site/*')])))

print(json.dumps(dict(
    functions=[aws(rest) + '/prod/count', aws(http) + '/hello', aws(http) + '/dev/hello?x=1', aws(http), url],
    objects=[f'https://public.site.s3.{{region}}.amazonaws.com/a.html', f'https://s3.{{region}}.amazonaws.com/public.site/a.html',
        f'http://public.site.s3-website-{{region}}.amazonaws.com/a.html'],
    missing=[aws(rest) + '/prod/nothing'])))
");
    let urls = boto3(&running, &script);
    let answers = |kind: &str| -> Vec<(String, (u16, String))> {
        let urls = urls[kind].as_array().expect("a list").iter().map(|url| url.as_str().expect("a string"));
        urls.map(|url| (url.to_owned(), get(&running.local_url(url).expect(url)))).collect()
    };
    let functions = answers("functions");
    assert_eq!(functions.len(), 5);
    for (url, (status, body)) in functions {
        assert_eq!(status, 200, "{url}: {body}");
        let body: Value = serde_json::from_str(&body).expect("the function's answer");
        assert!(body["identity"].is_string(), "{url}");
    }
    for (url, answer) in answers("objects") {
        assert_eq!(answer, (200, "page".to_owned()), "{url}");
    }
    for (url, (status, _)) in answers("missing") {
        assert_eq!(status, 403, "{url}");
    }
}

#[test]
fn capabilities_are_enforced_as_on_aws() {
    let local = Local::new();
    let (running, _) = local.start();
    let refused = boto3(
        &running,
        "
template = json.dumps(dict(Resources=dict(R=dict(Type='AWS::IAM::Role', Properties=dict(AssumeRolePolicyDocument=dict(Version='2012-10-17', Statement=[]))))))
try:
    client('cloudformation').create_stack(StackName='s', TemplateBody=template)
    print('null')
except Exception as error:
    print(json.dumps(error.response['Error']['Code']))
",
    );
    assert_eq!(refused, "InsufficientCapabilitiesException");
}
