//! Who may use whom. The table is the architecture; an edge that is not in it is a decision that nobody took.

use cargo_metadata::{DependencyKind, Package};

use crate::{folder, metadata};

/// Each shared crate and the crates it may use.
const SHARED: &[(&str, &[&str])] = &[
    ("composer-version", &[]),
    ("domain", &["composer-version"]),
    ("signatures", &[]),
    ("composer-version", &[]),
    ("store", &["domain"]),
    ("jobs", &["domain"]),
    ("api", &["domain"]),
    ("auth", &["api", "domain", "signatures", "store"]),
    ("clients", &["domain"]),
    ("runtime", &["api", "auth", "clients", "domain", "jobs", "signatures", "store"]),
    ("testkit", &["api", "auth", "clients", "domain", "jobs", "signatures", "store"]),
];

/// What a function may use. Another function is never among it, and `testkit` only in its tests.
const FUNCTION: &[&str] =
    &["api", "auth", "clients", "composer-version", "domain", "jobs", "runtime", "signatures", "store"];

/// Crates from outside that stay behind one door each, and who holds the door.
///
/// `runtime` makes the AWS clients that `store` and `jobs` are given, so it names their types as well.
const FENCED: &[(&str, &[&str])] = &[
    ("lambda_http", &["runtime", "journeys"]),
    ("lambda_runtime", &["runtime"]),
    ("aws_lambda_events", &["runtime"]),
    ("aws-config", &["runtime"]),
    ("aws-types", &["runtime", "testkit"]),
    ("aws-sdk-dynamodb", &["store", "runtime", "testkit", "journeys"]),
    ("aws-sdk-s3", &["store", "runtime", "testkit", "journeys"]),
    ("aws-sdk-sqs", &["jobs", "runtime", "testkit", "journeys"]),
    ("aws-sdk-sesv2", &["clients", "runtime", "testkit"]),
    ("aws-sdk-secretsmanager", &["runtime", "testkit", "journeys"]),
    ("reqwest", &["clients", "testkit", "journeys"]),
    ("dynoxide-rs", &["testkit"]),
    ("rustack-", &["testkit"]),
    ("s3s", &["testkit"]),
    ("serde-saphyr", &["testkit"]),
];

/// What a package may use of the workspace; `None` for those that may use everything.
fn allowed(package: &Package) -> Option<&'static [&'static str]> {
    let folder = folder(package);
    match folder.as_str() {
        "tests" | "infra/local" => None,
        "infra/xtask" => Some(&[]),
        folder if folder.starts_with("functions/") => Some(FUNCTION),
        folder => {
            let entry = SHARED.iter().find(|(name, _)| folder == format!("shared/{name}"));
            Some(entry.unwrap_or_else(|| panic!("{folder} is new: give it a line in tests/drift/edges.rs")).1)
        }
    }
}

#[test]
fn a_crate_uses_only_what_the_architecture_lets_it_use() {
    let metadata = metadata();
    let names: Vec<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut forbidden = Vec::new();
    for package in &metadata.packages {
        let Some(allowed) = allowed(package) else { continue };
        for dependency in package.dependencies.iter().filter(|dependency| names.contains(&dependency.name.as_str())) {
            let in_tests = dependency.kind == DependencyKind::Development && dependency.name == "testkit";
            if !in_tests && !allowed.contains(&dependency.name.as_str()) {
                forbidden.push(format!("{} -> {}", package.name, dependency.name));
            }
        }
    }
    assert!(forbidden.is_empty(), "these edges are not in the table of tests/drift/edges.rs: {forbidden:#?}");
}

#[test]
fn a_fenced_crate_stays_behind_its_door() {
    let mut escaped = Vec::new();
    for package in &metadata().packages {
        for dependency in &package.dependencies {
            let fenced = |(prefix, _): &&(&str, _)| {
                dependency.name == *prefix || prefix.ends_with('-') && dependency.name.starts_with(prefix)
            };
            let Some((_, holders)) = FENCED.iter().find(fenced) else { continue };
            if !holders.contains(&package.name.as_str()) {
                escaped.push(format!("{} uses {}, which is for {}", package.name, dependency.name, holders.join(", ")));
            }
        }
    }
    assert!(escaped.is_empty(), "{escaped:#?}");
}

#[test]
fn a_package_is_called_like_its_folder() {
    for package in &metadata().packages {
        let folder = folder(package);
        // The folder `tests` is a place, `journeys` is what stands in it.
        let expected = if folder == "tests" { "journeys" } else { folder.rsplit('/').next().unwrap() };
        assert_eq!(package.name.as_str(), expected, "the package in {folder}");
    }
}
