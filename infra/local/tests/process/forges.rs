//! GitLab and Bitbucket as a person tries them: a tag that is pushed on the sandbox's page can be installed a moment later,
//! and nobody has to ask for it.

use serde_json::{Value, json};

use crate::program::{Program, folder, until};

/// Pushes a tag on the sandbox's page.
fn push(program: &Program, forge: &str, path: &str, tag: &str) {
    let form = format!("forge={forge}&path={}&tag={tag}", path.replace('/', "%2F"));
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answer = program.send("POST", "/sandbox/forges/-/add-tag", &headers, form.as_bytes());
    assert_eq!(answer.status, 303, "{answer:?}");
}

#[test]
fn a_tag_pushed_to_gitlab_or_bitbucket_can_be_installed_without_anybody_asking() {
    let program = Program::start(&folder("forges"), &[]);
    let token = program.token().unwrap().to_owned();
    for (forge, host, path, package) in [
        ("gitlab", "gitlab.com", "acme-corp/reports", "acme/reports"),
        ("bitbucket", "bitbucket.org", "acme-corp/charts", "acme/charts"),
    ] {
        let added = json!({"name": package, "repository_url": format!("https://{host}/{path}.git")});
        assert_eq!(program.post("/api/v1/packages", &token, &added).status, 201);
        let listed = |version: &'static str| {
            let url = format!("/api/v1/packages/{package}");
            until(&format!("{version} of {package} is listed"), || {
                let shown: Value = program.get(&url, &token).json();
                shown["versions"].as_array()?.iter().any(|it| it == version).then_some(())
            });
        };
        listed("1.0.0");
        push(&program, forge, path, "v1.1.0");
        listed("1.1.0");
        let customer = json!({"name": forge, "email": format!("{forge}@example.com")});
        let customer = program.post("/api/v1/customers", &token, &customer).json();
        let granted = format!("/api/v1/customers/{}/packages", customer["id"].as_str().unwrap());
        assert_eq!(program.post(&granted, &token, &json!({"package": package})).status, 201);
        let theirs = customer["token"].as_str().unwrap();
        let archive = program.get(&format!("/dist/{package}/1.1.0.zip"), theirs);
        assert_eq!(archive.status, 302, "{archive:?}");
    }
}
