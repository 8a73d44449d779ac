//! The indexes of packages: all their versions, each in one blob that its digest names. A warm process keeps those that it
//! read; they never change, so what is kept is never stale.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use domain::{
    CompanyId, Failure,
    package::{Index, Package, PackageId},
    text,
};
use sha2::{Digest, Sha256};

use crate::{Blobs, Kept, keys};

/// Bytes of blobs whose indexes are kept. Read, an index takes several times its bytes; a function has 512 MB.
const KEPT: usize = 16 * 1024 * 1024;
/// The largest index that is read or written, in bytes: some thousands of versions.
const LARGEST: usize = 8 * 1024 * 1024;

/// Reads and writes indexes. Clones share what is kept.
#[derive(Clone, Debug)]
pub struct Indexes {
    blobs: Blobs,
    kept: Kept<Index>,
}

impl Indexes {
    /// Those in these blobs.
    pub fn new(blobs: Blobs) -> Self {
        Self { blobs, kept: Kept::new(KEPT) }
    }

    /// The versions of a package, as its last complete sync found them: none before the first.
    ///
    /// # Errors
    /// When S3 does not answer. Also when the index is gone, as another one took its place meanwhile: read the package again.
    pub async fn load(&self, company: CompanyId, package: &Package) -> Result<Arc<Index>, Failure> {
        const WHAT: &str = "reading an index";
        let Some(digest) = &package.found.index else { return Ok(Arc::default()) };
        if let Some(index) = self.kept.get(digest) {
            return Ok(index);
        }
        let key = keys::blob_index(company, package.package_id.as_str(), digest);
        let bytes = self.blobs.get(&key, LARGEST).await?;
        let bytes = bytes.ok_or_else(|| Failure::unavailable(WHAT, format!("there is no {key}")))?;
        let index: Index = serde_json::from_slice(&bytes).map_err(|error| Failure::broken(WHAT, error))?;
        let index = Arc::new(index);
        self.kept.keep(digest, &index, bytes.len());
        Ok(index)
    }

    /// Whether an index is small enough to be written down and read.
    ///
    /// # Errors
    /// When it cannot be written at all.
    pub fn fits(index: &Index) -> Result<bool, Failure> {
        let mut counted = Counted(0);
        serde_json::to_writer(&mut counted, index).map_err(|error| Failure::broken("measuring an index", error))?;
        Ok(counted.0 <= LARGEST)
    }

    /// Deletes the indexes of a package but those with these digests: the one that takes their place, and the one that is
    /// read until it does. For whoever has the right to sync it.
    ///
    /// # Errors
    /// When S3 does not answer, or keeps one.
    pub async fn delete_others(
        &self,
        company: CompanyId,
        package: &PackageId,
        kept: impl IntoIterator<Item = &String>,
    ) -> Result<usize, Failure> {
        let key = |digest: &String| keys::blob_index(company, package.as_str(), digest);
        let kept: Vec<String> = kept.into_iter().map(key).collect();
        self.blobs.delete_others(&keys::blob_indexes(company, package.as_str()), &kept).await
    }

    /// Writes an index down, and answers with its digest, for the package to name. Until it does, nobody reads it.
    ///
    /// # Errors
    /// When S3 does not answer, or the index is too large ([`Indexes::fits`]).
    pub async fn save(&self, company: CompanyId, package: &PackageId, index: &Index) -> Result<String, Failure> {
        const WHAT: &str = "writing an index";
        let bytes = serde_json::to_vec(index).map_err(|error| Failure::broken(WHAT, error))?;
        if bytes.len() > LARGEST {
            return Err(Failure::broken(WHAT, format!("it has {} bytes", bytes.len())));
        }
        let digest = text::hex(&Sha256::digest(&bytes));
        let key = keys::blob_index(company, package.as_str(), &digest);
        // One that is there has the same bytes.
        let _ = self.blobs.put_new(&key, Bytes::from(bytes), "application/json", HashMap::new()).await?;
        Ok(digest)
    }
}

/// Counts what is written to it.
struct Counted(usize);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
