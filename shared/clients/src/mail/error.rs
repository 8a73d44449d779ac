//! What SES's refusals mean.

use std::{error::Error, time::Duration};

use aws_sdk_sesv2::{
    error::{ProvideErrorMetadata, SdkError},
    operation::send_email::SendEmailError,
};

/// How long to wait when SES limits the rate: it counts by the second, and others wait as well.
const RATE_WAIT: Duration = Duration::from_secs(10);
/// How long to wait when the account's quota of 24 hours is used up: it comes back little by little.
const QUOTA_WAIT: Duration = Duration::from_mins(30);

/// A message that was not sent, or may not have been.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// SES will not send this message to this address: the address makes no sense to it, or the account is still in
    /// SES's own sandbox mode and the address is not a verified one. Repeating does not help.
    #[error("SES refuses the message: {reason}")]
    Refused {
        /// SES's words.
        reason: String,
    },
    /// One message too many, by the second or by the day. Nothing was sent.
    #[error("SES asks to wait")]
    Throttled {
        /// How long.
        retry: Duration,
    },
    /// Not reached, timed out, out of order; or the account may not send at present, which a person has to mend. The
    /// message may have been sent.
    #[error("SES is unavailable")]
    Unavailable {
        /// What happened.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

/// What an answer means that is not a success. See
/// <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors>.
pub(super) fn classify(error: SdkError<SendEmailError>) -> MailError {
    let service = error.as_service_error();
    let said = service.and_then(ProvideErrorMetadata::message).unwrap_or_default();
    match service.and_then(ProvideErrorMetadata::code) {
        Some("MessageRejected" | "BadRequestException") => MailError::Refused { reason: said.to_owned() },
        Some("LimitExceededException") => MailError::Throttled { retry: QUOTA_WAIT },
        Some("TooManyRequestsException" | "ThrottlingException" | "Throttling") => {
            let retry = if said.contains("quota") { QUOTA_WAIT } else { RATE_WAIT };
            MailError::Throttled { retry }
        }
        _ => MailError::Unavailable { source: error.into() },
    }
}
