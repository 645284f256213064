//! An HTTP proxy on loopback that passes every call on to the local AWS as it is, and writes down what it was.
//!
//! Both clients are measured through it, so what it adds, some tenths of a millisecond a call, is the same for both. Each
//! request takes a connection of its own to the server: a server closes idle ones, and a client that waits between two
//! calls must not see that as an error.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

/// One call of AWS.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service and the action: `cloudformation CreateChangeSet`.
    pub name: String,
    /// When it arrived.
    pub at: SystemTime,
    /// The answer's HTTP status.
    pub status: u16,
}

/// The proxy. It listens until the process ends.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    calls: Arc<Mutex<Vec<Call>>>,
    /// In milliseconds.
    delay: Arc<AtomicU64>,
}

impl Proxy {
    /// Starts one in front of `upstream` on 127.0.0.1.
    pub fn start(upstream: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let proxy = Self { port: listener.local_addr()?.port(), calls: Arc::default(), delay: Arc::default() };
        let (calls, delay) = (Arc::clone(&proxy.calls), Arc::clone(&proxy.delay));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (calls, delay) = (Arc::clone(&calls), Arc::clone(&delay));
                // A connection that breaks is the client's affair: it sees it.
                thread::spawn(move || {
                    serve(&client, SocketAddr::from((Ipv4Addr::LOCALHOST, upstream)), &calls, &delay)
                });
            }
        });
        Ok(proxy)
    }

    /// Holds every answer back for so long, as a network does.
    pub fn delay(&self, time: Duration) {
        self.delay.store(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The calls since the last time this was asked, in the order of their arrival.
    pub fn take(&self) -> Vec<Call> {
        let mut calls = std::mem::take(&mut *lock(&self.calls));
        calls.sort_by_key(|call| call.at);
        calls
    }
}

fn lock(calls: &Mutex<Vec<Call>>) -> MutexGuard<'_, Vec<Call>> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(client: &TcpStream, upstream: SocketAddr, calls: &Mutex<Vec<Call>>, delay: &AtomicU64) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut from_client = BufReader::new(client);
    while let Some(mut request) = Message::read_head(&mut from_client)? {
        let at = SystemTime::now();
        if request.take_header("expect").is_some() {
            (&mut &*client).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.read_body(&mut from_client, false)?;
        let server = TcpStream::connect(upstream)?;
        server.set_nodelay(true)?;
        request.write(&server)?;
        let mut from_server = BufReader::new(&server);
        let mut response = Message::read_head(&mut from_server)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = response.first.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default();
        if !(request.first.starts_with("HEAD ") || matches!(status, 204 | 304)) {
            response.read_body(&mut from_server, true)?;
        }
        thread::sleep(Duration::from_millis(delay.load(Ordering::Relaxed)));
        // Before the client has the answer: it may be its last, and the calls be asked for at once.
        lock(calls).push(Call { name: request.name(), at, status });
        response.write(client)?;
        if response.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            return Ok(());
        }
    }
    Ok(())
}

/// A request or a response of HTTP/1.1.
struct Message {
    /// Its first line, without the line's end.
    first: String,
    headers: Vec<(String, String)>,
    /// Its body as it came over the wire, with the sizes of its chunks if it came in chunks.
    body: Vec<u8>,
}

impl Message {
    /// The next one; none at the end of the connection.
    fn read_head(from: &mut BufReader<&TcpStream>) -> io::Result<Option<Self>> {
        let first = read_line(from)?;
        if first.is_empty() {
            return Ok(None);
        }
        let mut headers = Vec::new();
        loop {
            let line = read_line(from)?;
            if line.is_empty() {
                return Ok(Some(Self { first, headers, body: Vec::new() }));
            }
            let (name, value) = line.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn take_header(&mut self, name: &str) -> Option<String> {
        let position = self.headers.iter().position(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(self.headers.remove(position).1)
    }

    /// Reads the body by its length or its chunks; without either it goes `to_end` or is empty.
    fn read_body(&mut self, from: &mut BufReader<&TcpStream>, to_end: bool) -> io::Result<()> {
        if self.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return self.read_chunks(from);
        }
        match self.header("content-length").map(str::parse) {
            Some(Ok(length)) => {
                self.body = vec![0; length];
                from.read_exact(&mut self.body)
            }
            Some(Err(_)) => Err(io::ErrorKind::InvalidData.into()),
            None if to_end => from.read_to_end(&mut self.body).map(|_| ()),
            None => Ok(()),
        }
    }

    fn read_chunks(&mut self, from: &mut BufReader<&TcpStream>) -> io::Result<()> {
        loop {
            let line = read_line(from)?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(size, 16).map_err(|_| io::ErrorKind::InvalidData)?;
            self.body.extend_from_slice(format!("{line}\r\n").as_bytes());
            if size == 0 {
                break;
            }
            // With the line's end behind it.
            if from.take(size + 2).read_to_end(&mut self.body)? as u64 != size + 2 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        loop {
            let trailer = read_line(from)?;
            self.body.extend_from_slice(format!("{trailer}\r\n").as_bytes());
            if trailer.is_empty() {
                return Ok(());
            }
        }
    }

    /// Sends it in one piece.
    fn write(&self, mut to: &TcpStream) -> io::Result<()> {
        let mut bytes = format!("{}\r\n", self.first).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        to.write_all(&bytes)
    }

    /// The service and the action of a request, from wherever its protocol has them.
    fn name(&self) -> String {
        // Credential=KEY/DATE/REGION/SERVICE/aws4_request
        let scope = self.header("authorization").and_then(|value| value.split_once("Credential="));
        let service = scope.and_then(|(_, scope)| scope.split('/').nth(3)).unwrap_or("unsigned");
        format!("{service} {}", self.action())
    }

    fn action(&self) -> String {
        if let Some((_, action)) = self.header("x-amz-target").and_then(|target| target.rsplit_once('.')) {
            return action.to_owned();
        }
        let form = String::from_utf8_lossy(&self.body);
        let is_form =
            self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if is_form && let Some(action) = form.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
            return action.to_owned();
        }
        let (method, rest) = self.first.split_once(' ').unwrap_or_default();
        let (path, query) = rest.split(' ').next().unwrap_or_default().split_once('?').unwrap_or((rest, ""));
        if let Some((_, action)) = path.split_once("/operation/") {
            return action.split(' ').next().unwrap_or_default().to_owned();
        }
        // The SDKs for S3 say which action it is where the method and the path leave it open.
        if let Some(action) = query.split('&').find_map(|pair| pair.strip_prefix("x-id=")) {
            return action.to_owned();
        }
        let path = path.split(' ').next().unwrap_or_default().trim_matches('/');
        let subject = match path.split('/').count() {
            _ if path.is_empty() => "",
            1 => " bucket",
            _ => " object",
        };
        let question = query.split(['=', '&']).next().filter(|word| !word.is_empty());
        format!("{method}{subject}{}", question.map(|word| format!(" {word}")).unwrap_or_default())
    }
}

/// A line without its end; empty at the end of the connection as well.
fn read_line(from: &mut BufReader<&TcpStream>) -> io::Result<String> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line)?;
    while line.last().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
        line.pop();
    }
    String::from_utf8(line).map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers the requests of a test in turn, one on each connection, and gives back what it got.
    fn server(answers: &'static [&'static str]) -> (u16, thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let served = thread::spawn(move || {
            let mut got = Vec::new();
            for answer in answers {
                let (stream, _) = listener.accept().expect("a connection");
                let mut from = BufReader::new(&stream);
                let mut request = Message::read_head(&mut from).expect("a request").expect("not the end");
                request.read_body(&mut from, false).expect("a body");
                got.push(format!("{}|{}", request.first, String::from_utf8_lossy(&request.body)));
                (&stream).write_all(answer.as_bytes()).expect("the client waits");
            }
            got
        });
        (port, served)
    }

    #[test]
    fn calls_pass_unchanged_and_are_named() {
        let (port, served) = server(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 404 Not Found\r\nContent-Length: 20\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        ]);
        let proxy = Proxy::start(port).expect("a free port");
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).expect("it listens");
        let signed = |service: &str| {
            format!("Authorization: AWS4-HMAC-SHA256 Credential=k/20260101/eu-west-1/{service}/aws4_request\r\n")
        };
        let form = "Action=CreateChangeSet&StackName=x";
        write!(
            client,
            "POST / HTTP/1.1\r\n{}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}\
             HEAD /bucket HTTP/1.1\r\n{}\r\n\
             PUT /bucket/key?x-id=PutObject HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n2;s=1\r\nhi\r\n0\r\n\r\n",
            signed("cloudformation"),
            form.len(),
            signed("s3"),
            signed("s3"),
        )
        .expect("it reads");
        client.shutdown(std::net::Shutdown::Write).expect("it is open");
        let mut said = String::new();
        client.read_to_string(&mut said).expect("it answers");
        assert!(said.starts_with("HTTP/1.1 200 OK\r\n") && said.contains("\r\n\r\nokHTTP/1.1 404"), "{said}");
        assert!(said.ends_with("\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), "{said}");
        let got = served.join().expect("three requests");
        assert_eq!(got[0], format!("POST / HTTP/1.1|{form}"));
        assert_eq!(got[1], "HEAD /bucket HTTP/1.1|");
        assert_eq!(got[2], "PUT /bucket/key?x-id=PutObject HTTP/1.1|2;s=1\r\nhi\r\n0\r\n\r\n");
        let calls: Vec<_> = proxy.take().into_iter().map(|call| (call.name, call.status)).collect();
        let expected = [("cloudformation CreateChangeSet", 200), ("s3 HEAD bucket", 404), ("s3 PutObject", 200)];
        assert_eq!(calls, expected.map(|(name, status)| (name.to_owned(), status)));
        assert!(proxy.take().is_empty());
    }

    #[test]
    fn actions_of_every_protocol() {
        let name = |first: &str, header: Option<(&str, &str)>| {
            let headers = header.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            Message { first: format!("{first} HTTP/1.1"), headers, body: Vec::new() }.name()
        };
        assert_eq!(name("POST /", Some(("X-Amz-Target", "DynamoDB_20120810.Scan"))), "unsigned Scan");
        assert_eq!(name("POST /service/CloudFormation/operation/ListStacks", None), "unsigned ListStacks");
        assert_eq!(name("GET /bucket?location", None), "unsigned GET bucket location");
        assert_eq!(name("GET /bucket/?list-type=2&prefix=a", None), "unsigned GET bucket list-type");
        assert_eq!(name("DELETE /bucket/a/b", None), "unsigned DELETE object");
        assert_eq!(name("GET /", None), "unsigned GET");
    }
}
