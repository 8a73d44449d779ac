//! What the doubles of the forges promise, and that the client reads them as it reads the forges.

use std::time::Duration;

use axum::Router;
use base64::{Engine, engine::general_purpose::STANDARD};
use clients::{
    Forges, Github, Http, archive,
    forge::{ForgeError, ForgeErrorKind, MAX_ARCHIVE, Place},
};
use domain::{
    SecretSource, Timestamp,
    forge::{
        ForgeHosts, ForgeKind,
        ForgeKind::{Bitbucket, Github as OnGithub, Gitlab},
        ForgeRef, ForgeRepository, RefKind, RepositoryUrl, Sha,
    },
};
use serde_json::Value;

use super::{Sandbox, Trouble};
use crate::{
    github,
    sandbox::testing::{Time, serve},
};

const TOOLKIT: [&str; 2] = ["acme-corp", "toolkit"];
const COMPOSER_JSON: &str = r#"{"name":"acme/toolkit"}"#;

struct World {
    github: github::Sandbox,
    sandbox: Sandbox,
    url: String,
    time: Time,
}

impl World {
    async fn start() -> Self {
        let time = Time::new();
        let github = github::Sandbox::new(time.clock()).with_webhook_secret("synthetic");
        let sandbox = Sandbox::new(time.clock()).with_webhook_secrets("for gitlab", "for bitbucket");
        let router = Router::new()
            .nest_service("/sandbox/github", github.router())
            .nest_service("/sandbox/forges", sandbox.router());
        let url = serve(router).await;
        github.set_public_url(format!("{url}/sandbox/github"));
        github.set_codeload_url(format!("{}/sandbox/github", url.replace("127.0.0.1", "localhost")));
        sandbox.set_public_url(format!("{url}/sandbox/forges"));
        Self { github, sandbox, url, time }
    }

    fn forges(&self, token: &str) -> Forges {
        let limit = Duration::from_secs(30);
        let http = Http::new(limit, limit);
        let secret = || SecretSource::fixed("token", token);
        let at = |path: &str| format!("{}/sandbox/{path}", self.url);
        let github = Github::new(http.clone(), at("github"), secret(), self.time.clock());
        let place = |api: &str, web: &str| Place { api_url: at(api), web_url: at(web), token: secret() };
        let gitlab = place("forges/gitlab/api/v4", "forges/gitlab");
        let bitbucket = place("forges/bitbucket/2.0", "forges/bitbucket");
        let codeload = self.url.replace("127.0.0.1", "localhost");
        Forges::new(&http, github, gitlab, bitbucket, [codeload.as_str()], &self.time.clock())
    }

    fn repository(&self, kind: ForgeKind) -> ForgeRepository {
        let at = |path: &str| format!("{}/sandbox/{path}", self.url);
        let hosts = ForgeHosts::new(&at("github"), &at("forges/gitlab"), &at("forges/bitbucket"));
        let url = format!("https://{}/{}.git", kind.public_host(), path(kind));
        hosts.locate(kind, &RepositoryUrl::parse(&url).unwrap()).unwrap()
    }

    /// The calls of both sandboxes so far.
    fn calls(&self) -> usize {
        self.github.requests().len() + self.sandbox.requests().len()
    }

    fn release(&self, kind: ForgeKind, tag: &str) -> String {
        match kind {
            OnGithub => self.github.release(TOOLKIT[0], TOOLKIT[1], tag, COMPOSER_JSON).unwrap(),
            _ => self.sandbox.release(kind, path(kind), tag, COMPOSER_JSON).unwrap(),
        }
    }

    fn tag(&self, kind: ForgeKind, tag: &str, commit: Option<&str>, annotated: bool) {
        match kind {
            OnGithub => self.github.tag(TOOLKIT[0], TOOLKIT[1], tag, commit, annotated).unwrap(),
            _ => self.sandbox.tag(kind, path(kind), tag, commit, annotated).unwrap(),
        }
    }
}

fn path(kind: ForgeKind) -> &'static str {
    match kind {
        OnGithub => "acme-corp/toolkit",
        Gitlab => "acme-corp/reports",
        Bitbucket => "acme-corp/charts",
    }
}

fn named<'a>(refs: &'a [ForgeRef], name: &str) -> &'a ForgeRef {
    refs.iter().find(|it| it.name == name).unwrap()
}

#[tokio::test]
async fn one_new_tag_among_three_hundred_takes_five_calls_at_most() {
    for kind in ForgeKind::ALL {
        let world = World::start().await;
        for number in 0..300 {
            world.tag(kind, &format!("old-{number:03}"), None, false);
        }
        let commit = world.release(kind, "v9.0.0");
        world.tag(kind, "v9.0.0", Some(&commit), true);
        let (forges, repository) = (world.forges("synthetic"), world.repository(kind));

        let refs = forges.refs(&repository, false).await.unwrap();
        assert!(refs.len() >= 302 && refs.iter().all(|it| it.kind == RefKind::Tag), "{kind}: {}", refs.len());
        let new = named(&refs, "v9.0.0");
        let (sha, time) = if let (Some(sha), Some(time)) = (new.commit.clone(), new.time) {
            (sha, time)
        } else {
            let commit = forges.commit(&repository, new).await.unwrap();
            (commit.sha, commit.time)
        };
        assert_eq!((sha.as_str(), time.as_second()), (commit.as_str(), world.time.now()), "{kind}");
        let zip = forges.archive(&repository, &sha, MAX_ARCHIVE).await.unwrap();
        assert!(world.calls() <= 5, "{kind}: {:?} {:?}", world.github.requests(), world.sandbox.requests());

        let inspected = archive::inspect(&zip).unwrap();
        assert_eq!(inspected.composer_json.as_deref(), Some(COMPOSER_JSON), "{kind}");
        // The next look at tags that are where they were is all that the next sync takes.
        let again = forges.refs(&repository, false).await.unwrap();
        assert_eq!(again, refs, "{kind}");
    }
}

#[tokio::test]
async fn a_repository_tells_its_branches_its_id_and_its_name_after_a_move() {
    for kind in ForgeKind::ALL {
        let world = World::start().await;
        let (forges, repository) = (world.forges("synthetic"), world.repository(kind));
        let seen = forges.repository(&repository).await.unwrap();
        assert_eq!((seen.path.as_str(), seen.default_branch.as_deref()), (path(kind), Some("main")), "{kind}");
        let refs = forges.refs(&repository, true).await.unwrap();
        let branches: Vec<&ForgeRef> = refs.iter().filter(|it| it.kind == RefKind::Branch).collect();
        assert!(
            matches!(branches.as_slice(), [main] if main.name == "main" && main.is_default),
            "{kind}: {branches:?}"
        );

        match kind {
            OnGithub => world.github.rename_repository(TOOLKIT[0], TOOLKIT[1], "tools").unwrap(),
            _ => world.sandbox.rename(kind, path(kind), "acme-corp/tools").unwrap(),
        }
        for found in [repository.clone(), repository.with_id(&seen.id)] {
            let moved = forges.repository(&found).await.unwrap();
            assert_eq!((moved.path.as_str(), &moved.id), ("acme-corp/tools", &seen.id), "{kind}");
            assert_eq!(forges.refs(&found, true).await.unwrap(), refs, "{kind}");
        }
    }
}

#[tokio::test]
async fn a_tag_that_is_moved_or_deleted_is_seen_to_be() {
    for kind in ForgeKind::ALL {
        let world = World::start().await;
        let (forges, repository) = (world.forges("synthetic"), world.repository(kind));
        let before = forges.refs(&repository, false).await.unwrap();
        let commit = world.release(kind, "v1.0.0");
        let after = forges.refs(&repository, false).await.unwrap();
        assert_ne!(named(&before, "v1.0.0").sha, named(&after, "v1.0.0").sha, "{kind}");
        assert_eq!(named(&after, "v1.0.0").sha.as_str(), commit, "{kind}");
        match kind {
            OnGithub => world.github.delete_tag(TOOLKIT[0], TOOLKIT[1], "v1.0.0").unwrap(),
            _ => world.sandbox.delete_tag(kind, path(kind), "v1.0.0").unwrap(),
        }
        let gone = forges.refs(&repository, false).await.unwrap();
        assert_eq!(gone.len(), before.len() - 1, "{kind}");
        // What was committed can be had all the same.
        let sha = Sha::parse(&commit).unwrap();
        let first = forges.archive(&repository, &sha, MAX_ARCHIVE).await.unwrap();
        match kind {
            OnGithub => world.github.regenerate_archives(TOOLKIT[0], TOOLKIT[1]).unwrap(),
            _ => world.sandbox.regenerate_archives(kind, path(kind)).unwrap(),
        }
        let second = forges.archive(&repository, &sha, MAX_ARCHIVE).await.unwrap();
        assert_ne!(first, second, "{kind}");
        assert!(archive::inspect(&second).is_ok(), "{kind}");
    }
}

#[tokio::test]
async fn a_file_is_read_as_it_is_in_the_commit() {
    for kind in ForgeKind::ALL {
        let world = World::start().await;
        let (forges, repository) = (world.forges("synthetic"), world.repository(kind));
        let commit = Sha::parse(&world.release(kind, "v3.0.0")).unwrap();
        let file = forges.file(&repository, "composer.json", &commit).await.unwrap();
        assert_eq!(file.as_deref(), Some(COMPOSER_JSON.as_bytes()), "{kind}");
        assert!(forges.file(&repository, "src/Package.php", &commit).await.unwrap().is_some(), "{kind}");
        assert_eq!(forges.file(&repository, "src/Missing.php", &commit).await.unwrap(), None, "{kind}");
    }
}

#[tokio::test]
async fn what_is_private_takes_a_credential_and_what_is_public_none() {
    for kind in ForgeKind::ALL {
        let world = World::start().await;
        let (nobody, repository) = (world.forges(""), world.repository(kind));
        let refused = nobody.refs(&repository, false).await.unwrap_err();
        assert!(matches!(refused.kind, ForgeErrorKind::NotFound), "{kind}: {refused:?}");
        match kind {
            OnGithub => world.github.set_private(TOOLKIT[0], TOOLKIT[1], false).unwrap(),
            _ => world.sandbox.set_private(kind, path(kind), false).unwrap(),
        }
        let refs = nobody.refs(&repository, false).await.unwrap();
        let commit = named(&refs, "v1.0.0").commit.clone().unwrap();
        assert!(nobody.archive(&repository, &commit, MAX_ARCHIVE).await.is_ok(), "{kind}");
    }
}

async fn failing(world: &World, kind: ForgeKind) -> ForgeError {
    let (forges, repository) = (world.forges("synthetic"), world.repository(kind));
    let commit = Sha::parse(&world.release(kind, "v5.0.0")).unwrap();
    forges.archive(&repository, &commit, MAX_ARCHIVE).await.unwrap_err()
}

#[tokio::test]
async fn each_trouble_is_what_it_is_to_the_client() {
    for kind in [Gitlab, Bitbucket] {
        let world = World::start().await;
        let expected = [
            (Trouble::Unauthorized, "no access: the credentials are not accepted"),
            (Trouble::Missing, "not found, or hidden from the credentials"),
            (Trouble::Limited { seconds: 90 }, "rate limited until 2026-01-01T00:01:30Z"),
            (Trouble::Down, "unavailable at present"),
            (Trouble::EndlessRedirect, "redirected again and again"),
            (Trouble::ToMetadata, "redirected to http://169.254.169.254, where it is not followed"),
        ];
        for (trouble, meaning) in expected {
            world.sandbox.trouble(kind, Some(trouble));
            let error = failing(&world, kind).await;
            assert_eq!(error.kind.to_string(), meaning, "{kind} {trouble:?}");
            assert_eq!(error.is_temporary(), matches!(trouble, Trouble::Limited { .. } | Trouble::Down), "{kind}");
        }
        world.sandbox.trouble(kind, Some(Trouble::WebPage));
        assert!(failing(&world, kind).await.reason().contains("a web page came instead of an archive"), "{kind}");
        world.sandbox.trouble(kind, Some(Trouble::Truncated));
        let commit = Sha::parse(&world.release(kind, "v5.0.0")).unwrap();
        let zip = world.forges("x").archive(&world.repository(kind), &commit, MAX_ARCHIVE).await.unwrap();
        assert!(archive::inspect(&zip).is_err(), "{kind}");
        world.sandbox.trouble(kind, None);
        let large = world.forges("x").archive(&world.repository(kind), &commit, 100).await.unwrap_err();
        assert!(matches!(large.kind, ForgeErrorKind::TooLarge { limit: 100 }), "{kind}: {large:?}");
    }
}

#[tokio::test]
async fn githubs_archives_have_the_same_troubles() {
    let world = World::start().await;
    let expected = [
        (Trouble::EndlessRedirect, "redirected again and again"),
        (Trouble::ToMetadata, "redirected to http://169.254.169.254, where it is not followed"),
    ];
    for (trouble, meaning) in expected {
        world.github.archive_trouble(Some(trouble));
        assert_eq!(failing(&world, OnGithub).await.kind.to_string(), meaning);
    }
    world.github.archive_trouble(Some(Trouble::WebPage));
    assert!(failing(&world, OnGithub).await.reason().contains("a web page came instead of an archive"));
    world.github.archive_trouble(None);
    world.github.limit_requests(0, Duration::from_mins(10));
    assert_eq!(failing(&world, OnGithub).await.wait_until().map(Timestamp::as_second), Some(world.time.now() + 600));
    world.time.pass(601);
    world.github.refuse_credentials(true);
    assert!(matches!(failing(&world, OnGithub).await.kind, ForgeErrorKind::NoAccess { .. }));
}

#[tokio::test]
async fn github_tells_of_tags_unless_more_than_three_are_pushed_at_once() {
    let world = World::start().await;
    let events = || -> Vec<String> {
        let told = world.github.undelivered();
        for it in &told {
            world.github.delivered(it.id, 202);
        }
        told.into_iter().map(|it| it.event).collect()
    };
    let body = |event: &str| -> Value {
        let told = world.github.undelivered();
        serde_json::from_slice(&told.iter().find(|it| it.event == event).unwrap().body).unwrap()
    };
    world.tag(OnGithub, "v4.0.0", None, true);
    let push = body("push");
    assert_eq!((&push["ref"], &push["created"]), (&"refs/tags/v4.0.0".into(), &true.into()));
    assert_eq!(push["repository"]["full_name"], "acme-corp/toolkit");
    let url = push["repository"]["clone_url"].as_str().unwrap();
    assert!(RepositoryUrl::parse(url).unwrap().path().ends_with("acme-corp/toolkit"), "{url}");
    assert_eq!(body("create")["ref_type"], "tag");
    assert_eq!(events(), ["push", "create"]);
    world.github.delete_tag(TOOLKIT[0], TOOLKIT[1], "v4.0.0").unwrap();
    assert_eq!(events(), ["push", "delete"]);
    world.github.push_tags(TOOLKIT[0], TOOLKIT[1], &["a", "b", "c", "d"]).unwrap();
    assert!(events().is_empty());

    let forms = world.github.clone().with_forms();
    world.tag(OnGithub, "v4.0.1", None, false);
    let form = forms.undelivered().remove(0);
    assert_eq!(form.content_type, "application/x-www-form-urlencoded");
    assert!(form.body.starts_with(b"payload=%7B"));
    assert_eq!(signatures::github::verify(&form.body, &form.signature, &["synthetic"]), Ok(()));
}

#[tokio::test]
async fn gitlab_and_bitbucket_sign_what_they_tell() {
    let world = World::start().await;
    let signing = format!("whsec_{}", STANDARD.encode([7; 32]));
    let sandbox = world.sandbox.clone().with_gitlab_signing_token(&signing);
    for kind in [Gitlab, Bitbucket] {
        world.tag(kind, "v4.0.0", None, false);
        let told = sandbox.undelivered(kind).remove(0);
        let header = |name: &str| {
            let found = told.headers.iter().find(|(header, _)| *header == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let body: Value = serde_json::from_slice(&told.body).unwrap();
        if kind == Gitlab {
            assert_eq!(
                (header("x-gitlab-event"), header("x-gitlab-token")),
                ("Tag Push Hook".into(), "for gitlab".into())
            );
            assert!(header("webhook-signature").starts_with("v1,") && !header("webhook-id").is_empty());
            assert_eq!(
                (&body["ref"], &body["project"]["path_with_namespace"]),
                (&"refs/tags/v4.0.0".into(), &path(kind).into())
            );
        } else {
            assert_eq!(header("x-event-key"), "repo:push");
            let signature = header("x-hub-signature");
            assert_eq!(signatures::github::verify(&told.body, &signature, &["for bitbucket"]), Ok(()));
            assert_eq!(body["push"]["changes"][0]["new"]["name"], "v4.0.0");
            assert_eq!(body["repository"]["full_name"], path(kind));
        }
        sandbox.delivered(told.id, 202);
        assert!(sandbox.undelivered(kind).is_empty());
    }
}
