//! The client against a server that answers like SES.

use std::time::Duration;

use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use serde_json::{Value, json};

use super::*;
use crate::loopback::{Loopback, Reply};

const FROM: &str = "Tollgate <no-reply@example.com>";

fn mail(loopback: &Loopback) -> Mail {
    let config = aws_sdk_sesv2::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIATESTSYNTHETIC000", "synthetic", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .endpoint_url(loopback.url(""))
        .build();
    Mail::new(move || Client::from_conf(config), FROM, Some("feedback"))
}

fn outgoing(to: &Email) -> Outgoing<'_> {
    Outgoing { to, reply_to: None, subject: "Grüße, Buyer", text: "Hello\n", html: "<p>Hello</p>" }
}

fn buyer() -> Email {
    Email::parse("buyer@example.com").unwrap()
}

async fn refused_with(status: u16, kind: &str, message: &str) -> MailError {
    let (kind, body) = (kind.to_owned(), json!({"message": message}));
    let loopback = Loopback::start(move |_| Reply::json(status, &body).with("x-amzn-errortype", &kind)).await;
    mail(&loopback).send(&outgoing(&buyer())).await.unwrap_err()
}

#[tokio::test]
async fn a_message_goes_to_one_person_as_text_and_as_html() {
    let loopback = Loopback::start(|_| Reply::json(200, &json!({"MessageId": "0100-1"}))).await;
    let (to, vendor) = (buyer(), Email::parse("vendor@example.com").unwrap());
    let sent = mail(&loopback).send(&Outgoing { reply_to: Some(&vendor), ..outgoing(&to) }).await.unwrap();
    assert_eq!(sent, "0100-1");
    assert_eq!(loopback.calls(), ["POST /v2/email/outbound-emails"]);
    let part = |text: &str| json!({"Data": text, "Charset": "UTF-8"});
    let expected = json!({
        "FromEmailAddress": FROM,
        "Destination": {"ToAddresses": ["buyer@example.com"]},
        "ReplyToAddresses": ["vendor@example.com"],
        "ConfigurationSetName": "feedback",
        "Content": {"Simple": {
            "Subject": part("Grüße, Buyer"),
            "Body": {"Text": part("Hello\n"), "Html": part("<p>Hello</p>")},
            "Headers": [{"Name": "Auto-Submitted", "Value": "auto-generated"}],
        }},
    });
    assert_eq!(loopback.seen()[0].json(), expected);
}

#[tokio::test]
async fn what_would_become_another_header_is_not_sent() {
    let loopback = Loopback::start(|_| Reply::json(200, &json!({"MessageId": "0100-1"}))).await;
    let (mail, to) = (mail(&loopback), buyer());
    for subject in ["", "Hello\r\nBcc: all@example.com", "Hello\nall", "Hello\0"] {
        let refused = mail.send(&Outgoing { subject, ..outgoing(&to) }).await.unwrap_err();
        assert!(matches!(refused, MailError::Refused { .. }), "{subject:?}: {refused:?}");
    }
    for address in ["a@example.com,b@example.com", "a@example.com\r\nBcc: b@example.com", "a\0@example.com", "a"] {
        let stored: Email = serde_json::from_value(Value::from(address)).unwrap();
        let refused = mail.send(&outgoing(&stored)).await.unwrap_err();
        assert!(matches!(refused, MailError::Refused { .. }), "{address:?}: {refused:?}");
        let refused = mail.send(&Outgoing { reply_to: Some(&stored), ..outgoing(&to) }).await.unwrap_err();
        assert!(matches!(refused, MailError::Refused { .. }), "{address:?}: {refused:?}");
    }
    assert_eq!(loopback.calls(), [""; 0]);
}

#[tokio::test]
async fn a_refused_address_is_final() {
    let said = "Email address is not verified. The following identities failed the check in region US-EAST-1: b@x.org";
    let error = refused_with(400, "MessageRejected", said).await;
    assert!(matches!(&error, MailError::Refused { reason } if reason == said), "{error:?}");
    let error = refused_with(400, "BadRequestException", "Missing final '@domain'").await;
    assert!(matches!(error, MailError::Refused { .. }), "{error:?}");
}

#[tokio::test]
async fn one_message_too_many_waits_longer_when_it_is_the_days_quota() {
    let wait = |error| match error {
        MailError::Throttled { retry } => retry,
        other => panic!("{other:?}"),
    };
    let rate = wait(refused_with(429, "TooManyRequestsException", "Maximum sending rate exceeded.").await);
    let quota = wait(refused_with(429, "TooManyRequestsException", "Daily message quota exceeded.").await);
    assert!(rate < Duration::from_mins(1) && quota > Duration::from_mins(10), "{rate:?} {quota:?}");
    assert_eq!(wait(refused_with(400, "LimitExceededException", "").await), quota);
}

#[tokio::test]
async fn what_a_person_or_time_mends_is_tried_again() {
    for kind in ["SendingPausedException", "AccountSuspendedException", "NotFoundException", "AccessDeniedException"] {
        let error = refused_with(400, kind, "no").await;
        assert!(matches!(error, MailError::Unavailable { .. }), "{kind}: {error:?}");
    }
    let error = refused_with(500, "InternalFailure", "no").await;
    assert!(matches!(error, MailError::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_call_that_fails_is_not_repeated() {
    let loopback = Loopback::start(|_| Reply::empty(503)).await;
    mail(&loopback).send(&outgoing(&buyer())).await.unwrap_err();
    assert_eq!(loopback.calls().len(), 1);
}
