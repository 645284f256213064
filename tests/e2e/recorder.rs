//! What stands in front of the local AWS, ends TLS in its place, and keeps what is called and by whom.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{python, root};

/// A running one; it ends when it is dropped.
pub struct Recorder {
    /// Where it listens.
    pub url: String,
    process: Child,
}

impl Recorder {
    /// In front of the local AWS at this URL.
    pub fn new(emulator: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(python())
            .arg(root().join("tests/e2e/recorder.py"))
            .args([emulator, &port.to_string()])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let this = Self { url: format!("http://127.0.0.1:{port}"), process };
        let deadline = Instant::now() + Duration::from_secs(60);
        while this.get("/_recorded").is_none() {
            assert!(Instant::now() < deadline, "the recorder does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        this
    }

    /// The IAM actions of all calls since the last time.
    #[allow(dead_code, reason = "only some of the tests look at them")]
    pub fn actions(&self) -> BTreeSet<String> {
        serde_json::from_value(self.get("/_recorded").unwrap()).unwrap()
    }

    /// All calls since the last time: the role with which it was made (nothing for a caller's own keys), the IAM action, and what was said to STS.
    #[allow(dead_code, reason = "only some of the tests look at them")]
    pub fn calls(&self) -> Vec<(String, String, Value)> {
        serde_json::from_value(self.get("/_calls").unwrap()).unwrap()
    }

    fn get(&self, path: &str) -> Option<Value> {
        let address = self.url.strip_prefix("http://")?;
        let mut stream = TcpStream::connect(address).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split("\r\n\r\n").nth(1)?).ok()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
