//! Verdicts of composer/semver, row by row.

use std::{
    env, fs,
    io::{ErrorKind, Write},
    path::PathBuf,
};

use composer_version::{Constraint, Version};

/// The folder `TOLLGATE_VECTORS` names, else the workspace's own.
fn vectors_folder() -> PathBuf {
    env::var_os("TOLLGATE_VECTORS")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors")), PathBuf::from)
}

#[test]
fn constraints_match_as_by_composer() {
    judge("composer-constraints.csv", |[constraint, version, expected]| {
        let version = Version::parse(version).map_err(|error| error.to_string())?;
        let verdict = Constraint::parse(constraint).map(|constraint| constraint.matches(&version).to_string());
        same(expected, &verdict.unwrap_or_else(|_| "error".to_owned()))
    });
}

#[test]
fn versions_are_normalised_as_by_composer() {
    judge("composer-normalize.csv", |[input, expected]| {
        let version = Version::parse(input);
        same(expected, version.as_ref().map_or("ERROR", Version::normalized))
    });
}

fn same(expected: &str, got: &str) -> Result<(), String> {
    if expected == got { Ok(()) } else { Err(format!("expected {expected}, got {got}")) }
}

/// Reads the rows of a file below its head, and says all that differ at once.
fn judge<const COLUMNS: usize>(file: &str, verdict: impl Fn([&str; COLUMNS]) -> Result<(), String>) {
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
    let rows: Vec<Vec<String>> = rows(&text).skip(1).collect();
    assert!(!rows.is_empty(), "{} holds no rows", path.display());

    let difference = |row: &Vec<String>| {
        let fields: Vec<&str> = row.iter().map(String::as_str).collect();
        let fields = fields.try_into().unwrap_or_else(|row| panic!("{}: {row:?}", path.display()));
        verdict(fields).err().map(|difference| format!("{row:?}: {difference}"))
    };
    let differing: Vec<String> = rows.iter().filter_map(difference).collect();
    assert!(differing.is_empty(), "{} of {} rows differ:\n{}", differing.len(), rows.len(), differing.join("\n"));
}

/// The fields of each line. All are quoted, inner quotes are doubled, and none has a line end.
fn rows(text: &str) -> impl Iterator<Item = Vec<String>> {
    text.lines().filter(|line| !line.is_empty()).map(|line| {
        let fields = line.strip_prefix('"').and_then(|line| line.strip_suffix('"'));
        let fields = fields.unwrap_or_else(|| panic!("a line that is not quoted: {line}"));
        fields.split("\",\"").map(|field| field.replace("\"\"", "\"")).collect()
    })
}

#[test]
fn quotes_within_fields_are_read() {
    let read: Vec<_> = rows("\"a \"\"b\"\"\",\" \",\"\"\n").collect();
    assert_eq!(read, [["a \"b\"", " ", ""]]);
}
