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

/// Bytes of blobs whose indexes are kept.
const KEPT: usize = 32 * 1024 * 1024;
/// The largest index that is read or written, in bytes.
const LARGEST: usize = 64 * 1024 * 1024;

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

    /// Writes an index down, and answers with its digest, for the package to name. Until it does, nobody reads it.
    ///
    /// # Errors
    /// When S3 does not answer, or the index is too large.
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
