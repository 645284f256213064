//! HTTP/1.1 on loopback, and the parts of the AWS protocols that are in a request's head.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use crate::time;
use crate::xml::Xml;

/// What was asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// The service, as in the signature: `cloudformation`.
    pub service: String,
    /// The API operation: `DescribeStacks`. For S3 it is told from method, path and query.
    pub operation: String,
    /// The decoded form of a query request (`Parameters.member.1.ParameterKey`), or the query of a URL.
    pub parameters: BTreeMap<String, String>,
    /// `GET`, `PUT`, ...
    pub method: String,
    /// The path with the query, as it was sent.
    pub target: String,
    /// The headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as it was sent.
    pub body: Vec<u8>,
    /// When it came.
    pub at: Instant,
}

impl Request {
    /// The value of a parameter; empty if there is none.
    #[must_use]
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// Whether there is such a parameter.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.parameters.contains_key(name)
    }

    /// The values of a list of texts: `Capabilities.member.N`.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<&str> {
        (1..).map_while(|index| self.parameters.get(&format!("{name}.member.{index}"))).map(String::as_str).collect()
    }

    /// A list of pairs: `Tags.member.N.Key` and `Tags.member.N.Value`.
    #[must_use]
    pub fn pairs(&self, name: &str, key: &str, value: &str) -> Vec<(&str, &str)> {
        (1..)
            .map_while(|index| {
                let key = self.parameters.get(&format!("{name}.member.{index}.{key}"))?;
                Some((key.as_str(), self.parameter(&format!("{name}.member.{index}.{value}"))))
            })
            .collect()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn path(&self) -> String {
        decode(self.target.split('?').next().unwrap_or_default(), false)
    }

    fn is_json(&self) -> bool {
        !self.header("x-amz-target").is_empty()
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type".to_owned(), content_type.to_owned())], body: body.into() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The answer of an operation of the query protocol.
    pub fn result(operation: &str, inside: Xml) -> Self {
        let body = Xml::new().child(
            &format!("{operation}Response"),
            Xml::new()
                .child(&format!("{operation}Result"), inside)
                .child("ResponseMetadata", Xml::new().text("RequestId", "00000000-0000-0000-0000-000000000001")),
        );
        Self::new(200, "text/xml", body.into_text())
    }

    pub fn json(value: &serde_json::Value) -> Self {
        Self::new(200, "application/x-amz-json-1.1", value.to_string())
    }

    /// An error, in the words of the request's protocol.
    pub fn error(request: &Request, status: u16, code: &str, message: &str) -> Self {
        if request.is_json() {
            let body = serde_json::json!({ "__type": code, "message": message });
            return Self::new(status, "application/x-amz-json-1.1", body.to_string());
        }
        let error = Xml::new().text("Code", code).text("Message", message);
        let body = if request.service == "s3" {
            Xml::new().child("Error", error)
        } else {
            let error = Xml::new().text("Type", "Sender").text("Code", code).text("Message", message);
            let inside = Xml::new().child("Error", error).text("RequestId", "00000000-0000-0000-0000-000000000002");
            Xml::new().child("ErrorResponse", inside)
        };
        Self::new(status, "text/xml", body.into_text())
    }

    pub fn dated(self, ahead: i64) -> Self {
        if self.headers.iter().any(|(name, _)| name == "date") {
            return self;
        }
        self.header("date", &time::http(time::now(ahead)))
    }
}

type Handler = Arc<dyn Fn(&Request) -> Option<Reply> + Send + Sync>;

/// Answers until dropped.
pub(crate) struct Server {
    url: String,
    stop: Arc<AtomicBool>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl Server {
    pub fn start(handler: Handler) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopping.load(Ordering::Relaxed) {
                    break;
                }
                let (Ok(stream), handler) = (stream, Arc::clone(&handler)) else { continue };
                thread::spawn(move || serve(&stream, &handler));
            }
        });
        Self { url, stop }
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // It waits for a connection to see that it is over.
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
    }
}

fn serve(stream: &TcpStream, handler: &Handler) {
    let _ = stream.set_nodelay(true);
    let Ok(reading) = stream.try_clone() else { return };
    let mut reader = BufReader::new(reading);
    while let Some(request) = read(&mut reader, stream) {
        let Some(reply) = handler(&request) else {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        };
        if write(stream, &request, &reply).is_none() {
            return;
        }
    }
}

fn write(mut stream: &TcpStream, request: &Request, reply: &Reply) -> Option<()> {
    let mut head = format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n", reply.status, reply.body.len());
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    if request.method != "HEAD" {
        bytes.extend_from_slice(&reply.body);
    }
    stream.write_all(&bytes).ok()
}

fn read(reader: &mut BufReader<TcpStream>, mut stream: &TcpStream) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut parts = line.split_whitespace();
    let (method, target) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.trim().to_lowercase(), value.trim().to_owned());
    }
    if headers.get("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    let body = if headers.get("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        read_chunks(reader)?
    } else {
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        body
    };
    let mut request = Request {
        service: signed_for(&headers),
        operation: String::new(),
        parameters: BTreeMap::new(),
        method,
        target,
        headers,
        body,
        at: Instant::now(),
    };
    request.operation = name(&mut request);
    Some(request)
}

fn read_chunks(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let length = usize::from_str_radix(line.trim().split(';').next()?, 16).ok()?;
        let start = body.len();
        body.resize(start + length, 0);
        reader.read_exact(&mut body[start..]).ok()?;
        line.clear();
        reader.read_line(&mut line).ok()?;
        if length == 0 {
            return Some(body);
        }
    }
}

/// `AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/cloudformation/aws4_request, ...`.
fn signed_for(headers: &BTreeMap<String, String>) -> String {
    let authorization = headers.get("authorization").map_or("", String::as_str);
    let scope = authorization.split("Credential=").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default();
    scope.split('/').nth(3).unwrap_or_default().to_owned()
}

/// The operation; the parameters are decoded on the way.
fn name(request: &mut Request) -> String {
    let query = request.target.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
    if let Some(target) = request.headers.get("x-amz-target") {
        return target.split('.').next_back().unwrap_or_default().to_owned();
    }
    if request.header("content-type").starts_with("application/x-www-form-urlencoded") {
        request.parameters = form(&request.text());
        return request.parameter("Action").to_owned();
    }
    request.parameters = form(&query);
    crate::storage::operation(request)
}

fn form(text: &str) -> BTreeMap<String, String> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key, true), decode(value, true)))
        .collect()
}

fn decode(text: &str, plus_is_space: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let hex = |digit: &u8| char::from(*digit).to_digit(16);
        match (first, after) {
            (b'+', _) if plus_is_space => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => {
                if let (Some(high), Some(low)) = (hex(high), hex(low)) {
                    bytes.push(u8::try_from(high * 16 + low).unwrap());
                    rest = after;
                } else {
                    bytes.push(*first);
                }
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends the request on as it is; its signature names the host that it was meant for, and stays valid.
pub(crate) fn forward(url: &str, request: &Request) -> Option<Reply> {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://").trim_end_matches('/')).ok()?;
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        if !matches!(name.as_str(), "connection" | "content-length" | "transfer-encoding" | "expect") {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    head.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n", request.body.len()));
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&request.body).ok()?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let status = line.split_whitespace().nth(1)?.parse().ok()?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.trim().to_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    // Whatever the head says of a body, an answer to HEAD has none.
    let has_body = request.method != "HEAD";
    if has_body && headers.get("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        body = read_chunks(&mut reader)?;
    } else if has_body {
        match headers.get("content-length").and_then(|length| length.parse().ok()) {
            Some(length) => {
                body = vec![0; length];
                reader.read_exact(&mut body).ok()?;
            }
            None => {
                reader.read_to_end(&mut body).ok()?;
            }
        }
    }
    let kept =
        |(name, _): &(String, String)| !matches!(name.as_str(), "connection" | "content-length" | "transfer-encoding");
    Some(Reply { status, headers: headers.into_iter().filter(kept).collect(), body })
}
