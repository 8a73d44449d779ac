//! What the buckets hold: one file per object, made beside and moved into its place, so that an object is there with all
//! that belongs to it, or is not there.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use domain::text;
use s3s::{
    S3Result,
    crypto::{Checksum as _, Md5},
    s3_error,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A file that is not in its place yet.
const UNFINISHED: &str = "new";

/// All buckets, in memory or in a folder each.
#[derive(Debug)]
pub(super) struct Objects {
    dir: Option<PathBuf>,
    buckets: Mutex<Buckets>,
}

type Buckets = BTreeMap<String, BTreeMap<String, Object>>;

/// What is known of an object without its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) key: String,
    pub(super) content_type: Option<String>,
    pub(super) metadata: HashMap<String, String>,
    pub(super) modified: SystemTime,
    pub(super) size: u64,
    pub(super) md5: String,
}

impl Head {
    pub(super) fn new(key: String, bytes: &Bytes, modified: SystemTime) -> Self {
        let md5 = text::hex(Md5::checksum(bytes).as_ref());
        Self { key, content_type: None, metadata: HashMap::new(), modified, size: bytes.len() as u64, md5 }
    }
}

#[derive(Debug)]
struct Object {
    head: Head,
    bytes: Place,
}

#[derive(Debug)]
enum Place {
    Memory(Bytes),
    /// Behind the head, which is the first line.
    File(PathBuf),
}

impl Objects {
    /// Those in `dir`, or none, in memory.
    pub(super) fn open(dir: Option<&Path>) -> Result<Self> {
        let mut buckets = Buckets::new();
        if let Some(dir) = dir {
            fs::create_dir_all(dir)?;
            for bucket in fs::read_dir(dir)? {
                let bucket = bucket?;
                if !bucket.file_type()?.is_dir() {
                    continue;
                }
                let objects = read(&bucket.path()).with_context(|| format!("in {}", bucket.path().display()))?;
                buckets.insert(bucket.file_name().to_string_lossy().into_owned(), objects);
            }
        }
        Ok(Self { dir: dir.map(Path::to_owned), buckets: Mutex::new(buckets) })
    }

    fn lock(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure that the bucket is there.
    pub(super) fn create_bucket(&self, name: &str) -> Result<()> {
        if let Some(dir) = &self.dir {
            fs::create_dir_all(dir.join(name))?;
        }
        self.lock().entry(name.to_owned()).or_default();
        Ok(())
    }

    pub(super) fn bucket_names(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// Puts an object in the place of the one that is there, or refuses to if it is to be a new one.
    pub(super) fn put(&self, bucket: &str, head: Head, bytes: Bytes, new: bool) -> S3Result<()> {
        let mut buckets = self.lock();
        let objects = buckets.get_mut(bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        if new && objects.contains_key(&head.key) {
            return Err(s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold"));
        }
        let bytes = match &self.dir {
            None => Place::Memory(bytes),
            Some(dir) => {
                let path = dir.join(bucket).join(text::hex(&Sha256::digest(&head.key)));
                write(&path, &head, &bytes).map_err(|error| s3_error!(error, InternalError))?;
                Place::File(path)
            }
        };
        objects.insert(head.key.clone(), Object { head, bytes });
        Ok(())
    }

    pub(super) fn head(&self, bucket: &str, key: &str) -> S3Result<Head> {
        let buckets = self.lock();
        let objects = buckets.get(bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        objects.get(key).map(|object| object.head.clone()).ok_or_else(no_such_key)
    }

    pub(super) fn get(&self, bucket: &str, key: &str) -> S3Result<(Head, Bytes)> {
        let buckets = self.lock();
        let objects = buckets.get(bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        let object = objects.get(key).ok_or_else(no_such_key)?;
        let bytes = match &object.bytes {
            Place::Memory(bytes) => bytes.clone(),
            Place::File(path) => body(path).map_err(|error| s3_error!(error, InternalError))?,
        };
        Ok((object.head.clone(), bytes))
    }

    /// Those whose keys begin with `prefix` and come after `after`, in the order of their keys.
    pub(super) fn list(&self, bucket: &str, prefix: &str, after: &str) -> S3Result<Vec<Head>> {
        let buckets = self.lock();
        let objects = buckets.get(bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        let wanted = objects.values().map(|object| &object.head);
        Ok(wanted.filter(|head| head.key.starts_with(prefix) && head.key.as_str() > after).cloned().collect())
    }

    /// Deletes an object, if it is there.
    pub(super) fn delete(&self, bucket: &str, key: &str) -> S3Result<()> {
        let mut buckets = self.lock();
        let objects = buckets.get_mut(bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        if let Some(Object { bytes: Place::File(path), .. }) = objects.get(key) {
            fs::remove_file(path).map_err(|error| s3_error!(error, InternalError))?;
        }
        objects.remove(key);
        Ok(())
    }
}

fn no_such_key() -> s3s::S3Error {
    s3_error!(NoSuchKey, "The specified key does not exist.")
}

/// The objects of a bucket's folder. What was not finished when the process ended is removed.
fn read(bucket: &Path) -> Result<BTreeMap<String, Object>> {
    let mut objects = BTreeMap::new();
    for entry in fs::read_dir(bucket)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == UNFINISHED) {
            fs::remove_file(&path)?;
            continue;
        }
        let mut line = String::new();
        BufReader::new(File::open(&path)?).read_line(&mut line)?;
        let head: Head = serde_json::from_str(&line).with_context(|| format!("{} is no object", path.display()))?;
        objects.insert(head.key.clone(), Object { head, bytes: Place::File(path) });
    }
    Ok(objects)
}

fn write(path: &Path, head: &Head, bytes: &[u8]) -> std::io::Result<()> {
    let unfinished = path.with_extension(UNFINISHED);
    let mut file = File::create(&unfinished)?;
    serde_json::to_writer(&mut file, head)?;
    file.write_all(b"\n")?;
    file.write_all(bytes)?;
    drop(file);
    fs::rename(&unfinished, path)
}

fn body(path: &Path) -> std::io::Result<Bytes> {
    let mut file = BufReader::new(File::open(path)?);
    file.skip_until(b'\n')?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes.into())
}
