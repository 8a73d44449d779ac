//! A relay in front of the program that writes down what passes through it.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use crate::program::PATIENCE;

/// A request that passed through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passed {
    /// `GET /packages.json`, without the query.
    pub(super) what: String,
    /// The host that the client thought to talk to.
    pub(super) host: String,
    /// Whether it brought credentials.
    pub(super) authorized: bool,
    /// Whether it asked only for what has changed.
    pub(super) conditional: bool,
    /// The answer's status.
    pub(super) status: u16,
    /// The request's body.
    pub(super) body: String,
}

/// The relay.
#[derive(Debug, Clone)]
pub(super) struct Recorder {
    /// `127.0.0.1:…`
    pub(super) address: String,
    upstream: Arc<Mutex<Option<String>>>,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl Recorder {
    /// Listens on a free port. Nothing gets through before [`Recorder::lead_to`].
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let recorder = Self { address, upstream: Arc::default(), passed: Arc::default() };
        let relay = recorder.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let relay = relay.clone();
                // A client that goes away in the middle of something is no concern of ours.
                thread::spawn(move || drop(relay.pass(client)));
            }
        });
        recorder
    }

    /// Where requests go from now on.
    pub(super) fn lead_to(&self, url: &str) {
        *self.upstream.lock().unwrap() = Some(url.strip_prefix("http://").unwrap().to_owned());
    }

    /// What has passed through since the last time, in the order in which it was answered.
    pub(super) fn passed(&self) -> Vec<Passed> {
        std::mem::take(&mut self.passed.lock().unwrap())
    }

    /// One request to a connection.
    fn pass(&self, mut client: TcpStream) -> std::io::Result<()> {
        client.set_read_timeout(Some(PATIENCE))?;
        let Some((head, body)) = read_request(&mut client)? else { return Ok(()) };
        let upstream = self.upstream.lock().unwrap().clone().expect("the program was started");
        let mut server = TcpStream::connect(upstream)?;
        server.set_read_timeout(Some(PATIENCE))?;
        let lines = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
        let relayed = lines.collect::<Vec<_>>().join("\r\n") + "\r\nconnection: close\r\n\r\n";
        server.write_all(&[relayed.as_bytes(), &body].concat())?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        self.passed.lock().unwrap().push(Passed::of(&head, &body, &answer));
        client.write_all(&answer)
    }
}

impl Passed {
    fn of(head: &str, body: &[u8], answer: &[u8]) -> Self {
        let (method, rest) = head.split_once(' ').unwrap();
        let path = rest.split([' ', '?']).next().unwrap();
        let status = String::from_utf8_lossy(&answer[..answer.len().min(12)]).into_owned();
        Self {
            what: format!("{method} {path}"),
            host: header(head, "host").unwrap_or_default(),
            authorized: header(head, "authorization").is_some(),
            conditional: header(head, "if-modified-since").is_some(),
            status: status.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default(),
            body: String::from_utf8_lossy(body).into_owned(),
        }
    }
}

/// Head and body; `None` of a connection that says nothing.
fn read_request(client: &mut TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length: usize = header(&head, "content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
            let mut body = bytes.split_off(end + 4);
            let known = body.len();
            body.resize(length.max(known), 0);
            client.read_exact(&mut body[known..])?;
            return Ok(Some((head, body)));
        }
        let read = client.read(&mut chunk)?;
        if read == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk[..read]);
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    let headers = head.lines().filter_map(|line| line.split_once(':'));
    let mut found = headers.filter(|(header, _)| header.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim().to_owned())
}
