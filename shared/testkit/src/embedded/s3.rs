//! S3: s3s's protocol over [`Objects`], in memory or in a folder. It verifies signatures, so that a link which would not
//! work on AWS does not work here.

use std::{path::Path, sync::Arc, time::SystemTime};

use anyhow::Result;
use bytes::Bytes;
use domain::Clock;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, service::service_fn};
use s3s::{
    Body, HttpError, S3, S3Request, S3Response, S3Result,
    auth::{S3Auth, SecretKey},
    dto::{
        Bucket, CommonPrefix, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput,
        DeletedObject, ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput,
        HeadObjectInput, HeadObjectOutput, ListBucketsInput, ListBucketsOutput, ListObjectsV2Input,
        ListObjectsV2Output, Object, PutObjectInput, PutObjectOutput,
    },
    s3_error,
    service::{S3Service, S3ServiceBuilder},
};

use super::{
    objects::{Head, Objects},
    serving::{Serving, listen},
};

/// Keys that one list answers with at most.
const PAGE: usize = 1000;

/// The embedded S3.
#[derive(Debug)]
pub(super) struct Blobs {
    objects: Arc<Objects>,
    serving: Serving,
}

impl Blobs {
    /// Starts it with the objects in `dir`, or with none, in memory.
    pub(super) async fn start(dir: Option<&Path>, clock: &Clock) -> Result<Self> {
        let objects = Arc::new(Objects::open(dir)?);
        let mut builder = S3ServiceBuilder::new(Operations { objects: Arc::clone(&objects), clock: clock.clone() });
        builder.set_auth(Keys);
        let s3 = builder.build();
        let (listener, port) = listen().await?;
        let service = service_fn(move |request| answer(s3.clone(), request));
        Ok(Self { objects, serving: Serving::http(listener, port, service) })
    }

    pub(super) fn endpoint(&self) -> &str {
        self.serving.endpoint()
    }

    pub(super) fn create_bucket(&self, name: &str) -> Result<()> {
        self.objects.create_bucket(name)
    }

    pub(super) async fn stop(self) {
        self.serving.stop().await;
    }
}

/// Whether this is a call of S3: signed for it in the header, or in the link.
pub(super) fn is_call(uri: &Uri, headers: &http::HeaderMap) -> bool {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    is_signed_link(uri) || authorization.starts_with("AWS4-HMAC-SHA256 ") && authorization.contains("/s3/aws4_request")
}

fn is_signed_link(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("X-Amz-Signature=")))
}

async fn answer(s3: S3Service, request: Request<Incoming>) -> Result<Response<Body>, HttpError> {
    if is_signed_link(request.uri())
        && let Some(credentials) = request.headers().get(header::AUTHORIZATION)
    {
        return Ok(signed_twice(credentials));
    }
    hyper::service::Service::call(&s3, request).await
}

/// S3's own words to whoever brings credentials along to a link that is signed already.
fn signed_twice(credentials: &HeaderValue) -> Response<Body> {
    let kind = credentials.to_str().unwrap_or_default().split(' ').next().unwrap_or_default();
    let kind: String = kind.chars().filter(char::is_ascii_alphanumeric).collect();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism \
         allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header \
         should be specified</Message><ArgumentName>Authorization</ArgumentName><ArgumentValue>{kind}</ArgumentValue>\
         </Error>"
    );
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

/// Any access key is known, and its secret is the same text.
struct Keys;

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        Ok(access_key.into())
    }
}

/// What of S3 there is.
struct Operations {
    objects: Arc<Objects>,
    clock: Clock,
}

#[async_trait::async_trait]
impl S3 for Operations {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        if input.if_match.is_some() {
            return Err(s3_error!(NotImplemented));
        }
        // All of it first: a body whose sum is not the one that was signed leaves nothing behind.
        let bytes = match input.body {
            Some(body) => Body::from(body).collect().await.map_err(|_| s3_error!(IncompleteBody))?.to_bytes(),
            None => Bytes::new(),
        };
        let modified = SystemTime::from(self.clock.now());
        let mut head = Head::new(input.key, &bytes, modified);
        head.content_type = input.content_type;
        head.metadata = input.metadata.unwrap_or_default();
        let e_tag = Some(ETag::Strong(head.md5.clone()));
        let new = input.if_none_match.as_ref().is_some_and(ETagCondition::is_any);
        self.objects.put(&input.bucket, head, bytes, new)?;
        Ok(S3Response::new(PutObjectOutput { e_tag, ..PutObjectOutput::default() }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let head = self.objects.head(&request.input.bucket, &request.input.key)?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: i64::try_from(head.size).ok(),
            content_type: head.content_type,
            e_tag: Some(ETag::Strong(head.md5)),
            last_modified: Some(head.modified.into()),
            metadata: Some(head.metadata),
            ..HeadObjectOutput::default()
        }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let (head, mut bytes) = self.objects.get(&input.bucket, &input.key)?;
        let mut content_range = None;
        if let Some(range) = input.range {
            let range = range.check(head.size)?;
            content_range = Some(format!("bytes {}-{}/{}", range.start, range.end - 1, head.size));
            let within = |place| usize::try_from(place).map_err(|_| s3_error!(InvalidRange));
            bytes = bytes.slice(within(range.start)?..within(range.end)?);
        }
        Ok(S3Response::new(GetObjectOutput {
            content_length: i64::try_from(bytes.len()).ok(),
            content_range,
            body: Some(Body::from(bytes).into()),
            content_type: head.content_type,
            e_tag: Some(ETag::Strong(head.md5)),
            last_modified: Some(head.modified.into()),
            metadata: Some(head.metadata),
            ..GetObjectOutput::default()
        }))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.objects.delete(&request.input.bucket, &request.input.key)?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let mut deleted = Vec::new();
        for object in request.input.delete.objects {
            self.objects.delete(&request.input.bucket, &object.key)?;
            deleted.push(DeletedObject { key: Some(object.key), ..DeletedObject::default() });
        }
        Ok(S3Response::new(DeleteObjectsOutput { deleted: Some(deleted), ..DeleteObjectsOutput::default() }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let most = input.max_keys.and_then(|most| usize::try_from(most).ok()).unwrap_or(PAGE).min(PAGE);
        let prefix = input.prefix.as_deref().unwrap_or_default();
        // A page's token is the last key that it is about.
        let after = input.continuation_token.as_deref().max(input.start_after.as_deref()).unwrap_or_default();
        let mut page = Page::default();
        for head in self.objects.list(&input.bucket, prefix, after)? {
            if !page.add(head, prefix, input.delimiter.as_deref(), most) {
                break;
            }
        }
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: i32::try_from(page.contents.len() + page.groups.len()).ok(),
            max_keys: i32::try_from(most).ok(),
            is_truncated: Some(page.truncated),
            next_continuation_token: page.last.filter(|_| page.truncated),
            contents: Some(page.contents),
            common_prefixes: Some(page.groups.into_iter().map(|group| CommonPrefix { prefix: Some(group) }).collect()),
            continuation_token: input.continuation_token,
            delimiter: input.delimiter,
            name: Some(input.bucket),
            prefix: input.prefix,
            start_after: input.start_after,
            ..ListObjectsV2Output::default()
        }))
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        if !self.objects.bucket_names().contains(&request.input.bucket) {
            return Err(s3_error!(NoSuchBucket));
        }
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let buckets =
            self.objects.bucket_names().into_iter().map(|name| Bucket { name: Some(name), ..Bucket::default() });
        Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets.collect()), ..ListBucketsOutput::default() }))
    }
}

/// A page of a list while it is filled.
#[derive(Default)]
struct Page {
    contents: Vec<Object>,
    /// Prefixes up to the delimiter, which stand for all keys that begin with them.
    groups: Vec<String>,
    last: Option<String>,
    truncated: bool,
}

impl Page {
    /// Whether there was room for it.
    fn add(&mut self, head: Head, prefix: &str, delimiter: Option<&str>, most: usize) -> bool {
        let end = delimiter.and_then(|text| Some(prefix.len() + head.key[prefix.len()..].find(text)? + text.len()));
        let group = end.map(|end| head.key[..end].to_owned());
        if group.is_none() || group.as_ref() != self.groups.last() {
            if self.contents.len() + self.groups.len() >= most {
                self.truncated = true;
                return false;
            }
            match group {
                Some(group) => self.groups.push(group),
                None => self.contents.push(Object {
                    key: Some(head.key.clone()),
                    size: i64::try_from(head.size).ok(),
                    e_tag: Some(ETag::Strong(head.md5)),
                    last_modified: Some(head.modified.into()),
                    ..Object::default()
                }),
            }
        }
        self.last = Some(head.key);
        true
    }
}

#[cfg(test)]
mod tests;
