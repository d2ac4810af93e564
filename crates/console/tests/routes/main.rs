//! Every route over a made-up fleet: what it answers, what it refuses, and that nothing from outside becomes markup.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

#[path = "../../examples/fake/mod.rs"]
mod fake;

mod customers;
mod desk;
mod pages;
mod programs;
mod reports;
mod typed;
mod unread;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use foretell_console::{Backend, BackendError, ConsoleOptions, Password, router};
use tower::ServiceExt;

const CARD: &str = "/advisory/s01%2Fm002%2Fcooler_clogging%2F1";

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(app: Router, request: Request<Body>) -> Answer {
    let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
    let body = String::from_utf8(to_bytes(body, 10_000_000).await.unwrap().to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body: unbound(&body) }
}

/// A page as it reads: what keeps a figure and its unit on one line is not seen.
fn unbound(page: &str) -> String {
    page.replace('\u{a0}', " ").replace('\u{2060}', "")
}

#[tokio::test]
async fn figures_keep_their_units_on_every_page() {
    let ask = Request::get("/m/s01/m002?lang=en").body(Body::empty()).unwrap();
    let body = app().oneshot(ask).await.unwrap().into_body();
    let page = String::from_utf8(to_bytes(body, 10_000_000).await.unwrap().to_vec()).unwrap();
    assert!(page.contains("105\u{a0}°C") && !page.contains(">105 °C") && !page.contains("reach 105 °C"), "{page}");
}

fn app() -> Router {
    router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()))
}

async fn get(path: &str) -> Answer {
    send(app(), Request::get(path).body(Body::empty()).unwrap()).await
}

fn form(path: &str, body: &str) -> Request<Body> {
    Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

/// Tags open and close in order; a cheap witness that no text became markup and no template forgot an end.
fn assert_well_formed(html: &str, what: &str) {
    const VOID: [&str; 6] = ["meta", "link", "input", "img", "br", "hr"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(begin) = rest.find('<') {
        let end = begin + rest[begin..].find('>').unwrap_or_else(|| panic!("{what}: a tag does not end"));
        let tag = &rest[begin + 1..end];
        rest = &rest[end + 1..];
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap();
        if tag.starts_with('!') || tag.ends_with('/') || VOID.contains(&name) {
            continue;
        }
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{what}: </{name}> closes something else");
        } else {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{what}: {open:?} stay open");
}
