//! Blobs through the real SDK client, and links as whoever has them follows them.

use std::{collections::HashMap, time::Duration};

use reqwest::header::CONTENT_DISPOSITION;
use store::{BlobHead, Blobs, Put};

use super::*;
use crate::{
    connector::{Clients, Connector, Limits, sdk_config},
    embedded::{Data, Services},
    faults::Faults,
    sam,
    sandbox::http_client,
    testing::Dir,
};

const MINUTE: Duration = Duration::from_mins(1);

fn clock() -> Clock {
    Clock::fixed("2026-06-01T12:00:00Z".parse().unwrap())
}

fn metadata() -> HashMap<String, String> {
    [("sha1".to_owned(), "da39a3ee".to_owned())].into()
}

fn client(endpoint: &str) -> aws_sdk_s3::Client {
    let sdk = sdk_config(endpoint, &Connector::new(Faults::none()), Limits::default());
    aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(&sdk).force_path_style(true).build())
}

/// The services with one bucket, and our client of it by the address of all services; links by another name of it.
struct World {
    services: Services,
    blobs: Blobs,
}

impl World {
    async fn start(data: Data) -> Self {
        let services = Services::start(data, &clock()).await.unwrap();
        let bucket = sam::Bucket { logical_id: "Blobs".to_owned(), name: "blobs".to_owned() };
        services.create_bucket(&bucket).unwrap();
        let (front, public) = (services.endpoint().to_owned(), services.endpoint().replace("127.0.0.1", "localhost"));
        let blobs = Blobs::new(move || client(&front), "blobs").with_signer(move || client(&public));
        Self { services, blobs }
    }

    async fn put(&self, key: &str, text: &'static str) -> Put {
        self.blobs.put_new(key, Bytes::from_static(text.as_bytes()), "text/plain", metadata()).await.unwrap()
    }

    async fn get(&self, key: &str) -> Option<Bytes> {
        self.blobs.get(key, 100).await.unwrap()
    }

    fn keys(&self) -> Vec<String> {
        let heads = self.services.blobs.objects.list("blobs", "", "").unwrap();
        heads.into_iter().map(|head| head.key).collect()
    }
}

fn downloader() -> reqwest::Client {
    http_client("composer", MINUTE).unwrap()
}

async fn follow(link: &str) -> reqwest::Response {
    downloader().get(link).send().await.unwrap()
}

#[tokio::test]
async fn a_blob_is_put_once_and_stays_as_it_was() {
    let world = World::start(Data::Memory).await;
    assert_eq!(world.blobs.head("a/b.txt").await.unwrap(), None);
    assert_eq!(world.get("a/b.txt").await, None);
    assert_eq!(world.put("a/b.txt", "hello").await, Put::New);
    assert_eq!(world.put("a/b.txt", "other").await, Put::Existed);
    assert_eq!(world.get("a/b.txt").await.unwrap(), "hello");
    let head = BlobHead { metadata: metadata(), size: 5 };
    assert_eq!(world.blobs.head("a/b.txt").await.unwrap(), Some(head));
}

#[tokio::test]
async fn of_many_puts_at_once_one_is_new() {
    let world = World::start(Data::Memory).await;
    let puts = (0..8).map(|_| world.put("a/b.txt", "hello"));
    let puts = futures::future::join_all(puts).await;
    assert_eq!(puts.into_iter().filter(|put| *put == Put::New).count(), 1);
}

#[tokio::test]
async fn what_is_larger_than_expected_is_not_read() {
    let world = World::start(Data::Memory).await;
    world.put("a", "hello").await;
    assert_eq!(world.blobs.get("a", 5).await.unwrap().unwrap(), "hello");
    let error = world.blobs.get("a", 4).await.unwrap_err();
    assert!(!error.transient && error.source.to_string().contains("4 bytes"), "{error:?}");
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_no_blob_that_is_not_there() {
    let world = World::start(Data::Memory).await;
    let endpoint = world.services.s3_endpoint().to_owned();
    let elsewhere = Blobs::new(move || client(&endpoint), "elsewhere");
    assert!(elsewhere.get("a", 5).await.is_err());
    assert!(elsewhere.put_new("a", Bytes::new(), "text/plain", HashMap::new()).await.is_err());
}

#[tokio::test]
async fn all_under_a_prefix_are_deleted_however_many_and_no_others() {
    let world = World::start(Data::Memory).await;
    for number in 0..=2 * PAGE {
        let head = Head::new(format!("dists/1/pkg_a/{number}"), &Bytes::new(), SystemTime::UNIX_EPOCH);
        world.services.blobs.objects.put("blobs", head, Bytes::new(), true).unwrap();
    }
    world.put("dists/1/pkg_ab/1", "another's").await;
    let kept = ["dists/1/pkg_a/0".to_owned(), format!("dists/1/pkg_a/{}", 2 * PAGE)];
    assert_eq!(
        world.blobs.delete_where("dists/1/pkg_a/", |key| !kept.iter().any(|it| it == key)).await.unwrap(),
        2 * PAGE - 1
    );
    assert_eq!(world.keys(), [&kept[0], &kept[1], "dists/1/pkg_ab/1"]);
    assert_eq!(world.blobs.delete_prefix("dists/1/pkg_a/").await.unwrap(), 2);
    assert_eq!(world.keys(), ["dists/1/pkg_ab/1"]);
    assert_eq!(world.blobs.delete_prefix("dists/1/pkg_a/").await.unwrap(), 0);
    for prefix in ["", "/", "dists/1/pkg_a"] {
        assert!(!world.blobs.delete_prefix(prefix).await.unwrap_err().transient, "{prefix}");
    }
}

#[tokio::test]
async fn lists_have_pages_and_folders() {
    let world = World::start(Data::Memory).await;
    for key in ["a", "b/1", "b/2", "c/1", "d"] {
        world.put(key, "x").await;
    }
    let (mut seen, mut token) = (Vec::new(), None);
    loop {
        let list = client(world.services.s3_endpoint()).list_objects_v2().bucket("blobs").delimiter("/").max_keys(2);
        let page = list.set_continuation_token(token).send().await.unwrap();
        seen.extend(page.contents().iter().map(|object| object.key().unwrap().to_owned()));
        seen.extend(page.common_prefixes().iter().map(|prefix| prefix.prefix().unwrap().to_owned()));
        seen.push("|".to_owned());
        token = page.next_continuation_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a", "b/", "|", "d", "c/", "|"]);
}

#[tokio::test]
async fn a_link_needs_nothing_else_and_takes_nothing_else() {
    let world = World::start(Data::Memory).await;
    world.put("dists/1/pkg_a/c0ffee.zip", "an archive").await;
    let link = world.blobs.presigned_get("dists/1/pkg_a/c0ffee.zip", MINUTE, "acme-theme-1.0.zip").await.unwrap();
    assert!(link.starts_with("http://localhost:"), "{link}");

    let answer = follow(&link).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()[CONTENT_DISPOSITION], "attachment; filename=\"acme-theme-1.0.zip\"");
    assert_eq!(answer.bytes().await.unwrap(), "an archive");

    let part = downloader().get(&link).header("range", "bytes=3-6").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), "arch");

    let twice = downloader().get(&link).basic_auth("token", Some("tok_secret")).send().await.unwrap();
    assert_eq!(twice.status(), 400);
    let body = twice.text().await.unwrap();
    assert!(
        body.contains("<Code>InvalidArgument</Code>") && body.contains("Only one auth mechanism allowed"),
        "{body}"
    );
    assert!(!body.contains("tok_secret") && !body.contains("dG9rZW4"), "{body}");
}

#[tokio::test]
async fn a_link_is_good_for_one_blob_at_one_host() {
    let world = World::start(Data::Memory).await;
    world.put("a.zip", "an archive").await;
    world.put("b.zip", "another").await;
    let link = world.blobs.presigned_get("a.zip", MINUTE, "a.zip").await.unwrap();
    for other in [
        link.replace("/a.zip", "/b.zip"),
        link.replace("localhost", "127.0.0.1"),
        link.replace("X-Amz-Expires=60", "X-Amz-Expires=61"),
        link.replace("filename", "filenam"),
    ] {
        assert_ne!(other, link);
        let answer = follow(&other).await;
        assert_eq!(answer.status(), 403, "{other}");
        assert!(answer.text().await.unwrap().contains("SignatureDoesNotMatch"));
    }
    let nothing = world.blobs.presigned_get("c.zip", MINUTE, "c.zip").await.unwrap();
    assert_eq!(follow(&nothing).await.status(), 404);
    // Without a signature S3 is not asked at all behind the front, and refuses beside it.
    let bare = follow(&format!("{}/blobs/a.zip", world.services.s3_endpoint())).await;
    assert_eq!(bare.status(), 403);
    assert!(world.blobs.presigned_get("a.zip", 8 * 24 * 60 * MINUTE, "a.zip").await.is_err());
}

#[tokio::test]
async fn blobs_are_there_after_a_restart_and_halves_of_them_are_not() {
    let dir = Dir::new();
    let data = Data::Dir(dir.path().to_owned());
    let world = World::start(data.clone()).await;
    world.put("a/b.txt", "first line\nsecond line").await;
    world.put("gone/b.txt", "hello").await;
    world.blobs.delete_prefix("gone/").await.unwrap();
    // Killed, not shut down; and in the middle of a put.
    drop(world);
    let half = dir.path().join("blobs/blobs/0123.new");
    std::fs::write(&half, "{\"key\":\"half\"").unwrap();

    let world = World::start(data).await;
    assert!(!half.exists());
    assert_eq!(world.keys(), ["a/b.txt"]);
    assert_eq!(world.get("a/b.txt").await.unwrap(), "first line\nsecond line");
    let head = world.blobs.head("a/b.txt").await.unwrap().unwrap();
    assert_eq!((head.size, head.metadata), (22, metadata()));
    assert_eq!(world.put("a/b.txt", "other").await, Put::Existed);
}

#[tokio::test]
async fn the_sdk_may_send_checksums_along() {
    let world = World::start(Data::Memory).await;
    let s3 = Clients::of(&world.services, &Connector::new(Faults::none()), Limits::default()).s3;
    let put = s3.put_object().bucket("blobs").key("a").body(Bytes::from_static(b"hello").into());
    put.checksum_algorithm(aws_sdk_s3::types::ChecksumAlgorithm::Sha256).send().await.unwrap();
    assert_eq!(world.get("a").await.unwrap(), "hello");
}
