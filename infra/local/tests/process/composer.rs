//! Composer itself against the program: a vendor releases on GitHub and sells through the API, developers install.
//!
//! The steps are those of the acceptance recipe, A1 to A20. Each developer has a folder, a home and a cache of its own.

mod client;
mod recorder;
mod steps;
mod vendor;

use std::{
    cell::Cell,
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::program::{Program, folder};
use client::Project;
use recorder::Recorder;
use vendor::{Customer, Vendor};

/// What Composer ends with when it could not reach something: it depends on its version.
const TRANSPORT: [i32; 2] = [100, 255];

/// The vendor, the customers, and what passes between them.
struct World {
    vendor: Vendor,
    recorder: Recorder,
    folder: PathBuf,
    projects: Cell<u32>,
    full: Customer,
    first: Customer,
}

/// What a version of the widget says.
fn widget(said: &str) -> Value {
    json!({"name": "acme/widget", "description": said, "require": {"acme/core": "^1.0"}})
}

impl World {
    fn open(folder: &Path) -> Self {
        let recorder = Recorder::start();
        let url = format!("http://{}", recorder.address);
        let program = Program::start(folder, &[("PUBLIC_URL", &url)]);
        recorder.lead_to(&program.url);
        let vendor = Vendor::new(program);
        let releases = ["1.0.0", "1.1.0", "2.0.0", "2.1.0-beta1"].map(|tag| (tag, widget("A widget")));
        vendor.sells("acme/widget", &releases);
        for name in ["acme/core", "acme/secret"] {
            vendor.sells(name, &[("v1.0.0", json!({"name": name}))]);
        }
        let full = vendor.customer("Full", &[("acme/widget", "*"), ("acme/core", "*")]);
        let first = vendor.customer("First", &[("acme/widget", "^1.0"), ("acme/core", "*")]);
        Self { vendor, recorder, folder: folder.to_owned(), projects: Cell::default(), full, first }
    }

    /// A customer who may install everything but the secret.
    fn another(&self, name: &str) -> Customer {
        self.vendor.customer(name, &[("acme/widget", "*"), ("acme/core", "*")])
    }

    fn next_folder(&self) -> PathBuf {
        self.projects.set(self.projects.get() + 1);
        self.folder.join(format!("project-{}", self.projects.get()))
    }

    /// An empty project of a developer with this token.
    fn project(&self, token: &str) -> Project<'_> {
        Project::new(&self.next_folder(), &self.recorder, token)
    }

    /// A project in which the widget was installed: A1's, of whoever.
    fn installed(&self, customer: &Customer) -> Project<'_> {
        let project = self.project(&customer.token);
        project.composer(&["require", "acme/widget"]).ends(&[0], &[]);
        assert_eq!(project.installed(), ["acme/core v1.0.0", "acme/widget 2.0.0"]);
        self.recorder.passed();
        project
    }

    /// A project with another's lock file, and nothing kept.
    fn clone_of<'a>(&'a self, project: &Project<'a>, token: &str) -> Project<'a> {
        project.cloned(&self.next_folder(), token)
    }
}

#[test]
fn composer_installs_what_a_customer_may_have_and_nothing_else() {
    if let Some(missing) = client::missing() {
        assert!(setting("CI").is_none(), "on CI it must not be skipped: {missing}");
        // Not with `eprintln!`, which nobody sees of a test that passes.
        let notice = format!("\n*** SKIPPED: {missing}\n*** Install composer, php-cli and php-zip.\n\n");
        std::io::stderr().write_all(notice.as_bytes()).unwrap();
        return;
    }
    let world = World::open(&folder("composer"));
    for (name, step) in steps::ALL {
        // Which of them it was shows when one fails.
        println!("{name}");
        world.recorder.passed();
        step(&world);
    }
}

/// A variable that is set to something.
#[expect(clippy::disallowed_methods, reason = "a test's own settings")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
