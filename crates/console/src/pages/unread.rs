//! What is answered where a request never came as far as a page of its own: a form that lacks a field, is too large or of
//! another kind, an address that takes no such request, an answer that took too long. The framework has an English line of its
//! own for each, which says nothing to a customer; people are told in their language what to do.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Context;
use std::time::Duration;

use axum::RequestExt as _;
use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use foretell_model::Obstacle;
use futures_util::{StreamExt as _, stream};

use super::booking;
use super::page::Ask;
use crate::router::{App, BODY_BYTES_MAX};
use crate::{BackendError, text};

/// Most bytes of a body that is refused as too large that are still taken in, so that its sender comes to read why.
const DRAINED_BYTES_MAX: usize = 64 << 20;
/// Longest time for that.
const DRAINED_WITHIN: Duration = Duration::from_secs(10);

/// Puts a page in the place of an answer that is no page. It stands around the handlers, where it is known who asks, and again
/// around the layers that refuse on their own.
pub(crate) async fn told(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_for_programs(request.uri().path()) {
        return next.run(request).await;
    }
    let (ask, request) = asked(&app, request).await;
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    if method == Method::HEAD || is_page(&response) {
        return response;
    }
    let Some(page) = page(&ask, response.status(), &method, &path) else { return response };
    let (mut head, _) = response.into_parts();
    let (new, body) = page.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.extend(new.headers);
    Response::from_parts(head, body)
}

/// Takes in what is left of a body that was refused as too large: a browser writes all of it before it reads, and would show a
/// broken connection instead of the answer.
pub(crate) async fn drained(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if request.method() == Method::GET || length.is_some_and(|bytes: usize| bytes <= BODY_BYTES_MAX) {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let body = Arc::new(Mutex::new(body.into_data_stream()));
    let response = next.run(Request::from_parts(head, shared(Arc::clone(&body)))).await;
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let rest = async {
            let (mut rest, mut bytes) = (shared(body).into_data_stream(), 0);
            while let Some(Ok(piece)) = rest.next().await
                && bytes < DRAINED_BYTES_MAX
            {
                bytes += piece.len();
            }
        };
        // One who is slower than that is answered all the same.
        let _in_time = tokio::time::timeout(DRAINED_WITHIN, rest).await.is_ok();
    }
    response
}

/// A body of which more can be read after its reader has given up.
fn shared(body: Arc<Mutex<BodyDataStream>>) -> Body {
    let next = move |cx: &mut Context<'_>| body.lock().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(cx);
    Body::from_stream(stream::poll_fn(next))
}

async fn asked(app: &App, mut request: Request) -> (Ask, Request) {
    match request.extract_parts_with_state::<Ask, App>(app).await {
        Ok(ask) => (ask, request),
        Err(never) => match never {},
    }
}

/// Whether nobody reads what an address answers: programs, probes, and browsers for pages' own sake.
fn is_for_programs(path: &str) -> bool {
    ["/api/", "/assets/"].iter().any(|of| path.starts_with(of))
        || matches!(path, "/metrics" | "/healthz" | "/readyz" | "/live" | "/favicon.ico")
        || (path.starts_with("/b/") && path.ends_with("/live"))
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// The page in the place of a bare refusal; none for an answer that is none of these.
fn page(ask: &Ask, status: StatusCode, method: &Method, path: &str) -> Option<Response> {
    let is_form = method == Method::POST;
    let why = match status {
        StatusCode::PAYLOAD_TOO_LARGE => Why::TooLarge,
        StatusCode::SERVICE_UNAVAILABLE => Why::TooSlow,
        StatusCode::FORBIDDEN if is_form => Why::Elsewhere,
        StatusCode::BAD_REQUEST | StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::UNPROCESSABLE_ENTITY if is_form => {
            Why::Unread
        }
        StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED => Why::NoPage,
        _ => return None,
    };
    Some(if path.starts_with("/b/") { to_customer(ask, status, why) } else { to_staff(ask, status, why, path) })
}

/// Why a request came to nothing.
#[derive(Clone, Copy)]
enum Why {
    /// Something is missing in a form, or is not what it should be.
    Unread,
    TooLarge,
    TooSlow,
    /// A form that another site sent.
    Elsewhere,
    /// An address that takes no such request.
    NoPage,
}

fn to_customer(ask: &Ask, status: StatusCode, why: Why) -> Response {
    let (t, access) = (text::words(ask.lang), text::access(ask.lang));
    let (title, told) = match why {
        Why::Unread | Why::Elsewhere => (access.tap_lost, access.tap_lost_text),
        Why::TooLarge => (access.tap_long, access.tap_long_text),
        Why::TooSlow => (t.link_down, t.link_down_text),
        Why::NoPage => (t.link_bad, t.link_bad_text),
    };
    booking::plain(ask.lang, status, title, told)
}

fn to_staff(ask: &Ask, status: StatusCode, why: Why, path: &str) -> Response {
    let (t, access) = (text::words(ask.lang), text::access(ask.lang));
    let is_picture = path.ends_with("/photo") || path.ends_with("/portrait");
    let (title, told) = match why {
        Why::Unread => (t.invalid, access.form_unread.to_owned()),
        Why::TooLarge if is_picture => {
            let told = BackendError::from(Obstacle::PhotoTooLarge);
            (t.invalid, text::refusal(&told, ask.lang).unwrap_or_default())
        }
        Why::TooLarge => (t.invalid, access.form_long.to_owned()),
        Why::TooSlow => (t.failed, access.slow_text.to_owned()),
        Why::Elsewhere => (access.stale, access.stale_text.to_owned()),
        Why::NoPage => (t.not_found, t.not_found_text.to_owned()),
    };
    ask.told(status, title, told)
}
