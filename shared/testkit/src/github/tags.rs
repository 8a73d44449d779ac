//! What people do to code on GitHub: they commit, and add, move and delete tags. Webhooks tell of it.

use std::fmt::Write;

use anyhow::Context;
use serde_json::{Value, json};

use super::{
    Sandbox,
    control::present,
    hooks::{Sender, Teller},
    page::{button, inputs, open_form},
    state::{Repository, State},
};
use crate::{
    forges::{
        Trouble,
        code::{Code, MAIN, Moved, NOTHING},
    },
    sandbox::escape,
};

/// GitHub tells nothing of a push of more tags than that.
const TOLD_AT_ONCE: usize = 3;

impl Sandbox {
    /// Commits a package with this `composer.json` and tags the commit; a tag of that name is moved. Answers the commit.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn release(&self, owner: &str, name: &str, tag: &str, composer_json: &str) -> anyhow::Result<String> {
        let now = self.now();
        self.push(owner, name, |code| Ok(code.release(tag, composer_json, now)))
    }

    /// Commits files, and tags nothing. Answers the commit.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn commit(&self, owner: &str, name: &str, files: &[(&str, &str)]) -> anyhow::Result<String> {
        let now = self.now();
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        self.push(owner, name, |code| {
            let (sha, moved) = code.commit(files, now);
            Ok((sha, vec![moved]))
        })
    }

    /// Puts a tag on a commit, or on the last one. A tag of that name is moved.
    ///
    /// # Errors
    /// When there is no such repository, or no such commit.
    pub fn tag(&self, owner: &str, name: &str, tag: &str, commit: Option<&str>, annotated: bool) -> anyhow::Result<()> {
        self.push(owner, name, |code| Ok(((), vec![code.tag(tag, commit, annotated)?])))
    }

    /// Pushes many tags at once, all on the last commit. Of more than three GitHub tells nobody.
    ///
    /// # Errors
    /// When there is no such repository, or nothing was committed to it.
    pub fn push_tags(&self, owner: &str, name: &str, tags: &[&str]) -> anyhow::Result<()> {
        self.push(owner, name, |code| {
            let moved: anyhow::Result<Vec<Moved>> = tags.iter().map(|tag| code.tag(tag, None, false)).collect();
            Ok(((), moved?))
        })
    }

    /// Deletes a tag.
    ///
    /// # Errors
    /// When there is no such repository, or no such tag.
    pub fn delete_tag(&self, owner: &str, name: &str, tag: &str) -> anyhow::Result<()> {
        self.push(owner, name, |code| Ok(((), vec![code.delete_tag(tag)?])))
    }

    /// From now on archives have other bytes, though the same files.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn regenerate_archives(&self, owner: &str, name: &str) -> anyhow::Result<()> {
        self.push(owner, name, |code| {
            code.regenerate();
            Ok(((), Vec::new()))
        })
    }

    /// From now on something is wrong with archives, or nothing any more. For calls of the API there are
    /// [`Self::refuse_credentials`], [`Self::hide`], [`Self::limit_requests`] and [`Self::with_faults`].
    pub fn archive_trouble(&self, trouble: Option<Trouble>) {
        self.limits(|limits| limits.archives = trouble);
    }

    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.limits(|limits| limits.archives)
    }

    /// On the page: the same package once more, under this tag.
    pub(super) fn release_again(&self, owner: &str, name: &str, tag: &str) -> anyhow::Result<()> {
        let composer_json = self.shared.state.read(|state| {
            let id = present(state, owner, name)?;
            anyhow::Ok(state.repositories[&id].code.last_composer_json(&format!("{owner}/{name}").to_lowercase()))
        })?;
        self.release(owner, name, tag, &composer_json).map(drop)
    }

    fn push<R>(
        &self,
        owner: &str,
        name: &str,
        change: impl FnOnce(&mut Code) -> anyhow::Result<(R, Vec<Moved>)>,
    ) -> anyhow::Result<R> {
        let teller = self.teller(Sender::Owner);
        self.change(|state| {
            let id = present(state, owner, name)?;
            let repository = state.repositories.get_mut(&id).context("no such repository")?;
            let (result, moved) = change(&mut repository.code)?;
            if moved.iter().filter(|moved| moved.is_tag).count() <= TOLD_AT_ONCE {
                for moved in &moved {
                    teller.pushed(state, id, moved);
                }
            }
            Ok(result)
        })
    }
}

impl Teller {
    /// A ref was made, moved or deleted: `push`, and `create` or `delete` as well.
    fn pushed(&self, state: &mut State, repository: u64, moved: &Moved) {
        let folder = if moved.is_tag { "tags" } else { "heads" };
        let (before, after) = (moved.before.as_deref(), moved.after.as_deref());
        let told = json!({
            "ref": format!("refs/{folder}/{}", moved.name),
            "before": before.unwrap_or(NOTHING),
            "after": after.unwrap_or(NOTHING),
            "created": before.is_none(),
            "deleted": after.is_none(),
            "forced": moved.is_tag && before.is_some() && after.is_some(),
            "base_ref": null,
            "commits": [],
            "head_commit": null,
            "pusher": { "name": "sandbox", "email": "sandbox@example.com" },
        });
        self.of_repository(state, "push", repository, told);
        let short = json!({
            "ref": moved.name,
            "ref_type": if moved.is_tag { "tag" } else { "branch" },
            "pusher_type": "user",
        });
        if before.is_none() {
            let mut told = short;
            told["master_branch"] = Value::from(MAIN);
            self.of_repository(state, "create", repository, told);
        } else if after.is_none() {
            self.of_repository(state, "delete", repository, short);
        }
    }
}

/// The repository's tags on the page, with what can be done to them.
pub(super) fn card(root: &str, repository: &Repository, named: &[(&str, &str); 2]) -> String {
    let mut html = String::new();
    if !repository.code.tags.is_empty() {
        html.push_str("<table><tr><th>Tag</th><th>Commit</th><th></th></tr>");
    }
    for (name, tag) in &repository.code.tags {
        let named = [named[0], named[1], ("tag", name.as_str())];
        let _ = write!(
            html,
            "<tr><td>{}</td><td><code>{}</code></td><td>{}{}</td></tr>",
            escape(name),
            escape(&tag.commit[..tag.commit.len().min(7)]),
            button(root, "add-tag", "Move to a new commit", &named, ""),
            button(root, "delete-tag", "Delete", &named, ""),
        );
    }
    if !repository.code.tags.is_empty() {
        html.push_str("</table>");
    }
    let _ = write!(
        html,
        "{}{}<button>Commit and tag</button></form><br>",
        open_form(root, "add-tag"),
        inputs(named, &["tag"])
    );
    html
}
