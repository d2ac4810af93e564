//! A secret in every form, so that no other page can send one in somebody's name, even where a browser's own marks fail.
//!
//! It is derived from the cookie: nothing is kept, and each session has its own. Forms get it on their way out and requests
//! are checked on their way in, so no page can forget it.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::accounts::digest;

/// Name of the form's field.
const FIELD: &str = "csrf";
/// Scripts may send it in this header instead.
const HEADER: &str = "x-csrf-token";
/// Largest body that is looked into, bytes: a form with pictures.
const BODY_BYTES_MAX: usize = 16 << 20;
/// Within this many bytes a form's first field ends.
const FIRST_BYTES: usize = 1024;
/// Largest page, bytes.
const PAGE_BYTES_MAX: usize = 64 << 20;

/// The forms' secret that belongs to a cookie's.
pub(crate) fn token(cookie: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest("foretell form", cookie))
}

/// A request that was looked into, given back as it was.
pub(crate) enum Carried {
    /// It carries the secret.
    Secret(Request),
    /// It does not.
    Nothing(Request),
    /// It is larger than any form.
    TooMuch,
}

/// Whether a request carries the secret.
pub(crate) async fn carries(request: Request, cookie: &str) -> Carried {
    let expected = token(cookie);
    let carried = |does, request| if does { Carried::Secret(request) } else { Carried::Nothing(request) };
    if let Some(sent) = request.headers().get(HEADER) {
        return carried(same(sent.as_bytes(), expected.as_bytes()), request);
    }
    let is_multipart = starts(request.headers(), "multipart/form-data");
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return Carried::TooMuch;
    };
    let sent = if is_multipart { first_part(&body) } else { field(&body) };
    let carries = sent.is_some_and(|sent| same(sent, expected.as_bytes()));
    carried(carries, Request::from_parts(parts, Body::from(body)))
}

/// The secret is of letters that no form encoding changes.
fn field(body: &[u8]) -> Option<&[u8]> {
    body.split(|byte| *byte == b'&').find_map(|pair| pair.strip_prefix(FIELD.as_bytes())?.strip_prefix(b"="))
}

/// The first part of a form with files, where it was put.
fn first_part(body: &[u8]) -> Option<&[u8]> {
    let head = &body[..body.len().min(FIRST_BYTES)];
    let text = head.split(|byte| *byte == b'\r').map(|line| line.strip_prefix(b"\n").unwrap_or(line));
    let mut lines = text.skip_while(|line| !line.is_empty()).skip(1);
    let is_ours = head.windows(11).any(|window| window == b"name=\"csrf\"");
    is_ours.then(|| lines.next()).flatten()
}

/// Compares all bytes, so that timing tells nothing.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

fn starts(headers: &HeaderMap, kind: &str) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(kind.as_bytes()))
}

/// Puts the secret into every form of a page that is sent by POST.
pub(crate) async fn equip(response: Response, cookie: &str) -> Response {
    if !starts(response.headers(), "text/html") {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let page = to_bytes(body, PAGE_BYTES_MAX).await.unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(equipped(&page, &token(cookie))))
}

fn equipped(page: &Bytes, token: &str) -> Bytes {
    let Ok(text) = std::str::from_utf8(page) else { return page.clone() };
    let mut out = String::with_capacity(text.len() + 1024);
    let mut rest = text;
    while let Some(at) = rest.find("<form") {
        let Some(end) = rest[at..].find('>') else { break };
        let (tag, after) = rest.split_at(at + end + 1);
        out.push_str(tag);
        if tag[at..].contains("method=\"post\"") {
            out.push_str(&format!("<input type=\"hidden\" name=\"{FIELD}\" value=\"{token}\">"));
        }
        rest = after;
    }
    out.push_str(rest);
    Bytes::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(kind: &str, body: &str, expected: bool) {
        let request = Request::post("/").header("content-type", kind).body(Body::from(body.to_owned())).unwrap();
        let (carries, request) = match carries(request, "cookie").await {
            Carried::Secret(request) => (true, request),
            Carried::Nothing(request) => (false, request),
            Carried::TooMuch => panic!("{body} is too much"),
        };
        assert_eq!(carries, expected, "{body}");
        assert_eq!(to_bytes(request.into_body(), 10_000).await.unwrap(), body.as_bytes());
    }

    #[tokio::test]
    async fn a_form_carries_the_secret_of_its_own_cookie_only() {
        let (good, other) = (token("cookie"), token("another"));
        let form = "application/x-www-form-urlencoded";
        check(form, &format!("csrf={good}&id=1"), true).await;
        check(form, &format!("id=1&csrf={good}"), true).await;
        check(form, &format!("csrf={other}"), false).await;
        check(form, "id=1", false).await;
        check(form, "csrf=", false).await;
        check(form, &format!("xcsrf={good}"), false).await;
        let part = |name: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n--b--\r\n")
        };
        check("multipart/form-data; boundary=b", &part("csrf", &good), true).await;
        check("multipart/form-data; boundary=b", &part("csrf", &other), false).await;
        check("multipart/form-data; boundary=b", &part("note", &good), false).await;
    }

    #[test]
    fn only_forms_that_are_posted_are_equipped() {
        let page = Bytes::from("<form method=\"post\" action=\"/a\"><b></b></form><form action=\"/s\"></form><form");
        assert_eq!(
            equipped(&page, "T"),
            "<form method=\"post\" action=\"/a\"><input type=\"hidden\" name=\"csrf\" value=\"T\"><b></b></form>\
             <form action=\"/s\"></form><form"
        );
    }
}
