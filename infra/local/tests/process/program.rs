//! Starts the program and talks to it.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// What the program prints last when it has started.
const READY: &str = "Ctrl-C ends it.";

/// A folder for one test, empty at its beginning.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("process").join(test);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The program with these arguments, and with nothing of this process's environment but the path.
pub(crate) fn tollgate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.args(arguments).stdin(Stdio::null());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// The program serving. Dropping it kills it.
pub(crate) struct Program {
    /// Where, without a slash at the end.
    pub(crate) url: String,
    /// What it printed at the start.
    pub(crate) said: String,
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it on a free port, with its data in `folder`, and waits until it serves.
    pub(crate) fn start(folder: &Path, environment: &[(&str, &str)]) -> Self {
        fs::create_dir_all(folder).unwrap();
        let data = folder.join("data");
        let mut command = tollgate(&["--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]);
        let log = folder.join("log");
        let stderr = File::options().create(true).append(true).open(&log).unwrap();
        let mut child =
            command.envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let mut program = Self { url: String::new(), said: String::new(), child, log };

        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                drop(sender.send(line));
            }
        });
        while !program.said.contains(READY) {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) => program.said += &(line + "\n"),
                Err(error) => panic!("the program did not start: {error}"),
            }
        }
        let (_, rest) = program.said.split_once("running at ").unwrap();
        rest.lines().next().unwrap().clone_into(&mut program.url);
        program
    }

    /// The token that it printed, if it did.
    pub(crate) fn token(&self) -> Option<&str> {
        self.said.lines().find_map(|line| line.trim().strip_prefix("export TOKEN="))
    }

    /// What it logged so far, in this run and in those before.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it as `kill -9` does: without a chance to do anything.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn interrupt(mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let status = until("the program ends", || self.child.try_wait().unwrap());
        (status, begun.elapsed())
    }

    /// `GET`, as the bearer of `token`.
    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        self.send("GET", path, &[("authorization", &format!("Bearer {token}"))], b"")
    }

    /// `POST` of JSON, as the bearer of `token` if it is not empty.
    pub(crate) fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("content-type", "application/json"), ("authorization", bearer.as_str())];
        headers.truncate(if token.is_empty() { 1 } else { 2 });
        self.send("POST", path, &headers, body.to_string().as_bytes())
    }

    /// Any request.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let address = self.url.strip_prefix("http://").unwrap();
        let headers: String = headers.iter().map(|(name, value)| [name, ": ", value, "\r\n"].concat()).collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        let mut connection = TcpStream::connect(address).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        connection.write_all(&[request.as_bytes(), body].concat()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// The only purchase, as the operator's list shows it.
    pub(crate) fn purchase(&self, token: &str) -> Value {
        let list = self.get("/api/admin/customers", token).json();
        let customers = list["customers"].as_array().unwrap();
        assert_eq!(customers.len(), 1, "{list}");
        customers[0].clone()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the program had logged:\n{}", self.log());
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    head: String,
    /// Its body.
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The header called `name`, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.filter(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// Asks again and again until there is something.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
