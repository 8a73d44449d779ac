//! Metadata of a package as we serve them, beside a static file server with basic auth, in one run.

use std::{
    fmt::Write as _,
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, extract::Request, response::IntoResponse, routing::get};
use domain::CompanyId;
use http::{StatusCode, header};
use journeys::{TestStack, basic, granted, indexed};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

/// Versions of the package.
const VERSIONS: usize = 100;
/// Clients that ask at once: Composer's own number.
const CLIENTS: usize = 12;
/// How long each server is asked, in each of the rounds. They take turns, so that a busy moment hits both.
const TURN: Duration = Duration::from_secs(2);
const ROUNDS: u32 = 3;

/// What a server did.
#[derive(Debug, Default, Clone, Copy)]
struct Served {
    answers: usize,
    bytes: usize,
    seconds: f64,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, which wants a machine for itself and --release"]
async fn metadata_beside_a_static_file_server() {
    let t = TestStack::start().await;
    let composer = json!({
        "type": "library", "license": ["proprietary"], "description": "A widget for those who have none",
        "require": {"php": ">=8.1", "ext-json": "*", "psr/log": "^3.0", "symfony/console": "^6.4 || ^7.0"},
        "require-dev": {"phpunit/phpunit": "^10.5", "phpstan/phpstan": "^1.11"},
        "autoload": {"psr-4": {"Acme\\Widget\\": "src/"}},
        "authors": [{"name": "Acme Corp", "email": "dev@acme.com", "homepage": "https://acme.com"}],
    });
    let version =
        |number: usize| indexed("acme/widget", &format!("{}.{}.0", number / 10, number % 10), t.now(), &composer);
    t.shelve_versions(CompanyId(1), "acme/widget", (0..VERSIONS).rev().map(version).collect()).await;
    let (_, token) = t.customer_with(1, granted(t.now(), &[("acme/widget", "*")])).await;
    let authorization = basic(&token);
    let file = expanded(&t.fetch("/p2/acme/widget.json", &token).await.json).to_string();
    let static_url = serve_file(file.clone(), authorization.clone()).await;

    let path = "/p2/acme/widget.json";
    let (mut ours, mut theirs, mut unchanged) = (Served::default(), Served::default(), Served::default());
    let date = t.fetch(path, &token).await.header("last-modified").to_owned();
    for _ in 0..ROUNDS {
        ours += ask(&format!("{}{path}", t.stack.url), &authorization, None).await;
        theirs += ask(&format!("{static_url}{path}"), &authorization, None).await;
        unchanged += ask(&format!("{}{path}", t.stack.url), &authorization, Some(&date)).await;
    }
    let mut table = format!(
        "\nacme/widget with {VERSIONS} versions, {CLIENTS} clients\n{:<34}{:>12}{:>14}\n",
        "", "requests/s", "bytes each"
    );
    for (what, served) in [("ours", ours), ("ours, nothing new", unchanged), ("a static file, basic auth", theirs)] {
        let bytes = served.bytes / served.answers.max(1);
        writeln!(table, "{what:<34}{:>12.0}{bytes:>14}", served.rate()).unwrap();
    }
    #[expect(clippy::cast_precision_loss, reason = "they are small")]
    let bytes = (ours.bytes / ours.answers) as f64 / file.len() as f64;
    let rate = ours.rate() / theirs.rate();
    writeln!(table, "ours : static = {rate:.2} in requests/s, {bytes:.3} in bytes").unwrap();
    std::io::stderr().write_all(table.as_bytes()).unwrap();
    t.finish().await;
}

impl std::ops::AddAssign for Served {
    fn add_assign(&mut self, other: Self) {
        self.answers += other.answers;
        self.bytes += other.bytes;
        self.seconds += other.seconds;
    }
}

impl Served {
    fn rate(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "they are small")]
        let answers = self.answers as f64;
        answers / self.seconds
    }
}

/// The document as a file would have it: each version whole.
fn expanded(document: &Value) -> Value {
    let mut current = Map::new();
    let mut versions = Vec::new();
    for version in document["packages"]["acme/widget"].as_array().unwrap() {
        for (name, value) in version.as_object().unwrap() {
            if value == "__unset" {
                current.remove(name);
            } else {
                current.insert(name.clone(), value.clone());
            }
        }
        versions.push(Value::Object(current.clone()));
    }
    json!({"packages": {"acme/widget": versions}})
}

/// A server that holds one file in memory, and compares a header. No file server does less.
async fn serve_file(file: String, authorization: String) -> String {
    let file: Arc<str> = file.into();
    let serve = move |request: Request| {
        let given = request.headers().get(header::AUTHORIZATION);
        let good = given.is_some_and(|given| given.as_bytes() == authorization.as_bytes());
        let file = Arc::clone(&file);
        async move {
            if good {
                ([(header::CONTENT_TYPE, "application/json")], file.to_string()).into_response()
            } else {
                StatusCode::UNAUTHORIZED.into_response()
            }
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/p2/acme/widget.json", get(serve))).await });
    url
}

/// A client for plain HTTP. Without a TLS set-up it would look for a crypto library that nobody has installed.
fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
}

/// Asks for a turn, over connections that are kept.
async fn ask(url: &str, authorization: &str, date: Option<&str>) -> Served {
    let (answers, bytes) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let begun = Instant::now();
    let client = client();
    let clients = (0..CLIENTS).map(|_| {
        let (client, url, authorization) = (client.clone(), url.to_owned(), authorization.to_owned());
        let (answers, bytes, date) = (Arc::clone(&answers), Arc::clone(&bytes), date.map(str::to_owned));
        tokio::spawn(async move {
            while begun.elapsed() < TURN {
                let request =
                    client.get(&url).header("authorization", &authorization).header("accept-encoding", "gzip");
                let request = date.iter().fold(request, |request, date| request.header("if-modified-since", date));
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status().as_u16(), if date.is_some() { 304 } else { 200 });
                bytes.fetch_add(answer.bytes().await.unwrap().len(), Ordering::Relaxed);
                answers.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    futures::future::join_all(clients.collect::<Vec<_>>()).await.into_iter().for_each(Result::unwrap);
    Served {
        answers: answers.load(Ordering::Relaxed),
        bytes: bytes.load(Ordering::Relaxed),
        seconds: begun.elapsed().as_secs_f64(),
    }
}
