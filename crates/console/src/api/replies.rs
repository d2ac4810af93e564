//! `POST /api/v1/replies`: what customers answered elsewhere. The sender signs with a secret of its own, as our webhooks do, and
//! needs no account here. What is signed well is taken, whatever else came from the same address; only its number is bounded.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use foretell_model::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{problem, refusal};
use crate::BackendError;
use crate::access::{Peer, client_of};
use crate::router::App;
use crate::view::{Reply, Signed};

/// Replies that one address may bring in a minute.
pub(crate) const PER_MINUTE_MAX: u32 = 300;

/// How long a sender waits that brought more.
const WAIT: Duration = Duration::from_secs(60);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    id: String,
    message: Option<String>,
    customer: Option<String>,
    medium: Option<String>,
    address: Option<String>,
    text: String,
    at: Option<String>,
}

/// `POST /api/v1/replies`
pub(super) async fn take(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let key = format!("reply {}", client_of(peer.map(|Extension(peer)| peer), &headers).address);
    if !app.replies.may(&key, app.now_ms()) {
        return wait(WAIT.as_secs());
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let signed =
        Signed { timestamp: text("foretell-timestamp"), signature: text("foretell-signature"), body: body.to_vec() };
    // Looked at after the signature: a stranger learns nothing of the form.
    let taken = app.ask(move |backend| {
        let reply = parse(&signed.body);
        backend.take_reply(&signed, reply)
    });
    match taken.await {
        Ok(taken) => axum::Json(json!({ "outcome": taken.outcome, "customer": taken.customer, "case": taken.case }))
            .into_response(),
        Err(error) => {
            if matches!(error, BackendError::Unsigned(_)) {
                // Whoever else sends from this address signs well and is not kept from it.
                app.replies.give_back(&key);
                if let Err(seconds) = app.guesses.attempt(&key, app.now_ms()) {
                    return wait(seconds);
                }
            }
            problem(&error)
        }
    }
}

fn parse(body: &[u8]) -> Result<Reply, String> {
    let Sent { id, message, customer, medium, address, text, at } =
        serde_json::from_slice(body).map_err(|error| format!("the body is no reply: {error}"))?;
    let at = at.map(|at| Timestamp::parse(&at).map_err(|error| format!("`at`: {error}"))).transpose()?;
    Ok(Reply { id, message, customer, medium, address, text, at })
}

fn wait(seconds: u64) -> Response {
    let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, "Too many replies or wrong signatures; wait a little.");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}
