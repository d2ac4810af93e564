//! The RFC 5322 form of a message, shared by every channel that speaks e-mail.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};

use super::{DeliveryError, Parcel, Portrait};

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
    let face = parcel.portrait.as_ref().map(pictured).transpose()?;
    let file = parcel.calendar.as_deref().map(attached).transpose()?;
    let beside: Vec<SinglePart> = face.into_iter().chain(file).collect();
    let built = if beside.is_empty() {
        message.singlepart(text)
    } else {
        message.multipart(beside.into_iter().fold(MultiPart::mixed().singlepart(text), MultiPart::singlepart))
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

/// A portrait that mail programs show below a plain text; nothing is ever fetched to see it.
fn pictured(portrait: &Portrait) -> Result<SinglePart, DeliveryError> {
    let kind = ContentType::parse("image/jpeg")
        .map_err(|e| DeliveryError::Permanent(format!("could not attach a portrait: {e}")))?;
    Ok(Attachment::new(format!("{}.jpg", portrait.name)).body(portrait.jpeg.clone(), kind))
}

fn at(parcel: &Parcel) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(parcel.at.millis().max(0).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_is_attached_and_never_fetched_and_the_text_stays_as_it_is() {
        let plain = Parcel {
            key: "foretell-7".into(),
            to: "li@huaxin.example".into(),
            to_name: "Huaxin".into(),
            from_name: "Min Wang".into(),
            reply_to: None,
            language: "en",
            subject: "Thursday".into(),
            body: "Jun Chen comes on Thursday.\n".into(),
            short: String::new(),
            link: String::new(),
            calendar: Some("BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nEND:VCALENDAR\r\n".into()),
            portrait: None,
            at: foretell_model::Timestamp::from_millis(0),
        };
        let jpeg = vec![0xff, 0xd8, 0xff, 0xe0, 0, 1, 2, 3];
        let faced = Parcel { portrait: Some(Portrait { name: "Jun Chen".into(), jpeg }), ..plain.clone() };
        let written = |parcel: &Parcel| {
            String::from_utf8(build(parcel, "service@foretell.example").unwrap().formatted()).unwrap()
        };
        let (without, with) = (written(&plain), written(&faced));
        assert!(!without.contains("image/jpeg") && with.contains("Content-Type: image/jpeg"), "{with}");
        assert!(with.contains("filename=\"Jun Chen.jpg\"") && with.contains("/9j/4AABAgM="), "{with}");
        for text in [&without, &with] {
            assert!(
                text.contains("\r\n\r\nJun Chen comes on Thursday.\r\n") && text.contains("text/calendar"),
                "{text}"
            );
            assert!(!text.contains("http"), "nothing is fetched: {text}");
        }
    }
}
