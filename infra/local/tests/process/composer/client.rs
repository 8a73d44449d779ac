//! The real client, as a developer runs it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::recorder::Recorder;

/// Why there is no client to test with; `None` when there is one.
pub(super) fn missing() -> Option<String> {
    let answers = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).stdin(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(modules) = answers("php", "-m") else { return Some("PHP is not installed".to_owned()) };
    if !modules.lines().any(|module| module == "zip") {
        return Some("PHP has no zip extension".to_owned());
    }
    answers("composer", "--version").is_none().then(|| "Composer is not installed".to_owned())
}

/// A project of some developer: a folder, with a home and a cache of its own.
pub(super) struct Project<'a> {
    folder: PathBuf,
    recorder: &'a Recorder,
}

/// How a run of Composer ended.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: i32,
    /// What it printed, on one line: it breaks lines where the terminal ends.
    pub(super) said: String,
}

impl<'a> Project<'a> {
    /// A new one in `folder`, whose developer has this token.
    pub(super) fn new(folder: &Path, recorder: &'a Recorder, token: &str) -> Self {
        let project = Self { folder: folder.to_owned(), recorder };
        fs::create_dir_all(folder.join("home")).unwrap();
        fs::create_dir_all(folder.join("project")).unwrap();
        let manifest = json!({
            "repositories": [
                {"type": "composer", "url": format!("http://{}", recorder.address)},
                {"packagist.org": false},
            ],
            "config": {"secure-http": false},
        });
        project.write("project/composer.json", &manifest);
        project.sign_in("http-basic", json!({"username": "token", "password": token}));
        project
    }

    /// The developer's credentials: `http-basic`, or `bearer`.
    pub(super) fn sign_in(&self, scheme: &str, credentials: Value) {
        self.write("home/auth.json", &json!({scheme: {&self.recorder.address: credentials}}));
    }

    /// Another token than before.
    pub(super) fn change_token(&self, token: &str) {
        self.sign_in("http-basic", json!({"username": "token", "password": token}));
    }

    /// Another project with this one's `composer.json` and lock file, and nothing kept.
    pub(super) fn cloned(&self, folder: &Path, token: &str) -> Self {
        let clone = Self::new(folder, self.recorder, token);
        for file in ["project/composer.json", "project/composer.lock"] {
            fs::copy(self.folder.join(file), folder.join(file)).unwrap();
        }
        clone
    }

    /// Runs Composer with these arguments.
    pub(super) fn composer(&self, arguments: &[&str]) -> Ran {
        let output = Command::new("composer")
            .args(["--no-ansi", "--no-progress"].iter().filter(|flag| takes(arguments[0], flag)))
            .args(arguments)
            .current_dir(self.folder.join("project"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.join("home"))
            .env("COMPOSER_HOME", self.folder.join("home"))
            .env("COMPOSER_CACHE_DIR", self.folder.join("cache"))
            .env("COMPOSER_NO_INTERACTION", "1")
            .env("COMPOSER_ALLOW_SUPERUSER", "1")
            .env("COLUMNS", "1000")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).split_whitespace().collect::<Vec<_>>().join(" ");
        Ran { code: output.status.code().unwrap_or(-1), said }
    }

    /// What is installed, `acme/widget 1.0.0`, by name.
    pub(super) fn installed(&self) -> Vec<String> {
        let installed = self.read("project/vendor/composer/installed.json");
        let packages = installed["packages"].as_array().cloned().unwrap_or_default();
        packages.iter().map(|it| format!("{} {}", text(&it["name"]), text(&it["version"]))).collect()
    }

    /// A package of the lock file.
    pub(super) fn locked(&self, name: &str) -> Value {
        let lock = self.read("project/composer.lock");
        let packages = lock["packages"].as_array().unwrap();
        packages.iter().find(|package| package["name"] == name).unwrap_or_else(|| panic!("no {name} in {lock}")).clone()
    }

    /// What `composer.json` requires of a package.
    pub(super) fn requires(&self, name: &str) -> String {
        text(&self.read("project/composer.json")["require"][name])
    }

    /// A file of what is installed.
    pub(super) fn vendor(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join("project/vendor").join(path)).unwrap()
    }

    /// Throws away something: `cache/files` are the archives that are kept, `project/vendor` is what is installed.
    pub(super) fn forget(&self, what: &str) {
        let path = self.folder.join(what);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    fn read(&self, path: &str) -> Value {
        let text = fs::read_to_string(self.folder.join(path)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn write(&self, path: &str, value: &Value) {
        fs::write(self.folder.join(path), value.to_string()).unwrap();
    }
}

impl Ran {
    /// Fails unless it ended with one of these codes and said all this.
    #[track_caller]
    pub(super) fn ends(&self, codes: &[i32], said: &[&str]) {
        assert!(codes.contains(&self.code), "not {codes:?}: {self:?}");
        for text in said {
            assert!(self.said.contains(text), "not said: {text}\n{self:?}");
        }
    }
}

/// `show` knows no progress.
fn takes(command: &str, flag: &str) -> bool {
    flag != "--no-progress" || ["install", "require", "update"].contains(&command)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
