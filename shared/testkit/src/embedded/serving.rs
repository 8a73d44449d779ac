//! A loopback listener and the task that answers on it.

use std::{convert::Infallible, future::Future, net::Ipv4Addr, time::Duration};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::{JoinHandle, JoinSet},
};

/// How long a service may take to finish what it is doing when it is told to stop.
const FAREWELL: Duration = Duration::from_secs(2);

/// A service that runs until it is stopped or dropped.
#[derive(Debug)]
pub(super) struct Serving {
    endpoint: String,
    stop: oneshot::Sender<Infallible>,
    task: JoinHandle<()>,
}

/// A listener on a free port of the loopback interface, and its port.
pub(super) async fn listen() -> Result<(TcpListener, u16)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free port on 127.0.0.1")?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// Resolves when the [`Serving`] it belongs to is stopped or dropped.
pub(super) struct Stopped(oneshot::Receiver<Infallible>);

impl Stopped {
    pub(super) async fn wait(self) {
        // Nothing is ever sent: the sender's end is the signal.
        let _ = self.0.await;
    }
}

impl Serving {
    /// Runs what `serve` makes of the signal to stop.
    pub(super) fn run<F>(port: u16, serve: impl FnOnce(Stopped) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(Stopped(stopped)));
        Self { endpoint: format!("http://{}:{port}", Ipv4Addr::LOCALHOST), stop, task }
    }

    /// Answers every connection of `listener` with `service`.
    pub(super) fn http<S, B>(listener: TcpListener, port: u16, service: S) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self::run(port, move |stopped| accept(listener, service, stopped))
    }

    /// `http://127.0.0.1:PORT`.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Ends it, and waits until it has ended.
    pub(super) async fn stop(self) {
        let Self { stop, mut task, .. } = self;
        drop(stop);
        if tokio::time::timeout(FAREWELL, &mut task).await.is_err() {
            task.abort();
        }
    }
}

async fn accept<S, B>(listener: TcpListener, service: S, stopped: Stopped)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    // Connections end with this task, since the set is dropped with it.
    let mut connections = JoinSet::new();
    let stopped = stopped.wait();
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let _ = stream.set_nodelay(true);
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), service.clone());
                connections.spawn(connection);
            }
        }
    }
}
