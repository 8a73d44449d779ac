//! Environment variables: each function is given what its `main` asks `runtime` for, and nothing else.

use std::{collections::BTreeSet, fs};

use testkit::sam::Function;

use crate::{binary, root, template};

/// What every function is given: how much to log, how paths arrive, and where AWS is in `sam local`.
const GLOBALS: &[&str] = &["AWS_ENDPOINT_URL", "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "RUST_LOG"];

#[test]
fn a_function_is_given_the_variables_its_main_asks_for() {
    let template = template();
    for function in &template.functions {
        let given = &template.document["Resources"][&function.logical_id]["Properties"]["Environment"]["Variables"];
        let given: BTreeSet<&str> = given.as_object().unwrap().keys().map(String::as_str).collect();
        let needed = needed(function);
        let missing: Vec<_> = needed.difference(&given).collect();
        let idle: Vec<_> = given.difference(&needed).collect();
        assert!(missing.is_empty(), "{}: add to its Environment in template.yaml: {missing:?}", function.logical_id);
        assert!(
            idle.is_empty(),
            "{}: nothing reads these, remove them from template.yaml: {idle:?}",
            function.logical_id
        );
    }
}

#[test]
fn the_variables_of_all_functions_are_these() {
    let template = template();
    let globals = &template.document["Globals"]["Function"]["Environment"]["Variables"];
    let globals: Vec<&str> = globals.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(globals, GLOBALS);
}

#[test]
fn the_list_of_needs_is_what_the_runtime_reads() {
    let services = fs::read_to_string(root().join("shared/runtime/src/services.rs")).unwrap();
    let quoted = services.split('"').skip(1).step_by(2);
    let name = |text: &&str| text.contains('_') && text.chars().all(|it| it.is_ascii_uppercase() || it == '_');
    let read: BTreeSet<&str> =
        quoted.filter(name).filter(|name| !name.starts_with("AWS_") && !GLOBALS.contains(name)).collect();
    let listed: BTreeSet<&str> = runtime::NEEDS.iter().flat_map(|(_, names)| *names).copied().collect();
    assert_eq!(read, listed, "what services.rs reads (left) and what NEEDS in settings.rs lists (right)");
}

/// What the parts need that this function's `main` asks for.
fn needed(function: &Function) -> BTreeSet<&'static str> {
    let main = root().join("functions").join(binary(function)).join("src/main.rs");
    let main = fs::read_to_string(&main).unwrap_or_else(|error| panic!("{}: {error}", main.display()));
    let asked = runtime::NEEDS.iter().filter(|(part, _)| main.contains(&format!("services.{part}()")));
    asked.flat_map(|(_, names)| *names).copied().collect()
}
