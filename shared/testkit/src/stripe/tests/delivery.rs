//! How events reach the endpoint.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{
    super::{Delivery, Sandbox},
    ONE_TIME, SECRET, SESSIONS, World, post,
};
use crate::{
    sandbox::testing::{Time, seeded},
    testing::Dir,
};

#[tokio::test]
async fn deliveries_are_freshly_signed_until_they_are_taken() {
    let world = World::new();
    let id = world.session(ONE_TIME).await;
    world.sandbox.pay(&id);
    let first = world.sandbox.undelivered();
    world.time.pass(400);
    let second = world.sandbox.undelivered();
    assert_eq!(first[0].body, second[0].body);
    let now = world.time.now();
    let check = |delivery: &Delivery| {
        signatures::stripe::verify(&delivery.body, &delivery.signature, &[SECRET], now, 300).is_ok()
    };
    assert!(!check(&first[0]) && second.iter().all(check));
    world.sandbox.delivered(&second[0].event_id);
    let left = world.sandbox.undelivered();
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|delivery| delivery.event_id != second[0].event_id));
}

/// An endpoint that refuses each event once, and tells what it took.
async fn endpoint() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (taken, receiver) = mpsc::unbounded_channel();
    let seen: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (seen, taken) = (seen.clone(), taken.clone());
            let answer = service_fn(move |request: Request<Incoming>| {
                let (seen, taken) = (seen.clone(), taken.clone());
                async move {
                    let signature = request.headers()["stripe-signature"].to_str().unwrap().to_owned();
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    let genuine = signatures::stripe::verify(&body, &signature, &[SECRET], 0, 0).is_ok();
                    let id = serde_json::from_slice::<Value>(&body).unwrap()["id"].as_str().unwrap().to_owned();
                    let times = { *seen.lock().unwrap().entry(id.clone()).and_modify(|it| *it += 1).or_insert(1) };
                    let status = if times == 1 || !genuine { 503 } else { 200 };
                    if status == 200 {
                        taken.send(id).unwrap();
                    }
                    let mut response = Response::new(String::new());
                    *response.status_mut() = StatusCode::from_u16(status).unwrap();
                    Ok::<_, Infallible>(response)
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
    (url, receiver)
}

#[tokio::test]
async fn the_loop_delivers_again_what_was_refused_even_after_a_restart() {
    let (dir, time) = (Dir::new(), Time::new());
    let file = dir.path().join("stripe.json");
    let open = || Sandbox::open(&file, time.clock(), seeded(), SECRET.to_owned()).unwrap();
    let events = {
        let sandbox = open();
        let created = post(&sandbox.router(), SESSIONS, ONE_TIME, "").await.json();
        sandbox.pay(created["id"].as_str().unwrap())
    };
    let sandbox = open();
    assert_eq!(sandbox.undelivered().len(), events.len());
    let (url, mut taken) = endpoint().await;
    let courier = tokio::spawn({
        let sandbox = sandbox.clone();
        async move { sandbox.deliver_to(url).await }
    });
    let mut missing: Vec<String> = events.into_iter().map(|event| event.id).collect();
    while !missing.is_empty() {
        let id = tokio::time::timeout(Duration::from_secs(20), taken.recv()).await.unwrap().unwrap();
        missing.retain(|it| *it != id);
    }
    while !sandbox.undelivered().is_empty() {
        tokio::task::yield_now().await;
    }
    courier.abort();
    assert!(open().undelivered().is_empty(), "what was delivered is saved as well");
}
