//! Verdicts of the services' own clients, row by row.

use std::{
    env, fs,
    io::{ErrorKind, Write},
    path::PathBuf,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, de::DeserializeOwned};
use signatures::{github, stripe};

#[derive(Deserialize)]
struct StripeRow {
    name: String,
    secret: String,
    header: String,
    body_base64: String,
    now: i64,
    tolerance: i64,
    valid: bool,
}

#[derive(Deserialize)]
struct GithubRow {
    name: String,
    secret: String,
    header: String,
    body_base64: String,
    valid: bool,
}

/// The folder `TOLLGATE_VECTORS` names, else the workspace's own.
fn vectors_folder() -> PathBuf {
    env::var_os("TOLLGATE_VECTORS")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors")), PathBuf::from)
}

#[test]
fn stripe_signature_vectors_are_judged_as_by_the_official_client() {
    judge("stripe-signatures.json", |row: &StripeRow| {
        let verdict = stripe::verify(&bytes(&row.body_base64), &row.header, &[&row.secret], row.now, row.tolerance);
        difference(&row.name, row.valid, &verdict)
    });
}

#[test]
fn github_signature_vectors_are_judged_as_by_the_official_client() {
    judge("github-signatures.json", |row: &GithubRow| {
        let verdict = github::verify(&bytes(&row.body_base64), &row.header, &[&row.secret]);
        difference(&row.name, row.valid, &verdict)
    });
}

/// Reads the rows of a file and says all that differ at once.
fn judge<Row: DeserializeOwned>(file: &str, difference: impl Fn(&Row) -> Option<String>) {
    let path = vectors_folder().join(file);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Not with `println!`, which nobody sees of a test that passes.
            let notice = format!("\npassed over: there is no {}\n", path.display());
            std::io::stderr().write_all(notice.as_bytes()).expect("stderr takes a line");
            return;
        }
        Err(error) => panic!("{}: {error}", path.display()),
    };
    let rows: Vec<Row> = serde_json::from_str(&text).expect("an array of rows");
    assert!(!rows.is_empty(), "{} holds no rows", path.display());

    let differing: Vec<String> = rows.iter().filter_map(difference).collect();
    assert!(differing.is_empty(), "{} of {} rows differ:\n{}", differing.len(), rows.len(), differing.join("\n"));
}

fn bytes(base64: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(base64).expect("bodies are base64")
}

fn difference<E: std::fmt::Debug>(name: &str, valid: bool, verdict: &Result<(), E>) -> Option<String> {
    (verdict.is_ok() != valid).then(|| format!("{name}: expected valid={valid}, got {verdict:?}"))
}
