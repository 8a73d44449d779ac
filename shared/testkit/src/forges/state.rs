//! What the sandbox remembers.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use domain::forge::ForgeKind;
use serde::{Deserialize, Serialize};

use super::{BEGINNING, code::Code, hooks::Hook};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    next_id: u64,
    pub(super) repositories: BTreeMap<u64, Repository>,
    /// Oldest first.
    pub(super) hooks: Vec<Hook>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Repository {
    pub(super) kind: ForgeKind,
    pub(super) path: String,
    /// What it was called before.
    former: Vec<String>,
    pub(super) private: bool,
    pub(super) code: Code,
}

impl Repository {
    /// The last part of its path.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

impl State {
    pub(super) fn seeded() -> Self {
        let mut state = Self { next_id: 1000, repositories: BTreeMap::new(), hooks: Vec::new() };
        let packages = [
            (ForgeKind::Gitlab, "acme-corp/reports", "acme/reports"),
            (ForgeKind::Bitbucket, "acme-corp/charts", "acme/charts"),
        ];
        for (kind, path, package) in packages {
            let id = state.add(kind, path, true);
            if let Some(repository) = state.repositories.get_mut(&id) {
                repository.code = Code::package(package, &["v1.0.0"], BEGINNING);
            }
        }
        state
    }

    pub(super) fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn add(&mut self, kind: ForgeKind, path: &str, private: bool) -> u64 {
        if let Some(id) = self.find(kind, path) {
            return id;
        }
        let id = self.new_id();
        let (path, code) = (path.to_owned(), Code::default());
        self.repositories.insert(id, Repository { kind, path, former: Vec::new(), private, code });
        id
    }

    /// The repository of this path or number. One that has the path goes before one that had it.
    pub(super) fn find(&self, kind: ForgeKind, path: &str) -> Option<u64> {
        let mut of_kind = self.repositories.iter().filter(|(_, it)| it.kind == kind);
        let is = |it: &str| it.eq_ignore_ascii_case(path);
        let number = path.parse().ok();
        let here = of_kind.clone().find(|(id, it)| Some(**id) == number || is(&it.path) || uuid(**id) == path);
        let found = here.or_else(|| of_kind.find(|(_, it)| it.former.iter().any(|former| is(former))));
        found.map(|(id, _)| *id)
    }

    pub(super) fn found(&mut self, kind: ForgeKind, path: &str) -> anyhow::Result<&mut Repository> {
        let id = self.find(kind, path);
        let found = id.and_then(|id| self.repositories.get_mut(&id));
        found.with_context(|| format!("no such repository: {path}"))
    }

    pub(super) fn rename(&mut self, kind: ForgeKind, path: &str, new_path: &str) -> anyhow::Result<()> {
        let taken = self.repositories.values().any(|it| it.kind == kind && it.path.eq_ignore_ascii_case(new_path));
        ensure!(!taken, "the path {new_path} is taken");
        let repository = self.found(kind, path)?;
        let former = std::mem::replace(&mut repository.path, new_path.to_owned());
        repository.former.push(former);
        Ok(())
    }
}

/// Bitbucket's id of a repository.
pub(super) fn uuid(id: u64) -> String {
    format!("{{00000000-0000-4000-8000-{id:012}}}")
}
