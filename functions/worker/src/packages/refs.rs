//! What has to be fetched: what is new or has moved among a repository's tags and branches.

use std::collections::{BTreeMap, HashMap};

use domain::{
    forge::{ForgeRef, RefKind},
    package::{
        Index, IndexedVersion, Skipped,
        manifest::{self, Named, NoVersion},
    },
};

/// What a list of refs means, held against the index of the last sync.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Versions and skips that are as they were.
    pub(super) index: Index,
    /// Refs that have to be looked at.
    pub(super) wanted: Vec<Wanted>,
}

/// A ref that is new or has moved.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) at: ForgeRef,
    pub(super) named: Named,
}

impl Plan {
    pub(super) fn of(refs: Vec<ForgeRef>, before: &Index) -> Self {
        let versions: HashMap<(&str, bool), &IndexedVersion> =
            before.versions.iter().map(|version| ((version.name.as_str(), version.branch), version)).collect();
        let skipped: HashMap<&str, &Skipped> = before.skipped.iter().map(|skip| (skip.name.as_str(), skip)).collect();
        let mut plan = Self::default();
        let mut taken: BTreeMap<String, String> = BTreeMap::new();
        for at in in_order(refs) {
            let named = manifest::named(at.kind, &at.name).and_then(|named| match taken.get(&named.normalized) {
                Some(other) => Err(NoVersion::SameAs(other.clone())),
                None => Ok(named),
            });
            let named = match named {
                Ok(named) => named,
                Err(reason) => {
                    plan.index.skipped.push(skip(&at, &reason));
                    continue;
                }
            };
            taken.insert(named.normalized.clone(), at.name.clone());
            let branch = at.kind == RefKind::Branch;
            let known = versions.get(&(at.name.as_str(), branch)).filter(|version| version.object == at.sha.as_str());
            let bad = skipped.get(shown(&at).as_str()).filter(|skip| skip.object == at.sha.as_str());
            match (known, bad) {
                (Some(known), _) => {
                    let version = IndexedVersion { default_branch: at.is_default && branch, ..(*known).clone() };
                    plan.index.versions.push(version);
                }
                // A clash of names can be over; everything else stays until the ref moves.
                (None, Some(bad)) if !bad.reason.ends_with("is the same version") => {
                    plan.index.skipped.push((*bad).clone());
                }
                _ => plan.wanted.push(Wanted { at, named }),
            }
        }
        plan
    }
}

/// Tags first, by name, so that of two tags with the same version it is always the same one that counts.
fn in_order(mut refs: Vec<ForgeRef>) -> Vec<ForgeRef> {
    refs.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    refs
}

/// A ref that is no version.
pub(super) fn skip(at: &ForgeRef, reason: &impl ToString) -> Skipped {
    Skipped { name: shown(at), object: at.sha.to_string(), reason: reason.to_string() }
}

/// A branch is told from a tag of the same name.
fn shown(at: &ForgeRef) -> String {
    match at.kind {
        RefKind::Tag => at.name.clone(),
        RefKind::Branch => format!("{} (branch)", at.name),
    }
}
