//! `SendEmail`, with SES's errors. See <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>.

use axum::{
    Json, Router,
    extract::State as Shared,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use domain::text::Email;
use serde::Deserialize;
use serde_json::json;

use super::{KEPT_MESSAGES, Message, SEND, Sandbox, State};
use crate::{sam::REGION, sandbox::Answer};

/// The most recipients of one message.
const MOST_RECIPIENTS: usize = 50;

pub(super) fn router(sandbox: &Sandbox) -> Router {
    Router::new().route(SEND, post(send)).with_state(sandbox.clone())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Call {
    #[serde(default)]
    from_email_address: String,
    #[serde(default)]
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    configuration_set_name: Option<String>,
    content: Content,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Destination {
    #[serde(rename = "ToAddresses")]
    to: Vec<String>,
    #[serde(rename = "CcAddresses")]
    cc: Vec<String>,
    #[serde(rename = "BccAddresses")]
    bcc: Vec<String>,
}

/// Raw and templated content are not understood here.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Option<Simple>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Part,
    body: Body,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Part>,
    html: Option<Part>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Header {
    name: String,
    value: String,
}

pub(super) async fn not_found() -> Answer {
    refuse(StatusCode::NOT_FOUND, "UnknownOperationException", "The sandbox of SES knows no such call")
}

async fn send(
    Shared(sandbox): Shared<Sandbox>,
    headers: HeaderMap,
    call: Result<Json<Call>, axum::extract::rejection::JsonRejection>,
) -> Result<Answer, Answer> {
    if !headers.contains_key(header::AUTHORIZATION) {
        let message = "Missing Authentication Token";
        return Err(refuse(StatusCode::FORBIDDEN, "MissingAuthenticationTokenException", message));
    }
    let Json(call) = call.map_err(|error| bad(&error.body_text()))?;
    let message = message(&sandbox, call)?;
    let id = sandbox.shared.state.change(|state| state.take(message))?;
    Ok(Answer::json(StatusCode::OK, json!({"MessageId": id})))
}

/// The message of a call, without its id.
fn message(sandbox: &Sandbox, call: Call) -> Result<Message, Answer> {
    let to = [call.destination.to, call.destination.cc, call.destination.bcc].concat();
    if to.is_empty() || to.len() > MOST_RECIPIENTS {
        return Err(bad("Recipient count must be between 1 and 50."));
    }
    for address in [&call.from_email_address].into_iter().chain(&to).chain(&call.reply_to_addresses) {
        let inner = address.split_once('<').map_or(address.as_str(), |(_, rest)| rest.trim_end_matches('>'));
        Email::parse(inner).map_err(|_| bad(&format!("Illegal address: {address}")))?;
    }
    let simple = call.content.simple.ok_or_else(|| bad("The sandbox takes simple content alone"))?;
    if simple.subject.data.chars().any(char::is_control) {
        return Err(bad("Invalid subject"));
    }
    Ok(Message {
        id: String::new(),
        at: sandbox.shared.clock.now(),
        from: call.from_email_address,
        to,
        reply_to: call.reply_to_addresses,
        subject: simple.subject.data,
        text: simple.body.text.unwrap_or_default().data,
        html: simple.body.html.unwrap_or_default().data,
        headers: simple.headers.into_iter().map(|header| (header.name, header.value)).collect(),
        configuration_set: call.configuration_set_name,
    })
}

impl State {
    fn take(&mut self, message: Message) -> Result<String, Answer> {
        let refused: Vec<&str> =
            message.to.iter().map(String::as_str).filter(|to| self.refused.contains(&to.to_lowercase())).collect();
        if !refused.is_empty() {
            let words = format!(
                "Email address is not verified. The following identities failed the check in region {}: {}",
                REGION.to_uppercase(),
                refused.join(", ")
            );
            return Err(refuse(StatusCode::BAD_REQUEST, "MessageRejected", &words));
        }
        self.taken += 1;
        let id = format!("{:016x}-{:08x}-000000", message.at.as_millisecond(), self.taken);
        if self.messages.len() == KEPT_MESSAGES {
            self.messages.remove(0);
        }
        self.messages.push(Message { id: id.clone(), ..message });
        Ok(id)
    }
}

fn bad(message: &str) -> Answer {
    refuse(StatusCode::BAD_REQUEST, "BadRequestException", message)
}

fn refuse(status: StatusCode, kind: &'static str, message: &str) -> Answer {
    Answer::json(status, json!({"message": message})).header("x-amzn-errortype", kind)
}
