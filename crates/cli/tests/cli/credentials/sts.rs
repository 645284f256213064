//! A small AWS on loopback that gives out sessions as STS does, and remembers what it was asked. A code is good for once, a role with `external` in its name asks for an
//! external id, and the caller's name is the access key, so that a test sees whose credentials arrived.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// The account of everybody.
pub const ACCOUNT: &str = "123456789012";
/// What every device shows.
pub const CODE: &str = "123456";
/// What every device shows after that.
pub const NEXT_CODE: &str = "654321";

/// One request.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// `POST` and the like, and where.
    pub line: String,
    /// Header fields by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// What stands in the form.
    pub form: BTreeMap<String, String>,
}

impl Asked {
    /// The API operation; the path where there is none.
    pub fn action(&self) -> &str {
        self.form.get("Action").map_or_else(|| self.line.split(' ').nth(1).unwrap_or_default(), String::as_str)
    }

    /// A field of the form.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.form.get(name).map(String::as_str)
    }

    /// The access key that signed it.
    pub fn key(&self) -> &str {
        let signature = self.headers.get("authorization").map(String::as_str).unwrap_or_default();
        signature.split("Credential=").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default()
    }
}

/// What it knows.
#[derive(Debug, Default)]
pub struct State {
    asked: Vec<Asked>,
    used: Vec<String>,
    given: usize,
    /// Access keys that are not accepted any more.
    revoked: Vec<String>,
    /// Access keys whose time is over.
    expired: Vec<String>,
    /// How long sessions last that nobody gives a time for.
    lasting: Option<u64>,
}

/// The server.
#[derive(Clone, Debug)]
pub struct Sts {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl Sts {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sts = Self { url: format!("http://{}", listener.local_addr().unwrap()), state: Arc::default() };
        let serving = sts.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                thread::spawn(move || serving.serve(stream));
            }
        });
        sts
    }

    /// Sessions last this many seconds.
    pub fn lasting(self, seconds: u64) -> Self {
        self.state.lock().unwrap().lasting = Some(seconds);
        self
    }

    /// Does not accept this access key any more.
    pub fn revoke(&self, key: &str) {
        self.state.lock().unwrap().revoked.push(key.to_owned());
    }

    /// Says that this access key's time is over.
    pub fn expire(&self, key: &str) {
        self.state.lock().unwrap().expired.push(key.to_owned());
    }

    /// What it was asked about credentials, and forgets it.
    pub fn asked(&self) -> Vec<Asked> {
        let mut asked = std::mem::take(&mut self.state.lock().unwrap().asked);
        asked.retain(|asked| asked.action() != "DescribeStacks");
        asked
    }

    /// The operations that it was asked for.
    pub fn actions(&self) -> Vec<String> {
        self.asked().iter().map(|asked| asked.action().to_owned()).collect()
    }

    /// Answers one request.
    pub fn serve(&self, mut stream: impl Read + Write) {
        let Some(asked) = read(&mut stream) else { return };
        let (status, body) = self.answer(&asked);
        self.state.lock().unwrap().asked.push(asked);
        let kind = if body.starts_with('<') { "text/xml" } else { "application/json" };
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\
             X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 21600\r\n\r\n"
        );
        let _ = stream.write_all(format!("{head}{body}").as_bytes());
        let _ = stream.flush();
    }

    fn answer(&self, asked: &Asked) -> (&'static str, String) {
        let mut state = self.state.lock().unwrap();
        if state.revoked.iter().any(|key| key == asked.key()) {
            return refusal("InvalidClientTokenId", "The security token included in the request is invalid.");
        }
        if state.expired.iter().any(|key| key == asked.key()) {
            return refusal("ExpiredToken", "The security token included in the request is expired");
        }
        if let Some(code) = asked.field("TokenCode") {
            if ![CODE, NEXT_CODE].contains(&code) || state.used.iter().any(|used| used == code) {
                return refusal(
                    "AccessDenied",
                    "MultiFactorAuthentication failed with invalid MFA one time pass code.",
                );
            }
            state.used.push(code.to_owned());
        }
        match asked.action() {
            "GetCallerIdentity" => {
                let arn = format!("arn:aws:iam::{ACCOUNT}:user/{}", asked.key());
                result("GetCallerIdentity", &format!("<Arn>{arn}</Arn><UserId>A</UserId><Account>{ACCOUNT}</Account>"))
            }
            "AssumeRole"
                if asked.field("RoleArn").unwrap().contains("external") && asked.field("ExternalId") != Some("e-1") =>
            {
                refusal("AccessDenied", "User is not authorized to perform: sts:AssumeRole on this resource")
            }
            action @ ("GetSessionToken" | "AssumeRole" | "AssumeRoleWithWebIdentity") => {
                state.given += 1;
                let seconds = asked.field("DurationSeconds").and_then(|text| text.parse().ok());
                let seconds =
                    seconds.or(state.lasting).unwrap_or(if action == "GetSessionToken" { 43_200 } else { 3600 });
                let key =
                    format!("ASIA{}{}", if action == "GetSessionToken" { "SESSION" } else { "ROLE" }, state.given);
                let end = super::iso(SystemTime::now() + Duration::from_secs(seconds));
                result(
                    action,
                    &format!(
                        "<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>\
                         <SessionToken>{TOKEN}</SessionToken><Expiration>{end}</Expiration></Credentials>\
                         <AssumedRoleUser><Arn>arn:aws:sts::{ACCOUNT}:assumed-role/r/s</Arn><AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser>"
                    ),
                )
            }
            "DescribeStacks" => refusal("ValidationError", "Stack with id only does not exist"),
            path => elsewhere(path, asked),
        }
    }
}

pub const SECRET: &str = "dummySecretThatMustNotBeSeen/1";
pub const TOKEN: &str = "dummyTokenThatMustNotBeSeen/2";

/// What containers, instances and IAM Identity Center give.
fn elsewhere(path: &str, asked: &Asked) -> (&'static str, String) {
    let end = SystemTime::now() + Duration::from_secs(3600);
    let keys = |id: &str| -> Value {
        json!({ "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": super::iso(SystemTime::now()), "AccessKeyId": id,
                "SecretAccessKey": SECRET, "Token": TOKEN, "Expiration": super::iso(end) })
    };
    let place = path.split('?').next().unwrap_or_default();
    match place {
        "/container" => ("200 OK", keys("ASIACONTAINER").to_string()),
        "/latest/api/token" => ("200 OK", "metadata-token".to_owned()),
        "/latest/meta-data/iam/security-credentials/" => ("200 OK", "instance-role".to_owned()),
        "/latest/meta-data/iam/security-credentials/instance-role" => ("200 OK", keys("ASIAINSTANCE").to_string()),
        "/latest/meta-data/placement/region" => ("200 OK", "eu-central-1".to_owned()),
        "/federation/credentials"
            if asked.headers.get("x-amz-sso_bearer_token").is_some_and(|token| token == "good") =>
        {
            let end = end.duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
            let role = json!({ "accessKeyId": "ASIASSO", "secretAccessKey": SECRET, "sessionToken": TOKEN, "expiration": end });
            ("200 OK", json!({ "roleCredentials": role }).to_string())
        }
        "/federation/credentials" => (
            "401 Unauthorized",
            json!({ "message": "Session token not found or invalid", "__type": "UnauthorizedException" }).to_string(),
        ),
        _ => ("404 Not Found", "{}".to_owned()),
    }
}

fn result(action: &str, inner: &str) -> (&'static str, String) {
    let body = format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>{inner}</{action}Result>\
         <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>"
    );
    ("200 OK", body)
}

fn refusal(code: &str, message: &str) -> (&'static str, String) {
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    );
    (if code == "ValidationError" { "400 Bad Request" } else { "403 Forbidden" }, body)
}

fn read(stream: &mut impl Read) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut asked = Asked { line: line.trim().to_owned(), ..Asked::default() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        asked.headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = asked.headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    for field in String::from_utf8(body).ok()?.split('&') {
        if let Some((name, value)) = field.split_once('=') {
            asked.form.insert(unescaped(name), unescaped(value));
        }
    }
    Some(asked)
}

/// `%3A` and `+` as what they stand for.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}
