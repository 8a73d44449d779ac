//! The least HTTP that measuring and smoke-testing need: a server and a client on the loopback interface.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use anyhow::{Context, Result};

/// What a client asked.
pub(crate) struct Request {
    pub(crate) path: String,
    /// The AWS operation (`X-Amz-Target`), empty for what is not of AWS's JSON protocols.
    pub(crate) operation: String,
}

/// What it gets.
pub(crate) enum Reply {
    /// A status and a JSON body.
    Json(u16, String),
    /// Silence: the connection stays open until the client closes it.
    Never,
}

/// Starts a server that answers with `answer`, one thread per connection, until the program ends.
pub(crate) fn serve(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on the loopback interface")?;
    let address = listener.local_addr()?;
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            // A client that goes away in the middle is its own business.
            thread::spawn(move || converse(&connection, &*answer).ok());
        }
    });
    Ok(address)
}

fn converse(connection: &TcpStream, answer: &dyn Fn(&Request) -> Reply) -> Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection);
    while let Some(request) = read_request(&mut reader)? {
        match answer(&request) {
            Reply::Json(status, body) => write_reply(connection, status, &body)?,
            Reply::Never => {
                reader.read_to_end(&mut Vec::new())?;
            }
        }
    }
    Ok(())
}

fn read_request(reader: &mut impl BufRead) -> Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut operation, mut length) = (String::new(), 0);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse()?,
            "x-amz-target" => value.trim().clone_into(&mut operation),
            _ => {}
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    Ok(Some(Request { path, operation }))
}

fn write_reply(mut connection: &TcpStream, status: u16, body: &str) -> Result<()> {
    let head =
        format!("HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    connection.write_all((head + body).as_bytes())?;
    Ok(())
}

/// Posts `body`, and gives back the answer's body, whatever its status. Waits for `patience` at most.
pub(crate) fn post(address: SocketAddr, path: &str, body: &str, patience: Duration) -> Result<String> {
    let mut connection = TcpStream::connect_timeout(&address, patience)?;
    connection.set_read_timeout(Some(patience))?;
    // HTTP/1.0, so that the answer ends with the connection and is never chunked.
    let head = format!("POST {path} HTTP/1.0\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n", body.len());
    connection.write_all((head + body).as_bytes())?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).context("no answer in time")?;
    let (_, body) = answer.split_once("\r\n\r\n").context("the answer is not HTTP")?;
    Ok(body.to_owned())
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}
