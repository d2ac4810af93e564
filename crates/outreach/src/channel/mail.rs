//! The RFC 5322 form of a message, shared by every channel that speaks e-mail.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};

use super::{DeliveryError, Parcel};

/// Builds the message. Its Message-ID derives from the parcel's key, so that a receiver who gets it twice can tell.
pub(super) fn build(parcel: &Parcel, from: &str) -> Result<Message, DeliveryError> {
    let address = |text: &str| {
        text.parse::<lettre::Address>()
            .map_err(|e| DeliveryError::Permanent(format!("`{text}` is not an e-mail address: {e}")))
    };
    let from = address(from)?;
    let id = format!("<{}@{}>", parcel.key, from.domain());
    let mut message = Message::builder()
        .message_id(Some(id))
        .date(at(parcel))
        .from(Mailbox::new(Some(parcel.from_name.clone()), from))
        .to(Mailbox::new(Some(parcel.to_name.clone()), address(&parcel.to)?))
        .subject(&parcel.subject);
    if let Some(reply_to) = &parcel.reply_to {
        message = message.reply_to(Mailbox::new(None, address(reply_to)?));
    }
    message = message
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Content-Language"), parcel.language.into()));
    if !parcel.link.is_empty() {
        let stop = format!("<{}>", parcel.link);
        message = message.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("List-Unsubscribe"), stop));
    }
    let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(parcel.body.clone());
    let built = match &parcel.calendar {
        Some(file) => message.multipart(MultiPart::mixed().singlepart(text).singlepart(attached(file)?)),
        None => message.singlepart(text),
    };
    built.map_err(|e| DeliveryError::Permanent(format!("could not build the e-mail: {e}")))
}

/// A calendar file as mail programs want it: they act on the method beside the type (RFC 6047).
fn attached(file: &str) -> Result<SinglePart, DeliveryError> {
    let method = if file.contains("METHOD:CANCEL") { "CANCEL" } else { "PUBLISH" };
    let kind = ContentType::parse(&format!("text/calendar; charset=utf-8; method={method}"))
        .map_err(|e| DeliveryError::Permanent(format!("could not attach the calendar file: {e}")))?;
    Ok(Attachment::new("visit.ics".to_owned()).body(file.to_owned(), kind))
}

fn at(parcel: &Parcel) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(parcel.at.millis().max(0).unsigned_abs())
}
