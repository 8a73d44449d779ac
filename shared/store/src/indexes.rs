//! The indexes of packages: all their versions, each in one blob, named by whose turn it was and by its digest. A warm process
//! keeps those that it read; they never change, so what is kept is never stale.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use domain::{
    CompanyId, Failure,
    package::{Index, Package},
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
        let Some(name) = &package.found.index else { return Ok(Arc::default()) };
        if let Some(index) = self.kept.get(name) {
            return Ok(index);
        }
        let key = keys::blob_index(company, package.package_id.as_str(), name);
        let bytes = self.blobs.get(&key, LARGEST).await?;
        let bytes = bytes.ok_or_else(|| Failure::unavailable(WHAT, format!("there is no {key}")))?;
        let index: Index = serde_json::from_slice(&bytes).map_err(|error| Failure::broken(WHAT, error))?;
        let index = Arc::new(index);
        self.kept.keep(name, &index, bytes.len());
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

    /// Deletes the indexes of a package that are older than the one of this name, but for the one that `leased` names: it is
    /// read until the other takes its place. One that a later sync wrote stays, should that have begun meanwhile.
    ///
    /// # Errors
    /// When S3 does not answer, or keeps one.
    pub async fn delete_older(&self, company: CompanyId, leased: &Package, name: &str) -> Result<usize, Failure> {
        let id = leased.package_id.as_str();
        let newest = keys::blob_index(company, id, name);
        let read = leased.found.index.as_ref().map(|name| keys::blob_index(company, id, name));
        let goes = |key: &str| key < newest.as_str() && read.as_deref() != Some(key);
        self.blobs.delete_where(&keys::blob_indexes(company, id), goes).await
    }

    /// Writes an index down, and answers with what it is called, for the package to name. Until it does, nobody reads it. The
    /// package is as it was when it was leased: that gives each sync a number of its own, greater than those before.
    ///
    /// # Errors
    /// When S3 does not answer, or the index is too large ([`Indexes::fits`]).
    pub async fn save(&self, company: CompanyId, leased: &Package, index: &Index) -> Result<String, Failure> {
        const WHAT: &str = "writing an index";
        let bytes = serde_json::to_vec(index).map_err(|error| Failure::broken(WHAT, error))?;
        if bytes.len() > LARGEST {
            return Err(Failure::broken(WHAT, format!("it has {} bytes", bytes.len())));
        }
        let name = format!("{:012}-{}", leased.rev, text::hex(&Sha256::digest(&bytes)));
        let key = keys::blob_index(company, leased.package_id.as_str(), &name);
        // One that is there has the same bytes.
        let _ = self.blobs.put_new(&key, Bytes::from(bytes), "application/json", HashMap::new()).await?;
        Ok(name)
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
