//! What every request must pass and every answer must carry: the same-origin rule and the headers; and the password of the
//! configuration.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::api;
use crate::router::{App, BODY_BYTES_MAX};

/// Scripts, styles, pictures and forms from here alone; no framing by anyone. No inline script or style gets through, so a
/// name that slipped past escaping still could not run.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'";

/// What no page needs. A technician's own phone may tell where it is.
const FEATURES: &str = "camera=(), microphone=(), payment=(), usb=(), geolocation=(self)";

/// The console's password, kept only as its SHA-256.
#[derive(Clone, PartialEq, Eq)]
pub struct Password([u8; 32]);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    /// Keeps a password's hash; `None` for an empty password, which would guard nothing.
    #[must_use]
    pub fn new(clear: &str) -> Option<Self> {
        (!clear.is_empty()).then(|| Self(Sha256::digest(clear.as_bytes()).into()))
    }

    /// Whether `clear` is the password. Hashes are compared, and all of them, so that timing tells nothing of the text.
    #[must_use]
    pub fn matches(&self, clear: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(clear.as_bytes()).into();
        self.0.iter().zip(given).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

/// Whether the browser believes to be talking to this computer or to a bare address. A name could be anybody's (DNS
/// rebinding), and without a password nothing else would tell such a page from ours.
pub(crate) fn is_local(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok()
}

/// Name and password of HTTP Basic.
pub(crate) fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let clear = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = clear.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Refuses requests that change something when they come from another site.
pub(crate) async fn same_origin(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || is_same_origin(request.headers(), has_secret(request.uri().path())) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This request came from another site and was refused.").into_response()
}

/// `Sec-Fetch-Site` decides where the browser sends it; else `Origin` must name this host. A browser that sends neither is
/// no browser and carries no one's cookies or cached password by itself.
///
/// The customer's page says `Referrer-Policy: no-referrer`, which makes browsers send `Origin: null` with its own forms.
/// There, `null` from an old browser without `Sec-Fetch-Site` passes: the signed link in the path is what authorises, and
/// another site does not know it.
fn is_same_origin(headers: &HeaderMap, is_signed_link: bool) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    match text(header::ORIGIN) {
        None => true,
        Some("null") => is_signed_link,
        Some(origin) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text(header::HOST)
        }
    }
}

/// Under `/api` every refusal is a problem document (RFC 9457), whoever refused: the router, an extractor, a layer.
pub(crate) async fn problems(request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|bytes: usize| bytes > BODY_BYTES_MAX) {
        let detail = format!("A request's body may have {BODY_BYTES_MAX} bytes.");
        return api::refusal(StatusCode::PAYLOAD_TOO_LARGE, &detail);
    }
    let method = request.method().clone();
    let response = next.run(request).await;
    if method == Method::HEAD { response } else { api::as_problem(response).await }
}

/// Whether an address is itself a secret: a customer's link, or a one-time link.
fn has_secret(path: &str) -> bool {
    path.starts_with("/b/") || path.starts_with("/welcome/")
}

/// Adds the headers that every answer carries.
pub(crate) async fn headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_signed_link = has_secret(request.uri().path());
    let is_asset = request.uri().path().starts_with("/assets/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(FEATURES));
    if app.options.https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    let referrer = if is_signed_link { "no-referrer" } else { "same-origin" };
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(referrer));
    if is_signed_link {
        // A customer's link belongs in no search engine.
        headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    }
    if !is_asset && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&'static str, &str)], is_signed_link: bool, expected: bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        assert_eq!(is_same_origin(&headers, is_signed_link), expected, "{pairs:?}");
    }

    #[test]
    fn another_site_is_told_from_this_one() {
        check(&[("sec-fetch-site", "same-origin"), ("origin", "null")], true, true);
        check(&[("sec-fetch-site", "cross-site"), ("origin", "http://a:1"), ("host", "a:1")], false, false);
        check(&[("sec-fetch-site", "same-site")], false, false);
        check(&[("origin", "http://a:1"), ("host", "a:1")], false, true);
        check(&[("origin", "https://evil.example"), ("host", "a:1")], true, false);
        check(&[("origin", "null"), ("host", "a:1")], false, false);
        check(&[("origin", "null"), ("host", "a:1")], true, true);
        check(&[], false, true);
    }

    #[test]
    fn without_a_password_only_this_computer_and_bare_addresses_are_local() {
        for (host, expected) in [
            ("localhost:8080", true),
            ("127.0.0.1", true),
            ("[::1]:8080", true),
            ("192.168.1.7:8080", true),
            ("evil.example:8080", false),
            ("localhost.evil.example", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(is_local(&headers), expected, "{host}");
        }
    }

    #[test]
    fn a_password_is_compared_whole() {
        let password = Password::new("geheim").unwrap();
        assert_eq!(["geheim", "geheim ", "", "Geheim"].map(|text| password.matches(text)), [true, false, false, false]);
        assert_eq!((Password::new(""), format!("{password:?}")), (None, "Password(…)".to_owned()));
    }
}
