//! The README names things that the code names, too: settings, types of events, crates and functions.

use std::{collections::BTreeSet, fs};

use crate::{folder, metadata, root, template};

/// Where variables are read: by the functions, and by the local stack, which also hands them on.
const READERS: &[&str] =
    &["shared/runtime/src/services.rs", "shared/runtime/src/settings.rs", "infra/local/src/environment.rs"];

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The part of the README under this heading.
fn section(heading: &str) -> String {
    let readme = read("README.md");
    let (_, rest) = readme.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no heading {heading}"));
    rest.split("\n## ").next().unwrap().to_owned()
}

/// What stands between the delimiters, every second piece.
fn quoted(text: &str, delimiter: char) -> impl Iterator<Item = &str> {
    text.split(delimiter).skip(1).step_by(2)
}

fn is_variable(name: &str) -> bool {
    let is_part = |it: char| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_';
    name.contains('_') && name.chars().all(is_part)
}

#[test]
fn the_configuration_table_has_every_variable_and_no_other() {
    let configuration = section("Configuration");
    let rows = configuration.lines().filter(|line| line.starts_with("| `"));
    let first_columns = rows.map(|row| row.split('|').nth(1).unwrap());
    let listed: BTreeSet<String> = first_columns.flat_map(|column| quoted(column, '`')).map(str::to_owned).collect();

    let template = template();
    let globals = &template.document["Globals"]["Function"]["Environment"]["Variables"];
    let of_template = template.functions.iter().flat_map(|function| function.environment.keys());
    let mut used: BTreeSet<String> = of_template.chain(globals.as_object().unwrap().keys()).cloned().collect();
    for reader in READERS {
        used.extend(quoted(&read(reader), '"').filter(|name| is_variable(name)).map(str::to_owned));
    }
    assert_eq!(listed, used, "the README's configuration table (left) and what is read (right)");
}

#[test]
fn the_webhook_is_registered_for_every_type_of_event_that_is_understood_and_no_other() {
    let deploy = read("infra/DEPLOY.md");
    let enabled = deploy.split("enabled_events[]=").skip(1).map(|rest| rest.split('\'').next().unwrap());
    let enabled: BTreeSet<&str> = enabled.collect();
    let objects = read("shared/domain/src/stripe_event/objects.rs");
    let (_, reader) = objects.split_once("fn reader(").unwrap();
    let understood: BTreeSet<&str> = quoted(reader.split("\n}").next().unwrap(), '"').collect();
    assert_eq!(enabled, understood, "infra/DEPLOY.md's enabled_events (left) and what is read (right)");
    assert!(deploy.contains(&format!("api_version={}", clients::stripe::API_VERSION)));
}

#[test]
fn the_code_map_has_every_crate() {
    let map = section("Code map");
    for package in &metadata().packages {
        let folder = folder(package);
        assert!(map.contains(&format!("| `{folder}` |")), "README.md, Code map: add a line for {folder}");
    }
}

#[test]
fn every_endpoint_is_listed() {
    let endpoints = section("Endpoints");
    for function in &template().functions {
        for route in &function.routes {
            // Below a list stands only what follows its path.
            // A package's name is one segment of a path or two.
            let path = route.path.replace("/api/v1/packages/{vendor}/{package}", "/api/v1/packages/{name}");
            // Nor does it matter to the reader that API Gateway takes decoded slashes for some.
            let path = path.replace("+}", "}");
            let whole = format!("{} {path}", route.method);
            if endpoints.contains(&format!("`{whole}`")) {
                continue;
            }
            let (list, rest) = whole.split_once("/{id}").map_or((whole.as_str(), false), |(list, _)| (list, true));
            let row = endpoints.lines().find(|row| row.contains(&format!("`{list}`")));
            let row = row.unwrap_or_else(|| panic!("README.md, Endpoints: add {whole}"));
            assert!(!rest || row.contains("`…/{id}`"), "README.md, Endpoints: add {whole}");
        }
    }
}
