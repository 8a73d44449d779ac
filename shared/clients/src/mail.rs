//! Mail by Amazon SES, API version 2: one message, one recipient, as text and as HTML.
//!
//! See <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>. The structured form of a message is
//! used, never raw headers, so what a message says cannot become a header of it.

mod error;
#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};

use aws_sdk_sesv2::{
    Client,
    error::BuildError,
    types::{Body, Content, Destination, EmailContent, Message, MessageHeader},
};
use domain::text::Email;

pub use self::error::MailError;

/// A client that sends mail from one address. Clones share the connection, which is made when it is first used.
#[derive(Clone, Debug)]
pub struct Mail {
    client: Arc<LazyLock<Client, Make>>,
    sender: Arc<Sender>,
}

type Make = Box<dyn FnOnce() -> Client + Send>;

#[derive(Debug)]
struct Sender {
    from: String,
    configuration_set: Option<String>,
}

/// A message to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// Whom it is for.
    pub to: &'a Email,
    /// Where an answer goes, if not to the sender.
    pub reply_to: Option<&'a Email>,
    /// One line.
    pub subject: &'a str,
    /// For programs that show no HTML.
    pub text: &'a str,
    /// A whole document.
    pub html: &'a str,
}

impl Mail {
    /// Mail from `from`, which is an address of a verified identity, with or without a name:
    /// `Tollgate <no-reply@example.com>`. `configuration_set` is SES's name for how bounces and complaints are dealt with.
    ///
    /// The client should not repeat calls by itself: SES knows no idempotency keys, so a call that timed out and is
    /// repeated may send twice.
    pub fn new(client: impl FnOnce() -> Client + Send + 'static, from: &str, configuration_set: Option<&str>) -> Self {
        let sender = Sender { from: from.to_owned(), configuration_set: configuration_set.map(str::to_owned) };
        Self { client: Arc::new(LazyLock::new(Box::new(client))), sender: Arc::new(sender) }
    }

    /// Hands a message to SES, and answers with SES's id of it. It is on its way then, not yet in a mailbox.
    ///
    /// # Errors
    /// See [`MailError`]: only `Refused` is final.
    pub async fn send(&self, mail: &Outgoing<'_>) -> Result<String, MailError> {
        let lines = [mail.subject, mail.to.as_str(), self.sender.from.as_str()];
        let addresses = [Some(mail.to), mail.reply_to];
        if !lines.iter().all(|line| is_line(line)) || !addresses.iter().flatten().all(|address| is_one(address)) {
            return Err(MailError::Refused { reason: "it would not fit into a mail's headers".to_owned() });
        }
        let content = content(mail).map_err(|error| MailError::Unavailable { source: error.into() })?;
        let request = self
            .client
            .send_email()
            .from_email_address(&self.sender.from)
            .destination(Destination::builder().to_addresses(mail.to.as_str()).build())
            .set_reply_to_addresses(mail.reply_to.map(|address| vec![address.as_str().to_owned()]))
            .set_configuration_set_name(self.sender.configuration_set.clone())
            .content(content);
        let answer = Box::pin(request.send()).await.map_err(error::classify)?;
        Ok(answer.message_id.unwrap_or_default())
    }
}

/// Whether a text is one line without control characters.
fn is_line(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

/// Whether an address is one address. Parsing makes sure of it, but one that was read back from elsewhere was not parsed.
fn is_one(address: &Email) -> bool {
    Email::parse(address.as_str()).is_ok_and(|parsed| parsed.as_str().eq_ignore_ascii_case(address.as_str()))
}

fn content(mail: &Outgoing<'_>) -> Result<EmailContent, BuildError> {
    let part = |text: &str| Content::builder().data(text).charset("UTF-8").build();
    let body = Body::builder().text(part(mail.text)?).html(part(mail.html)?).build();
    // Holiday notices and the like are not to answer a machine (RFC 3834).
    let automatic = MessageHeader::builder().name("Auto-Submitted").value("auto-generated").build()?;
    let message = Message::builder().subject(part(mail.subject)?).body(body).headers(automatic).build();
    Ok(EmailContent::builder().simple(message).build())
}
