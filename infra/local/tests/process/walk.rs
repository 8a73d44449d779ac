//! The walk through the product that the first start prints, done as a person does it: copied into a shell.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::program::{Program, folder, until};

/// The lines that a person would copy, in two parts: up to the checkout, and after the payment.
fn commands(said: &str) -> (String, String) {
    let (_, walk) = said.split_once("A walk through the product").expect("a walk");
    let (walk, _) = walk.split_once("Ctrl-C").unwrap();
    let export = said.lines().find(|line| line.contains("export TOKEN=")).unwrap();
    let lines: Vec<&str> = walk.lines().skip(1).map(str::trim).collect();
    let third = lines.iter().position(|line| line.starts_with("# 3.")).expect("a third step");
    let part = |lines: &[&str]| format!("{}\n{}\n", export.trim(), lines.join("\n"));
    (part(&lines[..third]), part(&lines[third..]))
}

/// What the commands print. They must all succeed.
fn bash(script: &str) -> String {
    let output = Command::new("bash").args(["-euo", "pipefail", "-c", script]).stdin(Stdio::null()).output();
    let output = output.expect("bash runs");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "is curl installed?\n{script}\n{printed}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    printed
}

#[test]
fn the_printed_walk_works_line_by_line() {
    let program = Program::start(&folder("walk"), &[]);
    let (to_checkout, after_payment) = commands(&program.said);

    let printed = bash(&to_checkout);
    let mut answers = serde_json::Deserializer::from_str(&printed).into_iter::<Value>().map(Result::unwrap);
    let repository = answers.next().expect("the repository");
    assert_eq!(repository["slug"], "premium-astro-theme");
    let checkout = answers.next().expect("the checkout");
    let page = checkout["sessionUrl"].as_str().unwrap().strip_prefix(&program.url).expect("a page of this process");

    let shown = program.send("GET", page, &[], b"");
    assert_eq!(shown.status, 200);
    let action = format!("{page}/pay");
    assert!(shown.body.contains(&format!("action=\"{action}\"><button class=\"main\">Pay</button>")), "{}", shown.body);
    let pressed = program.send("POST", &action, &[], b"");
    assert_eq!(pressed.status, 303);
    let thanks = program.send("GET", pressed.header("location").unwrap(), &[], b"");
    assert!(thanks.status == 200 && thanks.body.contains("Thank you"), "{}", thanks.body);

    let token = program.token().unwrap();
    until("the gate is open", || (program.purchase(token)["accessStatus"] == "active").then_some(()));
    let customers: Value = serde_json::from_str(&bash(&after_payment)).unwrap();
    let customer = &customers["customers"][0];
    assert_eq!((&customer["githubUsername"], &customer["accessStatus"]), (&"johndoe".into(), &"active".into()));
    let invited = program.send("GET", "/sandbox/github/", &[], b"");
    assert!(invited.status == 200 && invited.body.contains("johndoe</td><td>push</td><td>invited"), "{}", invited.body);
}

/// So that whoever reads it there walks the same way.
#[test]
fn the_readme_shows_the_walk_as_it_is_printed() {
    let program = Program::start(&folder("readme"), &[]);
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let (to_checkout, after_payment) = commands(&program.said);
    for line in to_checkout.lines().skip(1).chain(after_payment.lines().skip(1)) {
        let line = line.replace(&program.url, "http://127.0.0.1:4321");
        assert!(readme.lines().any(|of_readme| of_readme.trim() == line), "README.md lacks: {line}");
    }
}

#[test]
fn the_sandboxes_pages_are_found_with_and_without_a_slash() {
    let program = Program::start(&folder("slashes"), &[]);
    for path in ["/sandbox/github", "/sandbox/github/", "/sandbox/stripe", "/sandbox/stripe/"] {
        let page = program.send("GET", path, &[], b"");
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains("sandbox —"), "{path}: {}", page.body);
    }
}
