//! What has to be fetched: what is new or has moved among a repository's tags and branches.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    forge::{ForgeRef, RefKind},
    package::{
        Index, IndexedVersion, Skipped,
        manifest::{self, Named, NoVersion},
    },
};

/// How far the order turns from one sync to the next: about as many as one of them looks at.
const TURN: u64 = 101;

/// What a list of refs means, held against the index of the last sync.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Versions and skips that are as they were.
    pub(super) index: Index,
    /// Refs that have to be looked at.
    pub(super) wanted: Vec<Wanted>,
    /// Normalised versions that more than one tag claims.
    pub(super) rivals: BTreeSet<String>,
}

/// A ref that is new or has moved.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) at: ForgeRef,
    pub(super) named: Named,
    /// What is known of it. That stays until it was looked at: who can install a version can do so while its tag moves.
    pub(super) known: Known,
}

/// What an index says of a ref.
#[derive(Debug, Clone)]
pub(super) enum Known {
    /// Nothing.
    Nothing,
    /// It was a version, before it moved perhaps.
    Version(Box<IndexedVersion>),
    /// It was none, before it moved.
    Skipped(Skipped),
    /// It could not be looked at the last time.
    Again(Skipped, Option<Box<IndexedVersion>>),
}

impl Known {
    fn of(version: Option<&IndexedVersion>, skipped: Option<&Skipped>, at: &ForgeRef) -> Self {
        let version = version.cloned().map(Box::new);
        match (version, skipped.cloned()) {
            (version, Some(skipped)) if skipped.again && skipped.object == at.sha.as_str() => {
                Self::Again(skipped, version)
            }
            (Some(version), _) => Self::Version(version),
            (None, Some(skipped)) => Self::Skipped(skipped),
            (None, None) => Self::Nothing,
        }
    }

    /// Whether it was looked at already, in vain.
    pub(super) fn is_again(&self) -> bool {
        matches!(self, Self::Again(..))
    }

    /// The version that it was.
    pub(super) fn version(&self) -> Option<&IndexedVersion> {
        match self {
            Self::Version(version) | Self::Again(_, Some(version)) => Some(version),
            Self::Nothing | Self::Skipped(_) | Self::Again(_, None) => None,
        }
    }

    /// What was known stays.
    pub(super) fn keep(&self, index: &mut Index) {
        index.versions.extend(self.version().cloned());
        if let Self::Skipped(skipped) | Self::Again(skipped, _) = self {
            index.skipped.push(skipped.clone());
        }
    }
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
                Some(other) => {
                    plan.rivals.insert(named.normalized);
                    Err(NoVersion::SameAs(other.clone()))
                }
                None => Ok(named),
            });
            let named = match named {
                Ok(named) => named,
                Err(reason) => {
                    // A clash of names can be over before the tag moves.
                    let again = matches!(reason, NoVersion::SameAs(_));
                    plan.index.skipped.push(skip(&at, &reason, again));
                    continue;
                }
            };
            let branch = at.kind == RefKind::Branch;
            let version = versions.get(&(at.name.as_str(), branch)).copied();
            let skipped = skipped.get(shown(&at).as_str()).copied();
            let known = version.filter(|version| version.object == at.sha.as_str());
            let bad = skipped.filter(|skip| skip.object == at.sha.as_str());
            // What is no version for good keeps no other tag from being it.
            if known.is_some() || bad.is_none_or(|bad| bad.again) {
                taken.insert(named.normalized.clone(), at.name.clone());
            }
            match (known, bad) {
                (Some(known), _) => {
                    let version = IndexedVersion { default_branch: at.is_default && branch, ..known.clone() };
                    plan.index.versions.push(version);
                }
                (None, Some(bad)) if !bad.again => plan.index.skipped.push(bad.clone()),
                _ => {
                    let known = Known::of(version, skipped, &at);
                    plan.wanted.push(Wanted { at, named, known });
                }
            }
        }
        plan
    }

    /// What was never looked at goes first. What was, in vain, follows in another order each time: there may be more of it
    /// than one run looks at.
    pub(super) fn in_turn(mut self, turn: u64) -> Self {
        let (mut again, mut first): (Vec<_>, Vec<_>) =
            self.wanted.into_iter().partition(|wanted| wanted.known.is_again());
        let places = u64::try_from(again.len()).unwrap_or(1).max(1);
        again.rotate_left(usize::try_from(turn.wrapping_mul(TURN) % places).unwrap_or(0));
        first.extend(again);
        self.wanted = first;
        self
    }
}

/// Tags first, by name, so that of two tags with the same version it is always the same one that counts.
fn in_order(mut refs: Vec<ForgeRef>) -> Vec<ForgeRef> {
    refs.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    refs
}

/// A ref that is no version.
pub(super) fn skip(at: &ForgeRef, reason: &impl ToString, again: bool) -> Skipped {
    Skipped { name: shown(at), object: at.sha.to_string(), reason: reason.to_string(), again }
}

/// A branch is told from a tag of the same name.
fn shown(at: &ForgeRef) -> String {
    match at.kind {
        RefKind::Tag => at.name.clone(),
        RefKind::Branch => format!("{} (branch)", at.name),
    }
}
