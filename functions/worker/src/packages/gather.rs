//! Fetches what is wanted, a few at a time, until all is there, the run has been long enough, or the forge has had enough. What
//! was not looked at stays as it was.

use std::collections::BTreeSet;

use clients::forge::{ForgeError, ForgeErrorKind};
use domain::{
    CompanyId, Timestamp,
    forge::ForgeRepository,
    package::{Index, Package, Skipped},
};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};

use super::{
    fetch::{Fetched, Trouble, fetch},
    refs::{Plan, Wanted, skip},
};
use crate::{App, Error};

/// Archives that are fetched at the same time. Each is held in memory.
const AT_ONCE: usize = 4;
/// Refs that one run fetches at most; what is left is fetched by the next one, which the first one asks for.
const MOST: usize = 120;
/// How long before its lease ends a run begins no fetch any more, in seconds: what was begun and what is written afterwards
/// have to be over by then.
const TO_END: i64 = 130;
/// Refs in a row that the forge fails at. One may be the ref's own fault; more are the forge's.
const MOST_UNLUCKY: usize = 3;

/// What a run made of what was wanted.
pub(super) struct Gathered {
    /// What there is now.
    pub(super) index: Index,
    /// What the forge failed at.
    pub(super) trouble: Option<ForgeError>,
    /// Whether there is more to look at.
    pub(super) unfinished: bool,
}

/// Looks at what is wanted.
pub(super) async fn gather(
    app: &App,
    (company, leased): (CompanyId, &Package),
    repository: &ForgeRepository,
    plan: Plan,
) -> Result<Gathered, Error> {
    let Plan { index, wanted, rivals } = plan;
    let left = (0..wanted.len()).collect();
    let mut run = Run { wanted: &wanted, rivals, index, left, settled: false, freed: false, unlucky: 0, trouble: None };
    let begins = |now: Timestamp| {
        leased.sync.lease.as_ref().is_none_or(|lease| now.as_second() + TO_END < lease.until.as_second())
    };
    // Boxed, as the compiler does not see that a stream of borrowing futures can be sent.
    let calls = wanted.iter().take(MOST).enumerate().map(|(place, wanted)| {
        fetch(app, (company, leased), repository, wanted).map(move |fetched| (place, fetched)).boxed()
    });
    let mut waiting = calls.collect::<Vec<BoxFuture<'_, _>>>().into_iter();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < AT_ONCE
            && begins(app.clock.now())
            && let Some(next) = waiting.next()
        {
            running.push(next);
        }
        let Some((place, fetched)) = running.next().await else { break };
        if !run.take(place, fetched)? {
            break;
        }
    }
    drop(running);
    Ok(run.end())
}

struct Run<'a> {
    wanted: &'a [Wanted],
    rivals: BTreeSet<String>,
    index: Index,
    /// What was not looked at.
    left: BTreeSet<usize>,
    /// Whether anything came to an end.
    settled: bool,
    /// Whether a tag turned out to be no version that had kept another one from being it.
    freed: bool,
    unlucky: usize,
    trouble: Option<ForgeError>,
}

impl Run<'_> {
    /// Takes over what became of a ref, and says whether to go on.
    fn take(&mut self, place: usize, fetched: Result<Fetched, Trouble>) -> Result<bool, Error> {
        let wanted = &self.wanted[place];
        match fetched {
            Ok(Fetched::Version(version)) => {
                self.index.versions.push(*version);
                self.settled = true;
            }
            Ok(Fetched::Skipped(skipped)) => {
                self.settled |= !skipped.again;
                self.freed |= !skipped.again && self.rivals.contains(&wanted.named.normalized);
                self.skip(wanted, skipped);
            }
            Err(Trouble::Failure(failure)) => return Err(failure.into()),
            Err(Trouble::Forge(error)) => {
                let stop = !may_be_of_one_ref(&error) || self.unlucky + 1 >= MOST_UNLUCKY;
                if !stop {
                    self.unlucky += 1;
                    self.skip(wanted, skip(&wanted.at, &error.reason(), true));
                    self.left.remove(&place);
                }
                self.trouble = Some(error);
                return Ok(!stop);
            }
        }
        self.unlucky = 0;
        self.left.remove(&place);
        Ok(true)
    }

    /// A version stays what it was when its ref has to be looked at again.
    fn skip(&mut self, wanted: &Wanted, skipped: Skipped) {
        if skipped.again {
            self.index.versions.extend(wanted.known.version().cloned());
        }
        self.index.skipped.push(skipped);
    }

    fn end(mut self) -> Gathered {
        for place in &self.left {
            self.wanted[*place].known.keep(&mut self.index);
        }
        // Those that were looked at in vain are looked at again at once only as long as that leads somewhere.
        let more = self.left.iter().any(|place| self.settled || !self.wanted[*place].known.is_again());
        Gathered { index: self.index, trouble: self.trouble, unfinished: more || self.freed }
    }
}

/// A forge may fail at one ref for ever: at a commit that is too large for it, or one that a court has closed.
fn may_be_of_one_ref(error: &ForgeError) -> bool {
    matches!(error.kind, ForgeErrorKind::Unavailable(_) | ForgeErrorKind::NoAccess { .. })
}

#[cfg(test)]
mod tests {
    use domain::{
        Timestamp,
        forge::{ForgeKind, ForgeRef, RefKind, Sha},
        package::{Archive, IndexedVersion},
    };

    use super::*;

    fn tag(name: &str) -> ForgeRef {
        let sha = Sha::parse(&"a".repeat(40)).unwrap();
        ForgeRef { name: name.to_owned(), kind: RefKind::Tag, sha, commit: None, time: None, is_default: false }
    }

    fn version(wanted: &Wanted) -> Fetched {
        let at = Timestamp::UNIX_EPOCH;
        let text = String::new;
        let archive = Archive { commit: text(), sha1: text(), sha256: text(), size: 1, time: at, listed_at: at };
        Fetched::Version(Box::new(IndexedVersion {
            name: wanted.at.name.clone(),
            object: wanted.at.sha.to_string(),
            version: wanted.named.version.clone(),
            normalized: wanted.named.normalized.clone(),
            branch: false,
            default_branch: false,
            released_at: at,
            listed_at: at,
            archive,
            composer: serde_json::Map::default(),
        }))
    }

    fn refused() -> Result<Fetched, Trouble> {
        let kind = ForgeErrorKind::NoAccess { message: "451".to_owned() };
        Err(ForgeError { forge: ForgeKind::Github, kind }.into())
    }

    fn run(plan: &Plan) -> Run<'_> {
        Run {
            wanted: &plan.wanted,
            rivals: plan.rivals.clone(),
            index: plan.index.clone(),
            left: (0..plan.wanted.len()).collect(),
            settled: false,
            freed: false,
            unlucky: 0,
            trouble: None,
        }
    }

    fn plan(tags: &[&str], before: &Index) -> Plan {
        Plan::of(tags.iter().map(|name| tag(name)).collect(), before)
    }

    #[test]
    fn one_tag_that_the_forge_fails_at_keeps_no_other_out_and_goes_last_the_next_time() {
        let plan = plan(&["1.0.0", "1.1.0", "1.2.0"], &Index::default());
        let mut run = run(&plan);
        assert!(run.take(0, refused()).unwrap(), "it goes on");
        for place in [1, 2] {
            assert!(run.take(place, Ok(version(&plan.wanted[place]))).unwrap());
        }
        let Gathered { index, trouble, .. } = run.end();
        assert!(trouble.is_some(), "the vendor is told");
        assert_eq!(index.versions.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["1.1.0", "1.2.0"]);
        let next = Plan::of(["1.0.0", "1.1.0", "1.2.0", "2.0.0"].map(tag).to_vec(), &index).in_turn(1);
        assert_eq!(next.wanted.iter().map(|it| it.at.name.as_str()).collect::<Vec<_>>(), ["2.0.0", "1.0.0"]);
    }

    #[test]
    fn a_forge_that_fails_again_and_again_is_left_alone_and_what_there_was_stays() {
        let tags = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];
        let before = plan(&tags, &Index::default());
        let mut first = run(&before);
        for (place, wanted) in before.wanted.iter().enumerate() {
            assert!(first.take(place, Ok(version(wanted))).unwrap());
        }
        let mut known = first.end().index;
        known.versions.iter_mut().for_each(|version| version.object = "b".repeat(40));
        let moved = plan(&tags, &known);
        let mut run = run(&moved);
        assert!(run.take(0, refused()).unwrap());
        assert!(run.take(1, refused()).unwrap());
        assert!(!run.take(2, refused()).unwrap(), "enough");
        let Gathered { index, trouble, .. } = run.end();
        assert!(trouble.is_some());
        assert_eq!(index.versions.len(), 4, "none is lost while its tag moves");
    }

    #[test]
    fn a_tag_that_is_no_version_leaves_its_version_to_another_tag() {
        let tags = ["1.0.0", "v1.0.0"];
        let first = plan(&tags, &Index::default());
        assert_eq!(first.wanted.len(), 1);
        let mut run = run(&first);
        let bad = skip(&first.wanted[0].at, &"there is no composer.json", false);
        assert!(run.take(0, Ok(Fetched::Skipped(bad))).unwrap());
        let Gathered { index, unfinished, .. } = run.end();
        assert!(unfinished, "the other one is looked at without being asked for");
        let next = plan(&tags, &index);
        assert_eq!(next.wanted.iter().map(|it| it.at.name.as_str()).collect::<Vec<_>>(), ["v1.0.0"]);
        assert!(next.rivals.is_empty());
    }
}
