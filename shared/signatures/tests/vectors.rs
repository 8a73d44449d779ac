//! Verdicts of Stripe's own client, row by row.

use std::{
    env, fs,
    io::{ErrorKind, Write},
    path::PathBuf,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use signatures::stripe;

#[derive(Deserialize)]
struct Row {
    name: String,
    secret: String,
    header: String,
    body_base64: String,
    now: i64,
    tolerance: i64,
    valid: bool,
}

/// The folder `TOLLGATE_VECTORS` names, else the workspace's own.
fn vectors_folder() -> PathBuf {
    env::var_os("TOLLGATE_VECTORS")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors")), PathBuf::from)
}

#[test]
fn stripe_signature_vectors_are_judged_as_by_the_official_client() {
    let path = vectors_folder().join("stripe-signatures.json");
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

fn difference(row: &Row) -> Option<String> {
    let body = BASE64_STANDARD.decode(&row.body_base64).expect("bodies are base64");
    let verdict = stripe::verify(&body, &row.header, &[&row.secret], row.now, row.tolerance);
    (verdict.is_ok() != row.valid).then(|| format!("{}: expected valid={}, got {verdict:?}", row.name, row.valid))
}
