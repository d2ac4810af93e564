//! Webhooks and replies of the made-up fleet.

use foretell_console::BackendError;
use foretell_console::view::{Reply, ReplyTaken, Signed, WebhookStatus};

use super::fleet::now;

/// One that goes well and one that does not.
pub(super) fn webhooks() -> Vec<WebhookStatus> {
    vec![
        WebhookStatus {
            name: "cmms".into(),
            host: "https://cmms.plant.example".into(),
            waiting: 0,
            delivered: 412,
            refused: 0,
            failures: 0,
            last_delivered: Some(now() + -180_000),
            last_failure: None,
            why: String::new(),
            next: None,
        },
        WebhookStatus {
            name: "portal".into(),
            host: "https://portal.example".into(),
            waiting: 3,
            delivered: 96,
            refused: 1,
            failures: 4,
            last_delivered: Some(now() + -7_200_000),
            last_failure: Some(now() + -60_000),
            why: "it answered 503".into(),
            next: Some(now() + 240_000),
        },
    ]
}

/// Knows one signature and one message.
pub(super) fn take_reply(signed: &Signed, reply: Result<Reply, String>) -> Result<ReplyTaken, BackendError> {
    if signed.signature != "v1=good" {
        return Err(BackendError::Unsigned("its signature is not ours".to_owned()));
    }
    let reply = reply.map_err(BackendError::Invalid)?;
    match reply.message.as_deref() {
        Some("foretell-17") => Ok(ReplyTaken {
            outcome: "kept",
            customer: "hengfeng".to_owned(),
            case: Some("s01/m002/cooler_clogging/1".to_owned()),
        }),
        _ => Err(BackendError::NotFound("conversation".to_owned())),
    }
}
