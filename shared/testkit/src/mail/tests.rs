//! The sandbox, as the SDK calls it and as a browser sees it.

use aws_sdk_sesv2::{Client, types::*};
use axum::{body::Body as Bytes, http::Request};

use super::Sandbox;
use crate::{
    connector::{Connector, Limits, sdk_config},
    faults::{Fault, Faults},
    sandbox::testing::{Got, Time, call, serve},
    testing::Dir,
};

async fn client(sandbox: &Sandbox, faults: Faults) -> Client {
    let url = serve(axum::Router::new().nest_service("/sandbox/mail", sandbox.router())).await;
    let once = Limits { attempts: 1, ..Limits::default() };
    Client::new(&sdk_config(&format!("{url}/sandbox/mail"), &Connector::new(faults), once))
}

async fn send(client: &Client, to: &str, subject: &str) -> Result<String, String> {
    let part = |text: &str| Content::builder().data(text).charset("UTF-8").build().unwrap();
    let html = "<html><head></head><body><a href=\"https://example.com/?a=1&amp;b=2\">Look</a></body></html>";
    let body = Body::builder().text(part("Look <here>")).html(part(html)).build();
    let header = MessageHeader::builder().name("Auto-Submitted").value("auto-generated").build().unwrap();
    let message = Message::builder().subject(part(subject)).body(body).headers(header).build();
    let request = client
        .send_email()
        .from_email_address("Shop <shop@example.com>")
        .destination(Destination::builder().to_addresses(to).build())
        .content(EmailContent::builder().simple(message).build());
    let answer = request.send().await.map_err(|error| format!("{:?}", error.into_service_error()))?;
    Ok(answer.message_id.unwrap_or_default())
}

async fn get(sandbox: &Sandbox, path: &str) -> Got {
    let router = axum::Router::new().nest_service("/sandbox/mail", sandbox.router());
    call(&router, Request::get(path).body(Bytes::empty()).unwrap()).await
}

#[tokio::test]
async fn what_is_sent_is_kept_for_its_recipient() {
    let sandbox = Sandbox::new(Time::new().clock());
    let client = client(&sandbox, Faults::none()).await;
    let id = send(&client, "one@example.com", "First").await.unwrap();
    send(&client, "two@example.com", "Second").await.unwrap();
    assert_eq!(sandbox.messages().len(), 2);
    let letters = sandbox.to("One@example.com");
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!((letter.id.as_str(), letter.subject.as_str()), (id.as_str(), "First"));
    assert_eq!((letter.from.as_str(), letter.text.as_str()), ("Shop <shop@example.com>", "Look <here>"));
    assert_eq!(letter.links(), ["https://example.com/?a=1&b=2"]);
    assert_eq!(letter.headers, [("Auto-Submitted".to_owned(), "auto-generated".to_owned())]);
}

#[tokio::test]
async fn what_ses_refuses_is_refused_and_not_kept() {
    let sandbox = Sandbox::new(Time::new().clock());
    let client = client(&sandbox, Faults::none()).await;
    sandbox.refuse("Stranger@example.com");
    let refused = send(&client, "stranger@example.com", "Hello").await.unwrap_err();
    assert!(refused.starts_with("MessageRejected") && refused.contains("not verified"), "{refused}");
    for (to, subject) in [("nobody", "Hello"), ("a@example.com,b@example.com", "Hello"), ("a@example.com", "a\nb")] {
        let refused = send(&client, to, subject).await.unwrap_err();
        assert!(refused.starts_with("BadRequestException"), "{refused}");
    }
    assert!(sandbox.messages().is_empty());
}

#[tokio::test]
async fn the_fault_plan_reaches_it_through_the_connector() {
    let sandbox = Sandbox::new(Time::new().clock());
    for (fault, told, kept) in [
        (Fault::Throttle, "TooManyRequestsException", 0),
        (Fault::Before, "InternalServiceError", 0),
        (Fault::After, "InternalServiceError", 1),
    ] {
        let faults = Faults::nth(0, fault);
        let client = client(&sandbox, faults.clone()).await;
        let refused = send(&client, "one@example.com", "Hello").await.unwrap_err();
        assert!(refused.contains(told), "{refused}");
        assert_eq!((sandbox.messages().len(), faults.struck()[0].1.as_str()), (kept, "ses SendEmail"));
    }
}

#[tokio::test]
async fn the_page_lists_the_newest_first_and_shows_a_letter_that_cannot_break_out() {
    let sandbox = Sandbox::new(Time::new().clock());
    let client = client(&sandbox, Faults::none()).await;
    let id = send(&client, "one@example.com", "<b>First</b>").await.unwrap();
    send(&client, "two@example.com", "Second").await.unwrap();
    let list = get(&sandbox, "/sandbox/mail").await.text;
    let place = |text: &str| list.find(text).unwrap_or_else(|| panic!("{text} is not in {list}"));
    assert!(place(">Second<") < place("&lt;b&gt;First&lt;/b&gt;"), "{list}");
    let path = format!("/sandbox/mail/messages/{id}");
    assert!(list.contains(&format!("href=\"{path}\"")), "{list}");
    let shown = get(&sandbox, &path).await.text;
    assert!(shown.contains("srcdoc=\"&lt;html&gt;&lt;head&gt;&lt;base target=&quot;_blank&quot;&gt;"), "{shown}");
    assert!(shown.contains("Look &lt;here&gt;") && shown.contains("shop@example.com"), "{shown}");
    assert!(!shown.contains("allow-scripts") && !shown.contains("allow-same-origin"), "{shown}");
    assert_eq!(get(&sandbox, "/sandbox/mail/messages/x").await.status, 404);
}

#[tokio::test]
async fn letters_outlive_the_process() {
    let dir = Dir::new();
    let file = dir.path().join("mail.json");
    let sandbox = Sandbox::open(&file, Time::new().clock()).unwrap();
    let client = client(&sandbox, Faults::none()).await;
    send(&client, "one@example.com", "First").await.unwrap();
    let again = Sandbox::open(&file, Time::new().clock()).unwrap();
    assert_eq!(again.messages(), sandbox.messages());
}
