//! Where downloads go, and with what; and the forms of the forges' answers that the sandboxes do not have.

use domain::{
    Clock, SecretSource, Timestamp,
    forge::{ForgeKind, ForgeRef, ForgeRepository, RefKind, Sha},
};
use serde_json::json;

use super::{ForgeError, ForgeErrorKind, Forges, MAX_FILE, Place};
use crate::{
    Github,
    loopback::{Loopback, Reply, Seen, http},
};

const TOKEN: &str = "synthetic-token";
const ZIP: &str = "PK\x05\x06 an empty archive";
const NOW: i64 = 1_790_000_000;

fn forges(server: &Loopback, origins: &[&str]) -> Forges {
    let clock = Clock::fixed(Timestamp::from_second(NOW).expect("a time"));
    let token = || SecretSource::fixed("token", TOKEN);
    let place = || Place { api_url: server.url("/api"), web_url: server.url(""), token: token() };
    let github = Github::new(http(), server.url(""), token(), clock.clone());
    Forges::new(&http(), github, place(), place(), origins.iter().copied(), &clock)
}

fn repository(kind: ForgeKind) -> ForgeRepository {
    ForgeRepository { kind, path: "acme/toolkit".to_owned(), id: None }
}

fn sha() -> Sha {
    Sha::parse(&"a".repeat(40)).expect("a name")
}

async fn archive(server: &Loopback, kind: ForgeKind, origins: &[&str]) -> Result<bytes::Bytes, ForgeError> {
    forges(server, origins).archive(&repository(kind), &sha(), 1000).await
}

fn redirect(to: &str) -> Reply {
    Reply::empty(302).with("location", to)
}

fn credential(seen: &Seen) -> String {
    format!("{}{}", seen.header("authorization"), seen.header("private-token"))
}

#[tokio::test]
async fn nobody_sends_us_into_our_own_network() {
    let inside = Loopback::start(|_| Reply::text(200, ZIP)).await;
    for target in [
        inside.url("/"),
        inside.url("/").replace("127.0.0.1", "localhost"),
        inside.url("/").replace("http", "https"),
        inside.url("/").replace("http://127.0.0.1", "https://localhost"),
        inside.url("/").replace("http://127.0.0.1", "https://127.1"),
        "http://127.0.0.1/".to_owned(),
        "https://127.0.0.1/".to_owned(),
        "http://[::1]/".to_owned(),
        "https://[::1]/".to_owned(),
        "https://[::ffff:169.254.169.254]/".to_owned(),
        "https://[fd00:ec2::254]/latest/".to_owned(),
        "http://2130706433/".to_owned(),
        "https://2130706433/".to_owned(),
        "https://0x7f.1/".to_owned(),
        "https://0177.0.0.1/".to_owned(),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "https://10.0.0.1/".to_owned(),
        "https://localhost/".to_owned(),
        "https://user:pass@127.0.0.1/".to_owned(),
        "http://archives.example.com/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "ftp://archives.example.com/".to_owned(),
        "data:application/zip;base64,UEsFBg==".to_owned(),
    ] {
        for kind in ForgeKind::ALL {
            let to = target.clone();
            let server = Loopback::start(move |_| redirect(&to)).await;
            let error = archive(&server, kind, &[]).await.expect_err("refused");
            assert!(matches!(error.kind, ForgeErrorKind::Refused { .. }), "{kind} {target}: {error:?}");
            assert_eq!(server.seen().len(), 1);
        }
    }
    assert!(inside.seen().is_empty());
}

#[tokio::test]
async fn the_credential_stays_at_the_origin_that_it_is_for() {
    for kind in ForgeKind::ALL {
        let archives = Loopback::start(|_| Reply::text(200, ZIP)).await;
        let to = archives.url("/archive?signed=yes");
        let server =
            Loopback::start(move |seen| if seen.path == "/on" { redirect(&to) } else { redirect("/on") }).await;
        archive(&server, kind, &[&archives.url("")]).await.expect("an archive");
        // As long as it is the same origin the credential goes along, and no further.
        assert_eq!(server.seen().iter().filter(|seen| credential(seen).contains(TOKEN)).count(), 2, "{kind}");
        assert_eq!(archives.seen().iter().map(credential).collect::<String>(), "", "{kind}");
        assert_eq!(archives.seen()[0].query, "signed=yes");
    }
}

#[tokio::test]
async fn a_credential_that_was_dropped_does_not_come_back() {
    for kind in ForgeKind::ALL {
        let back = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
        let target = back.clone();
        let archives = Loopback::start(move |_| redirect(target.get().map_or("", String::as_str))).await;
        let to = archives.url("/");
        let server =
            Loopback::start(move |seen| if seen.path == "/back" { Reply::text(200, ZIP) } else { redirect(&to) }).await;
        back.set(server.url("/back")).expect("set once");
        archive(&server, kind, &[&archives.url("")]).await.expect("an archive");
        let seen = server.seen();
        assert_eq!((seen.len(), credential(&seen[1]).as_str()), (2, ""), "{kind}");
    }
}

#[tokio::test]
async fn redirects_end_somewhere() {
    let server = Loopback::start(|_| redirect("/again")).await;
    let error = archive(&server, ForgeKind::Gitlab, &[]).await.expect_err("no archive");
    assert_eq!(error.reason(), "GitLab: redirected again and again");
    assert_eq!(server.seen().len(), 6);
}

#[tokio::test]
async fn what_is_too_large_is_not_read_to_its_end() {
    let large = format!("PK\x03\x04{}", "x".repeat(2000));
    let server = Loopback::start(move |_| Reply::text(200, &large)).await;
    for kind in ForgeKind::ALL {
        let error = archive(&server, kind, &[]).await.expect_err("too large");
        assert!(matches!(error.kind, ForgeErrorKind::TooLarge { limit: 1000 }), "{kind}: {error:?}");
    }
    let server = Loopback::start(|_| Reply::text(200, &"x".repeat(MAX_FILE + 1))).await;
    for kind in ForgeKind::ALL {
        let error = forges(&server, &[]).file(&repository(kind), "composer.json", &sha()).await.expect_err("too large");
        assert!(matches!(error.kind, ForgeErrorKind::TooLarge { limit: MAX_FILE }), "{kind}: {error:?}");
    }
}

type Headers = &'static [(&'static str, &'static str)];

#[tokio::test]
async fn a_refusal_means_what_the_forge_documents() {
    #[rustfmt::skip]
    let table: &[(u16, Headers, &str)] = &[
        (401, &[], "no access: the credentials are not accepted"),
        (403, &[], "no access: the credentials lack the permission to read the code"),
        (403, &[("retry-after", "7")], "rate limited until 2026-09-21T14:13:27Z"),
        (404, &[], "not found, or hidden from the credentials"),
        (429, &[("retry-after", "7")], "rate limited until 2026-09-21T14:13:27Z"),
        (429, &[("ratelimit-reset", "1790000030")], "rate limited until 2026-09-21T14:13:50Z"),
        (429, &[("ratelimit-reset", "5")], "rate limited until 2026-09-21T14:13:20Z"),
        (429, &[("retry-after", "99999999")], "rate limited until 2026-09-22T14:13:20Z"),
        (429, &[], "rate limited until 2026-09-21T14:14:20Z"),
        (500, &[], "unavailable at present"),
        (418, &[], "the answer cannot be understood"),
        (200, &[], "the answer cannot be understood"),
        (302, &[("location", "https://elsewhere.example/secret?token=x")], "redirected to https://elsewhere.example, where it is not followed"),
    ];
    for (status, headers, meaning) in table {
        let (status, headers) = (*status, headers.to_vec());
        let server = Loopback::start(move |_| {
            headers.iter().fold(Reply::text(status, "<html>"), |reply, (name, value)| reply.with(name, value))
        })
        .await;
        for kind in [ForgeKind::Gitlab, ForgeKind::Bitbucket] {
            let error = forges(&server, &[]).refs(&repository(kind), false).await.expect_err("refused");
            assert_eq!(error.kind.to_string(), *meaning, "{kind} {status}");
            assert!(!format!("{error:?}").contains(TOKEN));
        }
    }
}

#[tokio::test]
async fn a_list_is_not_followed_to_another_host() {
    let elsewhere = Loopback::start(|_| Reply::json(200, &json!([]))).await;
    let next = elsewhere.url("/api/more");
    let server = Loopback::start(move |seen| {
        if seen.path.starts_with("/api") {
            return Reply::json(200, &json!({ "values": [], "next": next }));
        }
        Reply::json(200, &json!([])).with("link", &format!("<{next}>; rel=\"next\""))
    })
    .await;
    for kind in [ForgeKind::Github, ForgeKind::Bitbucket] {
        let error = forges(&server, &[]).refs(&repository(kind), false).await.expect_err("not followed");
        assert!(matches!(error.kind, ForgeErrorKind::Malformed { .. }), "{kind}: {error:?}");
    }
    assert!(elsewhere.seen().is_empty());
}

/// `/commits/{sha}` works out what the commit changed, which fails for large changes.
#[tokio::test]
async fn github_is_asked_for_a_commit_and_not_for_what_it_changed() {
    let (tag, commit) = ("b".repeat(40), "c".repeat(40));
    let object = commit.clone();
    let server = Loopback::start(move |seen| match seen.path.rsplit_once('/') {
        Some((path, _)) if path.ends_with("/git/tags") => {
            Reply::json(200, &json!({ "object": { "sha": object, "type": "commit" } }))
        }
        Some((path, sha)) if path.ends_with("/git/commits") && sha == object => {
            Reply::json(200, &json!({ "sha": object, "committer": { "date": "2026-01-02T03:04:05Z" } }))
        }
        _ => Reply::json(500, &json!({ "message": "Sorry, this diff is taking too long to generate." })),
    })
    .await;
    let sha = |text: &str| Sha::parse(text).expect("a name");
    let annotated = super::listed(RefKind::Tag, "1.0.0", sha(&tag));
    let plain = ForgeRef { commit: Some(sha(&commit)), ..super::listed(RefKind::Tag, "1.0.0", sha(&commit)) };
    for (at, calls) in [(plain, 1), (annotated, 3)] {
        let found = forges(&server, &[]).commit(&repository(ForgeKind::Github), &at).await.expect("a commit");
        assert_eq!((found.sha.as_str(), found.time.to_string().as_str()), (commit.as_str(), "2026-01-02T03:04:05Z"));
        assert_eq!(server.seen().len(), calls, "calls so far");
    }
}
