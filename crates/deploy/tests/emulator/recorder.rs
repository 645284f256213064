//! A way to the emulator that keeps what is asked, and answers itself where a test wants it to: for what the emulator does not look at.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use skysmith_deploy::{Endpoint, Session, SessionOptions};

use crate::harness::emulator;

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// With the query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// S3 is the one service here whose requests have a path.
    pub fn is_s3(&self) -> bool {
        self.path.len() > 1
    }
}

/// What is answered in the emulator's place: the whole of it, from the status line on.
type Rule = dyn Fn(&Request) -> Option<String> + Send + Sync;

pub struct Recorder {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Recorder {
    pub fn new(rule: impl Fn(&Request) -> Option<String> + Send + Sync + 'static) -> Self {
        Self::rewriting(rule, str::to_owned)
    }

    /// The same, changing the emulator's answers, but not their length.
    pub fn rewriting(
        rule: impl Fn(&Request) -> Option<String> + Send + Sync + 'static,
        rewrite: fn(&str) -> String,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, rule): (_, Arc<Rule>) = (Arc::clone(&requests), Arc::new(rule));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, rule) = (Arc::clone(&kept), Arc::clone(&rule));
                thread::spawn(move || serve(stream, &kept, &rule, rewrite));
            }
        });
        Self { url, requests }
    }

    pub async fn session(&self, region: &str) -> Session {
        let options = SessionOptions {
            endpoint: Endpoint::Local(self.url.clone()),
            region: Some(region.to_owned()),
            ..SessionOptions::default()
        };
        Session::connect(&options).await.unwrap()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, kept: &Mutex<Vec<Request>>, rule: &Arc<Rule>, rewrite: fn(&str) -> String) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let mut words = head.first()?.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: Vec<(String, String)> = head[1..]
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request = Request { method, path, headers, body };
    kept.lock().unwrap().push(request.clone());
    let answer = match rule(&request) {
        Some(answer) => answer.into_bytes(),
        None => match String::from_utf8(forward(&request)?) {
            Ok(text) => rewrite(&text).into_bytes(),
            Err(binary) => binary.into_bytes(),
        },
    };
    let mut stream = stream;
    stream.write_all(&answer).ok()
}

fn forward(request: &Request) -> Option<Vec<u8>> {
    let mut upstream = TcpStream::connect(emulator().strip_prefix("http://")?).ok()?;
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.path);
    for (name, value) in request.headers.iter().filter(|(name, _)| name != "connection") {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("connection: close\r\n\r\n");
    upstream.write_all(head.as_bytes()).ok()?;
    upstream.write_all(&request.body).ok()?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).ok()?;
    // The connection ends with the answer.
    let end = answer.windows(2).position(|two| two == b"\r\n")?;
    answer.splice(end..end, b"\r\nconnection: close".iter().copied());
    Some(answer)
}
