//! Blobs: what is too big for the table, as objects in S3. Their keys say what is under them, so none is ever overwritten.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, LazyLock},
    time::Duration,
};

use aws_sdk_s3::{
    Client,
    config::{Builder, timeout::TimeoutConfig},
    error::SdkError,
    operation::get_object::GetObjectError,
    presigning::PresigningConfig,
    primitives::ByteStream,
    types::{Delete, ObjectIdentifier},
};
use bytes::Bytes;
use domain::Failure;

/// How long one try to upload may take: an archive takes longer than the calls that other services get.
const UPLOAD: Duration = Duration::from_mins(1);
/// How long all tries together may take.
const UPLOADS: Duration = Duration::from_secs(150);
/// How often an upload is begun anew because another call for the same key was under way, as S3 asks one to.
const TRIES: usize = 3;

/// A bucket. Clones share its clients, which are made when they are first used.
#[derive(Clone, Debug)]
pub struct Blobs {
    client: MadeWhenUsed,
    /// Signs links, at the address by which others reach the bucket.
    signer: MadeWhenUsed,
    bucket: Arc<str>,
}

type MadeWhenUsed = Arc<LazyLock<Client, Make>>;
type Make = Box<dyn FnOnce() -> Client + Send>;

/// Whether a blob is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there now.
    New,
    /// It was there, and is as it was.
    Existed,
}

/// What is known of a blob without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobHead {
    /// What it was put with. The names are in lower case.
    pub metadata: HashMap<String, String>,
    /// Its size in bytes.
    pub size: u64,
}

/// A blob is larger than who reads it can take.
#[derive(Debug, thiserror::Error)]
#[error("it has more than {limit} bytes")]
struct TooLarge {
    limit: usize,
}

impl Blobs {
    /// The bucket of this name.
    pub fn new(client: impl FnOnce() -> Client + Send + 'static, bucket: &str) -> Self {
        let client: MadeWhenUsed = Arc::new(LazyLock::new(Box::new(client)));
        Self { signer: Arc::clone(&client), client, bucket: bucket.into() }
    }

    /// The same, with links signed by another client: its endpoint is where those who follow them reach the bucket.
    #[must_use]
    pub fn with_signer(self, signer: impl FnOnce() -> Client + Send + 'static) -> Self {
        Self { signer: Arc::new(LazyLock::new(Box::new(signer))), ..self }
    }

    /// Puts a blob, unless there is one under this key.
    ///
    /// # Errors
    /// When S3 has not said that it has it; it may have it all the same.
    pub async fn put_new(
        &self,
        key: &str,
        bytes: Bytes,
        content_type: &str,
        metadata: HashMap<String, String>,
    ) -> Result<Put, Failure> {
        const WHAT: &str = "putting a blob";
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(UPLOAD).operation_timeout(UPLOADS).build();
        let mut conflict = None;
        for _ in 0..TRIES {
            let put = self.client.put_object().bucket(&*self.bucket).key(key).if_none_match("*");
            let put = put.content_type(content_type).set_metadata(Some(metadata.clone()));
            let put = put.body(ByteStream::from(bytes.clone())).customize();
            let put = put.config_override(Builder::default().timeout_config(timeouts.clone()));
            match Box::pin(put.send()).await {
                Ok(_) => return Ok(Put::New),
                Err(error) => match status(&error) {
                    Some(412) => return Ok(Put::Existed),
                    Some(409) => conflict = Some(error),
                    _ => return Err(Failure::unavailable(WHAT, error)),
                },
            }
        }
        Err(Failure::unavailable(
            WHAT,
            conflict.map_or_else(|| "not tried".into(), Box::<dyn Error + Send + Sync>::from),
        ))
    }

    /// What is known of the blob under this key, if there is one.
    ///
    /// # Errors
    /// When S3 does not answer. It refuses to tell who may not list the bucket that there is none.
    pub async fn head(&self, key: &str) -> Result<Option<BlobHead>, Failure> {
        let head = Box::pin(self.client.head_object().bucket(&*self.bucket).key(key).send()).await;
        match head {
            Ok(head) => Ok(Some(BlobHead {
                size: head.content_length.and_then(|size| size.try_into().ok()).unwrap_or_default(),
                metadata: head.metadata.unwrap_or_default(),
            })),
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(Failure::unavailable("asking for a blob", error)),
        }
    }

    /// The bytes of the blob under this key, if there is one.
    ///
    /// # Errors
    /// When S3 does not answer, or there are more than `limit` bytes. As [`Blobs::head`] otherwise.
    pub async fn get(&self, key: &str, limit: usize) -> Result<Option<Bytes>, Failure> {
        const WHAT: &str = "reading a blob";
        let get = Box::pin(self.client.get_object().bucket(&*self.bucket).key(key).send()).await;
        let mut object = match get {
            Ok(object) => object,
            // A bucket that is not there is no blob that is not there.
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => return Ok(None),
            Err(error) => return Err(Failure::unavailable(WHAT, error)),
        };
        let size = object.content_length.and_then(|size| usize::try_from(size).ok()).unwrap_or_default();
        let mut bytes = Vec::with_capacity(size.min(limit));
        while let Some(chunk) = object.body.next().await {
            let chunk = chunk.map_err(|error| Failure::unavailable(WHAT, error))?;
            if size.max(bytes.len() + chunk.len()) > limit {
                return Err(Failure::broken(WHAT, TooLarge { limit }));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Some(bytes.into()))
    }

    /// Deletes all blobs whose keys begin with `prefix`, which has to end with a slash. Answers with how many there were.
    ///
    /// # Errors
    /// When S3 does not answer, or keeps one; others may be gone then.
    pub async fn delete_prefix(&self, prefix: &str) -> Result<usize, Failure> {
        self.delete_where(prefix, |_| true).await
    }

    /// The same, but only those whose key is one that `goes`; few others may be there.
    ///
    /// # Errors
    /// As [`Blobs::delete_prefix`].
    pub async fn delete_where(&self, prefix: &str, goes: impl Fn(&str) -> bool) -> Result<usize, Failure> {
        const WHAT: &str = "deleting blobs";
        if !prefix.ends_with('/') || prefix.starts_with('/') {
            return Err(Failure::broken(WHAT, format!("`{prefix}` is the beginning of other keys, too")));
        }
        let mut deleted = 0;
        loop {
            let list = self.client.list_objects_v2().bucket(&*self.bucket).prefix(prefix);
            let page = Box::pin(list.send()).await.map_err(|error| Failure::unavailable(WHAT, error))?;
            let keys = page.contents.unwrap_or_default().into_iter().filter_map(|it| it.key);
            let keys: Vec<String> = keys.filter(|key| goes(key)).collect();
            if !keys.is_empty() {
                deleted += keys.len();
                self.delete(keys).await?;
            }
            // What was listed is gone, so the next page is the first again.
            if page.is_truncated != Some(true) {
                return Ok(deleted);
            }
        }
    }

    /// Up to a thousand.
    async fn delete(&self, keys: Vec<String>) -> Result<(), Failure> {
        const WHAT: &str = "deleting blobs";
        let broken = |error| Failure::broken(WHAT, error);
        let keys = keys.into_iter().map(|key| ObjectIdentifier::builder().key(key).build());
        let keys = keys.collect::<Result<Vec<_>, _>>().map_err(broken)?;
        let delete = Delete::builder().set_objects(Some(keys)).quiet(true).build().map_err(broken)?;
        let delete = self.client.delete_objects().bucket(&*self.bucket).delete(delete);
        let answer = Box::pin(delete.send()).await.map_err(|error| Failure::unavailable(WHAT, error))?;
        match answer.errors().first() {
            None => Ok(()),
            Some(kept) => {
                Err(Failure::unavailable(WHAT, format!("one was kept: {}", kept.code().unwrap_or("no code is given"))))
            }
        }
    }

    /// A link by which anybody may download the blob for `valid` (7 days at most), as a file of this name. It asks
    /// nobody: it is made even if there is no such blob.
    ///
    /// # Errors
    /// When there are no credentials to sign with, or `valid` is too long.
    pub async fn presigned_get(&self, key: &str, valid: Duration, file_name: &str) -> Result<String, Failure> {
        const WHAT: &str = "signing a link";
        let valid = PresigningConfig::expires_in(valid).map_err(|error| Failure::broken(WHAT, error))?;
        let disposition = format!("attachment; filename=\"{}\"", plain(file_name));
        let get = self.signer.get_object().bucket(&*self.bucket).key(key).response_content_disposition(disposition);
        let signed = Box::pin(get.presigned(valid)).await.map_err(|error| Failure::broken(WHAT, error))?;
        Ok(signed.uri().to_owned())
    }
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// A file's name with nothing in it that has a meaning to a header, a shell or a file system.
fn plain(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "-_.+~".contains(letter) { letter } else { '-' };
    name.trim_start_matches('.').chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_file_has_nothing_in_it_that_ends_a_header() {
        assert_eq!(plain("acme-theme-v1.2.0+b3~1_x.zip"), "acme-theme-v1.2.0+b3~1_x.zip");
        assert_eq!(plain("../a/\"b\"\r\nX: 1é"), "-a--b---X--1-");
    }
}
