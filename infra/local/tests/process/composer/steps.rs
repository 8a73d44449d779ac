//! The steps of the recipe. Each is on its own: what it changes, it changes for customers of its own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{TRANSPORT, World, recorder::Passed, widget};

/// All of them, in the order in which they are done: those that change packages are the last.
pub(super) const ALL: [(&str, fn(&World)); 19] = [
    ("A1, A13, A18: a cold installation", cold_installation),
    ("A2: an older version for whoever has only that", older_version),
    ("A3: what was found and does not fit is named", named_versions),
    ("A4: frozen", frozen),
    ("A5: what was not granted is not there", not_granted),
    ("A6: somebody else's lock file", lock_of_another),
    ("A7: nothing new", nothing_new),
    ("A8: another customer with the same cache", another_with_the_cache),
    ("A9: suspended", suspended),
    ("A10: a grant that was revoked", revoked_grant),
    ("A11: a token that was revoked", revoked_token),
    ("A12: a bearer token", bearer),
    ("A14: a beta", beta),
    ("A15: a token that was replaced", replaced_token),
    ("A19: what others have is not asked for here", not_asked_for),
    ("A20: each state at each endpoint", matrix),
    ("search and list", search),
    ("A16: a tag that was moved", moved_tag),
    ("A17: a tag that was deleted", deleted_tag),
];

fn whats(passed: &[Passed]) -> Vec<&str> {
    passed.iter().map(|it| it.what.as_str()).collect()
}

fn cold_installation(world: &World) {
    let customer = world.another("Cold");
    let project = world.project(&customer.token);
    project.composer(&["require", "acme/widget"]).ends(&[0], &[]);
    assert_eq!(project.installed(), ["acme/core v1.0.0", "acme/widget 2.0.0"]);

    let passed = world.recorder.passed();
    let (blobs, ours): (Vec<Passed>, Vec<Passed>) =
        passed.into_iter().partition(|it| it.host.starts_with("localhost:"));
    let names = whats(&ours);
    assert_eq!(names[..2], ["GET /packages.json", "GET /p2/acme/widget.json"], "{names:?}");
    let known = ["GET /packages.json", "GET /p2/acme/widget.json", "GET /p2/acme/core.json", "POST /downloads"];
    let others: Vec<&str> = names.iter().copied().filter(|it| !known.contains(it)).collect();
    let dists: BTreeSet<&str> = others.iter().map(|it| it.rsplit_once('/').unwrap().0).collect();
    assert_eq!(dists, BTreeSet::from(["GET /dist/acme/core/v1.0.0", "GET /dist/acme/widget/2.0.0"]), "{names:?}");
    assert!(ours.iter().all(|it| it.authorized), "{ours:?}");
    // What is asked for a second time in the same run was kept.
    assert!(ours.iter().filter(|it| it.conditional).all(|it| it.status == 304), "{ours:?}");

    // Archives are on another host, which sees no credentials.
    let redirects = ours.iter().filter(|it| it.what.starts_with("GET /dist/"));
    assert_eq!(redirects.map(|it| it.status).collect::<Vec<_>>(), [302, 302]);
    assert_eq!(blobs.iter().map(|it| (it.status, it.authorized)).collect::<Vec<_>>(), [(200, false); 2], "{blobs:?}");

    let told = ours.last().unwrap();
    assert_eq!((told.what.as_str(), told.status), ("POST /downloads", 204));
    let told: Value = serde_json::from_str(&told.body).unwrap();
    let mut told: Vec<_> = told["downloads"].as_array().unwrap().clone();
    told.sort_by_key(|it| it["name"].to_string());
    let versions: Vec<_> = told.iter().map(|it| (&it["name"], &it["version"])).collect();
    assert_eq!(versions, [(&json!("acme/core"), &json!("1.0.0.0")), (&json!("acme/widget"), &json!("2.0.0.0"))]);
    assert_eq!(world.vendor.downloads(&customer, "acme/widget"), 1);

    let locked = project.locked("acme/widget");
    assert_eq!(locked.get("source"), None, "{locked}");
    assert_eq!(locked["dist"]["shasum"].as_str().unwrap().len(), 40, "{locked}");
}

fn older_version(world: &World) {
    let project = world.project(&world.first.token);
    project.composer(&["require", "acme/widget"]).ends(&[0], &[]);
    assert_eq!(project.installed(), ["acme/core v1.0.0", "acme/widget 1.1.0"]);
    assert_eq!(project.requires("acme/widget"), "^1.1");
}

fn named_versions(world: &World) {
    let project = world.project(&world.first.token);
    let ran = project.composer(&["require", "acme/widget:^2.0"]);
    ran.ends(&[2], &["found acme/widget[1.0.0, 1.1.0] but it does not match the constraint"]);
}

fn frozen(world: &World) {
    let customer = world.another("Frozen");
    let versions = [("acme/widget", "1.0.0"), ("acme/core", "1.0.0")];
    let versions = versions.map(|(package, version)| json!({"package": package, "version": version}));
    world.vendor.to(&customer, "POST", "/freeze", &json!({"versions": versions}));
    let ran = world.project(&customer.token).composer(&["show", "-a", "acme/widget"]);
    ran.ends(&[0], &["versions : 1.0.0 type"]);
}

fn not_granted(world: &World) {
    let say = |package: &str| {
        let ran = world.project(&world.first.token).composer(&["require", package]);
        ran.ends(&[1], &["Could not find a matching version of package"]);
        ran.said.replace(package, "PACKAGE").replace(package.split_once('/').unwrap().1, "NAME")
    };
    let (secret, missing) = (say("acme/secret"), say("acme/doesnotexist"));
    assert_eq!(without_paths(&secret), without_paths(&missing));
}

/// What was said, without the folders of the project.
fn without_paths(said: &str) -> String {
    said.split(' ').filter(|word| !word.contains("project-")).collect::<Vec<_>>().join(" ")
}

fn lock_of_another(world: &World) {
    let full = world.installed(&world.full);
    let project = world.clone_of(&full, &world.first.token);
    let ran = project.composer(&["install"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    ran.ends(&[ran.code], &["Your access covers ^1.0 only"]);
    let dists = world.recorder.passed();
    let status =
        |name: &str| dists.iter().find(|it| it.what.starts_with(&format!("GET /dist/{name}/"))).unwrap().status;
    assert_eq!((status("acme/core"), status("acme/widget")), (302, 403));
}

fn nothing_new(world: &World) {
    let project = world.installed(&world.full);
    project.composer(&["update"]).ends(&[0], &["Nothing to modify in lock file"]);
    let passed = world.recorder.passed();
    let names: BTreeSet<_> = whats(&passed).into_iter().collect();
    let expected = ["GET /p2/acme/core.json", "GET /p2/acme/widget.json", "GET /packages.json"];
    assert_eq!(names, BTreeSet::from(expected));
    assert!(passed.iter().all(|it| it.conditional && it.status == 304), "{passed:?}");
}

/// Composer keeps metadata by the repository's address: what one customer was shown is there when another one asks.
fn another_with_the_cache(world: &World) {
    let project = world.installed(&world.full);
    project.change_token(&world.first.token);
    project.forget("project/composer.lock");
    project.forget("project/vendor");
    // It was written as ^2.0, which this customer does not have.
    project.composer(&["require", "--no-update", "acme/widget:*"]).ends(&[0], &[]);
    project.composer(&["update"]).ends(&[0], &[]);
    assert_eq!(project.installed(), ["acme/core v1.0.0", "acme/widget 1.1.0"]);
}

fn suspended(world: &World) {
    let customer = world.another("Suspended");
    let project = world.installed(&customer);
    world.vendor.to(&customer, "POST", "/suspend", &json!({"reason": "Payment failed"}));
    // Composer goes on with what it has.
    project.composer(&["update"]).ends(&[0], &["could not be fully loaded"]);
    project.forget("cache/files");
    project.forget("project/vendor");
    let ran = project.composer(&["install"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    ran.ends(&[ran.code], &["Payment failed", "403"]);
    world.vendor.to(&customer, "POST", "/reactivate", &Value::Null);
    project.composer(&["install"]).ends(&[0], &[]);
}

fn revoked_grant(world: &World) {
    let customer = world.another("Revoked");
    let project = world.installed(&customer);
    world.vendor.to(&customer, "DELETE", "/packages/acme%2Fwidget", &Value::Null);
    let ran = project.composer(&["update"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    ran.ends(&[ran.code], &["acme/widget"]);
    // It was between metadata and archive, too.
    project.forget("cache/files");
    project.forget("project/vendor");
    let ran = project.composer(&["install"]);
    assert_ne!(ran.code, 0, "{ran:?}");
}

fn revoked_token(world: &World) {
    let customer = world.another("Gone");
    world.vendor.to(&customer, "DELETE", "/token", &Value::Null);
    world.project(&customer.token).composer(&["require", "acme/core"]).ends(&TRANSPORT, &["401"]);
}

fn bearer(world: &World) {
    let project = world.project("nothing");
    project.sign_in("bearer", json!(world.first.token));
    project.composer(&["require", "acme/widget"]).ends(&[0], &[]);
    assert_eq!(project.installed(), ["acme/core v1.0.0", "acme/widget 1.1.0"]);
}

fn beta(world: &World) {
    let project = world.project(&world.full.token);
    project.composer(&["require", "acme/widget:^2.0@beta"]).ends(&[0], &[]);
    assert_eq!(project.installed(), ["acme/core v1.0.0", "acme/widget 2.1.0-beta1"]);
    let ran = world.project(&world.first.token).composer(&["require", "acme/widget:^2.0@beta"]);
    ran.ends(&[2], &["does not match the constraint"]);
}

fn replaced_token(world: &World) {
    let customer = world.another("Replaced");
    let new = world.vendor.to(&customer, "POST", "/token/regenerate", &Value::Null);
    world.project(&customer.token).composer(&["require", "acme/core"]).ends(&TRANSPORT, &["401"]);
    let project = world.project(new["token"].as_str().unwrap());
    project.composer(&["require", "acme/widget"]).ends(&[0], &[]);
    assert_eq!(project.installed(), ["acme/core v1.0.0", "acme/widget 2.0.0"]);
}

fn not_asked_for(world: &World) {
    for customer in [&world.full, &world.vendor.customer("Nothing", &[])] {
        let ran = world.project(&customer.token).composer(&["require", "acme/widget", "psr/log"]);
        assert_ne!(ran.code, 0, "there is no psr/log anywhere: {ran:?}");
        let passed = world.recorder.passed();
        let names = whats(&passed);
        assert!(names.contains(&"GET /packages.json") && names.iter().all(|it| !it.contains("psr")), "{names:?}");
    }
}

fn matrix(world: &World) {
    let (suspended, dead) = (world.another("Late"), world.another("Dead"));
    world.vendor.to(&suspended, "POST", "/suspend", &json!({"reason": "Payment failed"}));
    world.vendor.to(&dead, "DELETE", "/token", &Value::Null);
    let paths = [
        "/packages.json",
        "/p2/acme/core.json",
        "/p2/acme/secret.json",
        "/p2/acme/doesnotexist.json",
        "/dist/acme/widget/1.0.0.zip",
        "/dist/acme/widget/2.0.0.zip",
        "/dist/acme/widget/9.0.0.zip",
        "/dist/acme/secret/1.0.0.zip",
    ];
    for (customer, statuses) in [
        (&world.full, [200, 200, 404, 404, 302, 302, 404, 404]),
        (&world.first, [200, 200, 404, 404, 302, 403, 404, 404]),
        (&suspended, [403; 8]),
        (&dead, [401; 8]),
    ] {
        for (path, status) in paths.iter().zip(statuses) {
            let answer = world.vendor.program.get(path, &customer.token);
            assert_eq!(answer.status, status, "{path} {}", customer.id);
            if status >= 400 {
                let body = answer.json();
                assert!(body["error"]["code"].is_string(), "{body}");
                assert_eq!(body["warning"].is_string(), status != 404, "{body}");
                assert_eq!(answer.header("content-type"), Some("application/json"));
            }
        }
    }
}

fn search(world: &World) {
    let project = world.project(&world.full.token);
    project.composer(&["search", "widget"]).ends(&[0], &["acme/widget"]);
    let ran = project.composer(&["show", "-a", "acme/*"]);
    ran.ends(&[0], &["acme/core", "acme/widget"]);
    assert!(!ran.said.contains("secret"), "{ran:?}");
}

/// A tag that was moved is another archive under the same version. Who has the old one locked gets the old one.
fn moved_tag(world: &World) {
    let project = world.installed(&world.full);
    let before = project.locked("acme/widget");
    world.vendor.releases("acme/widget", "2.0.0", &widget("Another widget"));
    world.vendor.syncs("acme/widget");

    let clone = world.clone_of(&project, &world.full.token);
    clone.composer(&["install"]).ends(&[0], &[]);
    assert!(clone.vendor("acme/widget/composer.json").contains("\"A widget\""));
    let old = world.recorder.passed();
    let reference = before["dist"]["reference"].as_str().unwrap();
    assert!(old.iter().any(|it| it.what.contains(reference)), "{old:?}");

    clone.composer(&["update"]).ends(&[0], &[]);
    assert_ne!(clone.locked("acme/widget")["dist"]["reference"], before["dist"]["reference"]);
    assert!(clone.vendor("acme/widget/composer.json").contains("\"Another widget\""));
}

fn deleted_tag(world: &World) {
    let project = world.installed(&world.full);
    world.vendor.withdraws("acme/widget", "2.0.0");
    world.vendor.syncs("acme/widget");
    let shown = world.project(&world.full.token).composer(&["show", "-a", "acme/widget"]);
    shown.ends(&[0], &["2.1.0-beta1, 1.1.0, 1.0.0"]);
    let clone = world.clone_of(&project, &world.full.token);
    clone.composer(&["install"]).ends(&[0], &[]);
    assert_eq!(clone.installed(), ["acme/core v1.0.0", "acme/widget 2.0.0"]);
}
