//! The code of a repository, as all doubles of forges keep it: commits, branches, tags, and archives of commits.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::zip;

/// The branch that is shown first.
pub(crate) const MAIN: &str = "main";
/// What stands for "nothing" before a ref is made and after it is deleted.
pub(crate) const NOTHING: &str = "0000000000000000000000000000000000000000";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Code {
    /// Names, and the commits they are at.
    pub(crate) branches: BTreeMap<String, String>,
    pub(crate) tags: BTreeMap<String, Tag>,
    pub(crate) commits: BTreeMap<String, Commit>,
    /// How many objects were ever made: no two have one name.
    made: u64,
    /// How often archives were changed in their bytes, though not in their files.
    regenerated: u64,
    /// Archives that are others than those of their commits.
    #[serde(default, skip)]
    archives: BTreeMap<String, Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tag {
    /// Of an annotated tag its own object, else the commit.
    pub(crate) object: String,
    pub(crate) commit: String,
}

impl Tag {
    pub(crate) fn is_annotated(&self) -> bool {
        self.object != self.commit
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Commit {
    pub(crate) at: Timestamp,
    pub(crate) files: BTreeMap<String, String>,
}

/// What became of a tag or a branch: where it was, and where it is. `None` where it was not, or is not.
#[derive(Debug, Clone)]
pub(crate) struct Moved {
    pub(crate) name: String,
    pub(crate) is_tag: bool,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

impl Code {
    /// A package with these versions, each a tag of a commit of its own.
    pub(crate) fn package(package: &str, versions: &[&str], at: Timestamp) -> Self {
        let mut code = Self::default();
        for version in versions {
            let composer_json = composer_json(package);
            let _ = code.release(version, &composer_json, at);
        }
        code
    }

    /// A commit of these files, at the end of [`MAIN`].
    pub(crate) fn commit(&mut self, files: BTreeMap<String, String>, at: Timestamp) -> (String, Moved) {
        let sha = self.object();
        self.commits.insert(sha.clone(), Commit { at, files });
        let before = self.branches.insert(MAIN.to_owned(), sha.clone());
        let moved = Moved { name: MAIN.to_owned(), is_tag: false, before, after: Some(sha.clone()) };
        (sha, moved)
    }

    /// A commit with this `composer.json`, and a tag on it. A tag of that name is moved.
    pub(crate) fn release(&mut self, tag: &str, composer_json: &str, at: Timestamp) -> (String, Vec<Moved>) {
        let source = format!("<?php\n\n// {tag}, change {}\nfinal class Package\n{{\n}}\n", self.made);
        let files = [("composer.json", composer_json), ("README.md", "# A package\n"), ("src/Package.php", &source)];
        let files = files.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let (sha, branch) = self.commit(files, at);
        let tag = self.put_tag(tag, &sha, false);
        (sha, vec![branch, tag])
    }

    /// Puts a tag on a commit, or on the last one.
    ///
    /// # Errors
    /// When there is no such commit.
    pub(crate) fn tag(&mut self, name: &str, commit: Option<&str>, annotated: bool) -> anyhow::Result<Moved> {
        let commit = commit.or_else(|| self.branches.get(MAIN).map(String::as_str)).context("nothing was committed")?;
        if !self.commits.contains_key(commit) {
            bail!("no such commit: {commit}");
        }
        let commit = commit.to_owned();
        Ok(self.put_tag(name, &commit, annotated))
    }

    fn put_tag(&mut self, name: &str, commit: &str, annotated: bool) -> Moved {
        let object = if annotated { self.object() } else { commit.to_owned() };
        let tag = Tag { object: object.clone(), commit: commit.to_owned() };
        let before = self.tags.insert(name.to_owned(), tag).map(|tag| tag.object);
        Moved { name: name.to_owned(), is_tag: true, before, after: Some(object) }
    }

    /// # Errors
    /// When there is no such tag.
    pub(crate) fn delete_tag(&mut self, name: &str) -> anyhow::Result<Moved> {
        let tag = self.tags.remove(name).with_context(|| format!("no such tag: {name}"))?;
        Ok(Moved { name: name.to_owned(), is_tag: true, before: Some(tag.object), after: None })
    }

    /// From now on archives of the same commits have other bytes, as when a forge changes how it packs.
    pub(crate) fn regenerate(&mut self) {
        self.regenerated += 1;
    }

    /// From now on this is the archive of a commit.
    pub(crate) fn put_archive(&mut self, commit: &str, zip: Vec<u8>) {
        self.archives.insert(commit.to_owned(), zip);
    }

    /// The archive of a commit, below `{path}-{the commit's first seven digits}/`.
    pub(crate) fn archive(&self, path: &str, commit: &str) -> Option<Vec<u8>> {
        if let Some(zip) = self.archives.get(commit) {
            return Some(zip.clone());
        }
        let files = &self.commits.get(commit)?.files;
        let top = format!("{}-{}", path.replace('/', "-"), commit.get(..7)?);
        let again = if self.regenerated == 0 { String::new() } else { format!(" ({})", self.regenerated) };
        Some(zip::archive(&top, files, &format!("{commit}{again}")))
    }

    /// The `composer.json` of the last commit; one of this package if there is none.
    pub(crate) fn last_composer_json(&self, package: &str) -> String {
        let last = self.branches.get(MAIN).and_then(|sha| self.commits.get(sha));
        let text = last.and_then(|commit| commit.files.get("composer.json")).cloned();
        text.unwrap_or_else(|| composer_json(package))
    }

    /// The commit that this is, or that the tag object of this name is of.
    pub(crate) fn peel(&self, sha: &str) -> Option<(&str, &Commit)> {
        let of_tag = self.tags.values().find(|tag| tag.object == sha).map(|tag| tag.commit.as_str());
        let (sha, commit) = self.commits.get_key_value(of_tag.unwrap_or(sha))?;
        Some((sha, commit))
    }

    /// A name for a new object: not Git's, but as good as one.
    fn object(&mut self) -> String {
        self.made += 1;
        let digest = Sha256::digest(format!("object {} after {}", self.made, self.commits.len()).as_bytes());
        domain::text::hex(&digest)[..40].to_owned()
    }
}

fn composer_json(package: &str) -> String {
    let composer_json = json!({
        "name": package,
        "description": "A package of the sandbox",
        "type": "library",
        "license": "proprietary",
        "require": { "php": ">=8.1" },
        "autoload": { "psr-4": { "Acme\\": "src/" } },
    });
    format!("{composer_json:#}\n")
}
