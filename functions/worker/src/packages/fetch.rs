//! Fetches one version: its commit, its archive, what its `composer.json` says.

use std::collections::HashMap;

use bytes::Bytes;
use clients::{
    archive::{self, BadArchive, Inspected},
    forge::{ForgeError, ForgeErrorKind, MAX_ARCHIVE},
};
use domain::{
    CompanyId, Failure,
    forge::{ForgeCommit, ForgeRepository},
    package::{
        Archive, IndexedVersion, Package, Skipped,
        manifest::{self, NoVersion},
    },
};
use store::{Put, keys};

use super::refs::{Wanted, skip};
use crate::App;

/// What became of a ref.
pub(super) enum Fetched {
    /// It is a version; when it was first found is not known here.
    Version(Box<IndexedVersion>),
    /// It is none.
    Skipped(Skipped),
}

/// Why a ref could not be looked at.
pub(super) enum Trouble {
    /// The forge did not let us.
    Forge(ForgeError),
    /// A service of ours failed.
    Failure(Failure),
}

impl From<ForgeError> for Trouble {
    fn from(error: ForgeError) -> Self {
        Self::Forge(error)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Looks at one ref. What is wrong with the ref itself is a reason to skip it, and none to stop.
pub(super) async fn fetch(
    app: &App,
    (company, package): (CompanyId, &Package),
    repository: &ForgeRepository,
    wanted: &Wanted,
) -> Result<Fetched, Trouble> {
    let skipped = |reason: &dyn ToString| Ok(Fetched::Skipped(skip(&wanted.at, &reason.to_string(), false)));
    // What is not found or no archive may be so because a credential lacks something; what is too large is so for good.
    let refused = |error: &ForgeError| {
        let again = !matches!(error.kind, ForgeErrorKind::TooLarge { .. });
        Ok(Fetched::Skipped(skip(&wanted.at, &error.reason(), again)))
    };
    let (commit, bytes) = match download(app, repository, wanted).await {
        Ok(downloaded) => downloaded,
        Err(error) if is_about_the_ref(&error) => return refused(&error),
        Err(error) => return Err(error.into()),
    };
    let inspected = match inspect(bytes.clone()).await? {
        Ok(inspected) => inspected,
        // What came on the way to pieces may come whole the next time.
        Err(reason @ (BadArchive::NotZip | BadArchive::Damaged | BadArchive::Mismatch { .. })) => {
            return Ok(Fetched::Skipped(skip(&wanted.at, &reason, true)));
        }
        Err(reason) => return skipped(&reason),
    };
    let text = match &inspected.composer_json {
        Some(text) => Some(text.clone()),
        // It may be left out of archives on purpose.
        None => match app.forges.file(repository, "composer.json", &commit.sha).await {
            Ok(file) => match file.map(|bytes| String::from_utf8(bytes.into())).transpose() {
                Ok(text) => text,
                Err(_) => return skipped(&BadArchive::ComposerNotText),
            },
            Err(error) if is_about_the_ref(&error) => return refused(&error),
            Err(error) => return Err(error.into()),
        },
    };
    let manifest = text.ok_or(NoVersion::NoManifest);
    let manifest = manifest.and_then(|text| manifest::read(&text, &package.name, wanted.at.kind, &wanted.named));
    let composer = match manifest {
        Ok(composer) => composer,
        Err(reason) => return skipped(&reason),
    };
    let archive = keep(app, (company, package), &commit, bytes, inspected).await?;
    let branch = wanted.at.kind == domain::forge::RefKind::Branch;
    Ok(Fetched::Version(Box::new(IndexedVersion {
        name: wanted.at.name.clone(),
        object: wanted.at.sha.to_string(),
        version: wanted.named.version.clone(),
        normalized: wanted.named.normalized.clone(),
        branch,
        default_branch: branch && wanted.at.is_default,
        released_at: archive.time,
        listed_at: archive.listed_at,
        archive,
        composer,
    })))
}

async fn download(
    app: &App,
    repository: &ForgeRepository,
    wanted: &Wanted,
) -> Result<(ForgeCommit, Bytes), ForgeError> {
    let commit = match (&wanted.at.commit, wanted.at.time) {
        (Some(sha), Some(time)) => ForgeCommit { sha: sha.clone(), time },
        _ => app.forges.commit(repository, &wanted.at).await?,
    };
    let bytes = app.forges.archive(repository, &commit.sha, MAX_ARCHIVE).await?;
    Ok((commit, bytes))
}

/// Reading through an archive takes the processor for a while, and other downloads go on meanwhile.
async fn inspect(bytes: Bytes) -> Result<Result<Inspected, BadArchive>, Failure> {
    let inspected = tokio::task::spawn_blocking(move || archive::inspect(&bytes)).await;
    inspected.map_err(|error| Failure::broken("inspecting an archive", error))
}

/// Whether another ref may be all right all the same.
fn is_about_the_ref(error: &ForgeError) -> bool {
    use ForgeErrorKind::{Malformed, NotFound, Refused, TooLarge};
    matches!(error.kind, NotFound | TooLarge { .. } | Malformed { .. } | Refused { .. })
}

/// Stores an archive under its commit. Forges make archives anew each time, and their bytes may differ: the first that was
/// stored is the one that counts, for ever.
async fn keep(
    app: &App,
    (company, package): (CompanyId, &Package),
    commit: &ForgeCommit,
    bytes: Bytes,
    inspected: Inspected,
) -> Result<Archive, Failure> {
    let key = keys::blob_archive(company, package.package_id.as_str(), commit.sha.as_str());
    let Inspected { sha1, sha256, size, .. } = inspected;
    let metadata = HashMap::from([("sha1".to_owned(), sha1.clone()), ("sha256".to_owned(), sha256.clone())]);
    let (time, listed_at) = (commit.time, app.clock.now());
    let archive = Archive { commit: commit.sha.to_string(), sha1, sha256, size, time, listed_at };
    if app.blobs.put_new(&key, bytes, "application/zip", metadata).await? == Put::New {
        return Ok(archive);
    }
    let head = app.blobs.head(&key).await?;
    let head = head.ok_or_else(|| Failure::unavailable("looking at an archive", format!("there is no {key}")))?;
    let digest = |name: &str, digits: usize| head.metadata.get(name).filter(|digest| digest.len() == digits).cloned();
    match (digest("sha1", 40), digest("sha256", 64)) {
        (Some(sha1), Some(sha256)) => Ok(Archive { sha1, sha256, size: head.size, ..archive }),
        _ => Err(Failure::broken("looking at an archive", format!("{key} has no digests"))),
    }
}
