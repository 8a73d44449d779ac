//! What it promises those who listen.

use domain::github_event::{self, About, Received};
use serde_json::{Value, json};

use super::{JOHN, World, app::jwt, serve};
use crate::github::Delivery;

const SECRET: &str = "test synthetic";

fn listening() -> World {
    let mut world = World::new();
    world.sandbox = world.sandbox.with_webhook_secret(SECRET);
    world
}

/// What a delivery tells, when it is one that may be believed.
fn told(delivery: &Delivery) -> About {
    signatures::github::verify(&delivery.body, &delivery.signature, &[SECRET]).unwrap();
    match github_event::read(&delivery.event, &delivery.guid, &delivery.body).unwrap() {
        Received::Relevant(event) => event.about,
        Received::Irrelevant { reason } => panic!("{reason}: {delivery:?}"),
    }
}

fn body(delivery: &Delivery) -> Value {
    serde_json::from_slice(&delivery.body).unwrap()
}

#[tokio::test]
async fn who_accepts_is_told_as_added_and_who_is_removed_as_removed() {
    let world = listening();
    world.put(JOHN).await;
    assert!(world.sandbox.undelivered().is_empty(), "an invitation is told to nobody but its invitee");
    world.sandbox.accept("acme-corp", "toolkit", "johndoe").unwrap();
    world.delete(JOHN).await;
    world.delete(JOHN).await;
    let [added, removed] = &world.sandbox.undelivered()[..] else { panic!("two webhooks") };
    let john = world.sandbox.user_id("johndoe").unwrap();
    assert!(matches!(told(added), About::MemberAdded { account, .. } if account.id.0 == john));
    assert!(matches!(told(removed), About::MemberRemoved { account, .. } if account.id.0 == john));
    assert_eq!(body(added)["sender"]["login"], "johndoe");
    assert_eq!(body(removed)["organization"]["login"], "acme-corp");
    assert!(body(removed)["installation"]["id"].is_u64());
    assert_ne!(added.guid, removed.guid);
}

#[tokio::test]
async fn what_nobody_told_github_to_tell_is_not_told() {
    let world = listening();
    world.put(JOHN).await;
    world.sandbox.expire("acme-corp", "toolkit", "johndoe").unwrap();
    world.sandbox.decline("acme-corp", "toolkit", "johndoe").unwrap();
    world.sandbox.remove_collaborator("acme-corp", "toolkit", "johndoe").unwrap();
    assert!(world.sandbox.undelivered().is_empty());

    world.sandbox.drop_webhooks(true);
    world.sandbox.add_collaborator("acme-corp", "toolkit", "johndoe").unwrap();
    world.sandbox.drop_webhooks(false);
    assert!(world.sandbox.undelivered().is_empty(), "it was lost");

    world.sandbox.set_installed("acme-corp", false).unwrap();
    world.sandbox.delete_repository("acme-corp", "toolkit");
    let [gone] = &world.sandbox.undelivered()[..] else { panic!("only its own end") };
    assert!(matches!(told(gone), About::InstallationGone { repositories, .. } if repositories.len() == 2));
}

#[tokio::test]
async fn repositories_are_told_under_the_name_they_have_now() {
    let world = listening();
    let id = world.get("/repos/acme-corp/toolkit").await.json()["id"].as_u64().unwrap();
    world.sandbox.rename_repository("acme-corp", "toolkit", "toolbox").unwrap();
    world.sandbox.transfer_repository("acme-corp", "toolbox", "ctrimm", "toolbox").unwrap();
    world.sandbox.set_private("ctrimm", "toolbox", false).unwrap();
    world.sandbox.delete_repository("ctrimm", "toolbox");
    let told: Vec<About> = world.sandbox.undelivered().iter().map(told).collect();
    let [
        About::RepositoryRenamed { repository: renamed },
        About::RepositoryTransferred { repository: transferred },
        About::RepositoryPublicized { .. },
        About::RepositoryDeleted { .. },
    ] = &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!((renamed.id, renamed.owner.as_str(), renamed.name.as_str()), (id, "acme-corp", "toolbox"));
    assert_eq!((transferred.id, transferred.owner.as_str()), (id, "ctrimm"));
}

#[tokio::test]
async fn an_installation_that_is_suspended_or_narrowed_does_what_it_tells() {
    let world = listening();
    let app = jwt(world.time.now(), 500);
    let installation = "/repos/acme-corp/toolkit/installation";
    let id = world.call("GET", installation, &app, Value::Null).await.json()["id"].clone();
    let path = format!("/app/installations/{id}/access_tokens");
    let token = world.call("POST", &path, &app, Value::Null).await.json()["token"].clone();
    let token = token.as_str().unwrap();

    world.sandbox.take_off("acme-corp", "toolkit", true).unwrap();
    assert_eq!(world.call("GET", installation, &app, Value::Null).await.status, 404);
    assert_eq!(world.call("GET", "/repos/acme-corp/toolkit", token, Value::Null).await.status, 404);
    world.sandbox.set_suspended("acme-corp", true).unwrap();
    let refused = world.call("GET", "/repos/acme-corp/starter-kit", token, Value::Null).await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["message"].clone()),
        (403, json!("This installation has been suspended"))
    );
    assert_eq!(world.call("POST", &path, &app, Value::Null).await.status, 403);
    let told: Vec<About> = world.sandbox.undelivered().iter().map(told).collect();
    let [About::RepositoriesTakenOff { repositories, .. }, About::InstallationSuspended { .. }] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(repositories.len(), 1);
}

#[tokio::test]
async fn what_was_not_taken_is_listed_and_sent_again_only_when_asked() {
    let world = listening();
    let (app, list) = (jwt(world.time.now(), 500), "/app/hook/deliveries?per_page=1");
    for _ in 0..2 {
        world.sandbox.add_collaborator("acme-corp", "toolkit", "johndoe").unwrap();
        world.sandbox.remove_collaborator("acme-corp", "toolkit", "johndoe").unwrap();
    }
    for (delivery, status) in world.sandbox.undelivered().iter().zip([200, 503, 200, 200]) {
        world.sandbox.delivered(delivery.id, status);
    }
    assert!(world.sandbox.undelivered().is_empty(), "GitHub does not try again by itself");
    assert_eq!(world.get(list).await.status, 401, "only the App may ask");

    let mut listed = Vec::new();
    let mut next = Some(list.to_owned());
    while let Some(path) = next {
        let page = world.call("GET", &path, &app, Value::Null).await;
        listed.extend(page.json().as_array().unwrap().clone());
        let link = page.header("link").split_once('<').and_then(|(_, rest)| rest.split_once('>'));
        next = link.map(|(url, _)| url.replace("http://localhost:4321", ""));
    }
    let codes: Vec<_> = listed.iter().map(|it| it["status_code"].as_u64().unwrap()).collect();
    assert_eq!(codes, [200, 200, 503, 200]);
    let failed = &listed[2];
    assert_eq!((&failed["event"], &failed["action"]), (&json!("member"), &json!("removed")));

    let again = format!("/app/hook/deliveries/{}/attempts", failed["id"]);
    assert_eq!(world.call("POST", &again, &app, Value::Null).await.status, 202);
    let [again] = &world.sandbox.undelivered()[..] else { panic!("one") };
    assert_eq!(again.guid, failed["guid"].as_str().unwrap());
    assert!(matches!(told(again), About::MemberRemoved { .. }));
}

#[tokio::test]
async fn a_webhook_is_posted_once_whatever_the_answer() {
    use std::sync::{Arc, Mutex};

    use axum::{Router, http::HeaderMap, http::StatusCode};

    let world = listening();
    world.sandbox.add_collaborator("acme-corp", "toolkit", "johndoe").unwrap();
    world.sandbox.remove_collaborator("acme-corp", "toolkit", "johndoe").unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (heard, (send, mut done)) = (seen.clone(), tokio::sync::mpsc::unbounded_channel());
    let endpoint = Router::new().fallback(move |headers: HeaderMap, body: String| async move {
        let text = |name: &str| headers[name].to_str().unwrap().to_owned();
        signatures::github::verify(body.as_bytes(), &text("x-hub-signature-256"), &[SECRET]).unwrap();
        heard.lock().unwrap().push((text("x-github-event"), text("x-github-delivery")));
        send.send(()).unwrap();
        StatusCode::SERVICE_UNAVAILABLE
    });
    let url = serve(endpoint).await;
    let sandbox = world.sandbox.clone();
    let mut sending = tokio::spawn(async move { sandbox.deliver_to(url).await });
    for _ in 0..2 {
        tokio::select! {
            heard = done.recv() => heard.unwrap(),
            ended = &mut sending => panic!("{ended:?}"),
        }
    }
    // The answer to the second is written down a moment after it was given.
    while !world.sandbox.undelivered().is_empty() {
        tokio::task::yield_now().await;
    }
    sending.abort();
    let seen = seen.lock().unwrap();
    assert_eq!((seen.len(), seen[0].0.as_str()), (2, "member"));
    assert_ne!(seen[0].1, seen[1].1);
}
