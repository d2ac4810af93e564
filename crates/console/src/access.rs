//! The door: finds out who asks, looks into the table of rights, and lets in or says kindly who may.

use std::net::IpAddr;

use axum::RequestExt as _;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use crate::accounts::{Accounts, AccountsError, Asking, Client, Role, SESSION_MAX};
use crate::csrf::Carried;
use crate::guard::{credentials, is_local};
use crate::pages::field_acts::errand_of;
use crate::pages::page::{Ask, encode};
use crate::rights::{self, Need, Row};
use crate::router::App;
use crate::view::Errand;
use crate::{Backend, BackendError, api, csrf, text};

/// Cookie of a session where the connection is encrypted: browsers take it from this host alone, and never in the clear.
const COOKIE_SECURE: &str = "__Host-foretell";
/// The same where it is not, as on a loopback address.
const COOKIE_PLAIN: &str = "foretell_session";
/// Ties the sign-in form to the browser that asked for it.
const FORM_SECURE: &str = "__Host-foretell-form";
const FORM_PLAIN: &str = "foretell_form";

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// Recorded with what is done.
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) how: How,
}

impl Identity {
    /// The name under which a person signed in.
    pub(crate) fn login(&self) -> Option<&str> {
        match &self.how {
            How::Session { asking, .. } => Some(&asking.login),
            _ => None,
        }
    }
}

/// How somebody became known.
#[derive(Clone, Debug)]
pub(crate) enum How {
    /// Not at all: nobody needs to sign in on a loopback address as long as nobody can.
    Anonymous,
    /// By the password of the configuration, which scripts use.
    Password,
    /// By an API token.
    Token,
    /// By a session, whose secret this is.
    Session { cookie: String, asking: Asking },
}

/// The network address of a connection, put into each request by whoever accepted it.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Lets a request in, or not.
pub(crate) async fn admit(State(app): State<App>, request: Request, next: Next) -> Response {
    let row = match request.extensions().get::<MatchedPath>() {
        Some(pattern) => rights::row(request.method(), pattern.as_str()),
        // Nothing is there; strangers are not told even that.
        None => Row::Needs(Need::Of(&Role::ALL)),
    };
    match row {
        Row::Needs(Need::Open) => open(&app, request, next).await,
        Row::Needs(Need::Visitor) => visitor(&app, request, next).await,
        Row::Needs(need @ (Need::Of(roles) | Need::Sent(roles) | Need::Person(roles))) => {
            known(&app, request, next, roles, need).await
        }
        // The address has no secrets: what it answers stands in the documentation.
        Row::OtherMethods(allow) => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, allow)]).into_response(),
        Row::Missing => {
            let path = request.uri().path();
            tracing::error!(path, "No row of the table of rights speaks of this address; it is refused.");
            StatusCode::FORBIDDEN.into_response()
        }
    }
}

/// Customers, probes, assets. Who tries links that do not exist must wait, by address. Who has one that we signed reads as much
/// as they like, for there is nothing to guess and an address may be a whole factory's; but what is tapped there is kept for good,
/// so that nobody taps without end.
async fn open(app: &App, mut request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/b/") {
        return next.run(request).await;
    }
    let params = request.extract_parts::<RawPathParams>().await;
    let token = params.iter().flatten().find_map(|(name, value)| (name == "token").then_some(value));
    let attempt = match token.filter(|token| app.backend.is_link(token)) {
        Some(_) if is_safe(request.method()) => Ok(()),
        Some(token) => {
            // Many taps before it keep nobody from saying that a machine broke down.
            let what = if request.uri().path().ends_with("/trouble") { "trouble" } else { "tap" };
            app.taps.attempt(&format!("{what} {token}"), app.now_ms())
        }
        None => {
            let address = client_of(request.extensions().get::<Peer>().copied(), request.headers()).address;
            app.guesses.attempt(&address, app.now_ms())
        }
    };
    if let Err(seconds) = attempt {
        let ask = asked(app, request).await;
        return crate::pages::booking::too_often(&ask, seconds);
    }
    next.run(request).await
}

/// Where one signs in: a form needs the secret of the cookie that was set with it.
async fn visitor(app: &App, request: Request, next: Next) -> Response {
    let is_secure = is_secure(app, request.headers());
    let name = if is_secure { FORM_SECURE } else { FORM_PLAIN };
    let held = cookie(request.headers(), name);
    if is_safe(request.method()) {
        let is_new = held.is_none();
        let Some(secret) = held.or_else(|| crate::accounts::new_secret().ok()) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let mut response = csrf::equip(next.run(request).await, &secret).await;
        if is_new {
            set_cookie(&mut response, name, &secret, is_secure, None);
        }
        return response;
    }
    let Some(secret) = held else { return stale(app, request).await };
    let request = match csrf::carries(request, &secret).await {
        Carried::Secret(request) => request,
        Carried::Nothing(request) => return stale(app, request).await,
        Carried::TooMuch => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    };
    csrf::equip(next.run(request).await, &secret).await
}

/// Everything else: somebody must be known, and be one of those who may.
async fn known(app: &App, request: Request, next: Next, roles: &[Role], need: Need) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let identity = match identify(app, request.headers(), peer).await {
        Ok(Some(identity)) => identity,
        Ok(None) => return unknown(app, &request),
        Err(response) => return response,
    };
    let allowed = roles.contains(&identity.role);
    let is_program = matches!(need, Need::Person(_)) && matches!(identity.how, How::Token | How::Password);
    let secret = match &identity.how {
        How::Session { cookie, .. } => Some(cookie.clone()),
        _ => None,
    };
    let mut request = request;
    request.extensions_mut().insert(identity);
    if !allowed || is_program {
        return refused(app, request, roles, is_program).await;
    }
    if let (Need::Sent(_), Some((login, errand))) = (need, errand_asked(&request)) {
        let is_anothers =
            app.ask(move |backend| anothers_errand(backend, Role::Technician, login.as_deref(), errand)).await;
        match is_anothers {
            Ok(false) => {}
            Ok(true) => return anothers(app, request).await,
            Err(error) => return asked(app, request).await.failure(&error),
        }
    }
    let Some(secret) = secret else { return next.run(request).await };
    if !is_safe(request.method()) {
        request = match csrf::carries(request, &secret).await {
            Carried::Secret(checked) => checked,
            Carried::Nothing(checked) => return stale(app, checked).await,
            Carried::TooMuch => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        };
    }
    csrf::equip(next.run(request).await, &secret).await
}

/// Who asks for which errand, where it matters: a technician.
fn errand_asked(request: &Request) -> Option<(Option<String>, Errand)> {
    let identity = request.extensions().get::<Identity>().filter(|identity| identity.role == Role::Technician)?;
    Some((identity.login().map(str::to_owned), errand_of(request.uri().path())?))
}

/// Whether somebody else is sent on an errand than whoever asks, by role and login name.
pub(crate) fn anothers_errand(
    backend: &dyn Backend,
    role: Role,
    login: Option<&str>,
    errand: Errand,
) -> Result<bool, BackendError> {
    let sent = backend.sent_on(errand)?;
    let own = match login {
        Some(login) => backend.technician_of(login)?,
        None => None,
    };
    Ok(rights::is_anothers(role, own.as_deref(), sent.as_deref()))
}

/// Who asks; none for a stranger. An answer instead when even that cannot be found out.
async fn identify(app: &App, headers: &HeaderMap, peer: Option<Peer>) -> Result<Option<Identity>, Response> {
    if let Some(token) = bearer(headers) {
        let found = match app.accounts(move |accounts| accounts.token(&token)).await {
            Err(expired @ AccountsError::TokenExpired { .. }) => return Err(expired_token(&expired)),
            found => found.map_err(broken)?.flatten(),
        };
        return Ok(found.map(|asking| Identity { name: asking.name, role: asking.role, how: How::Token }));
    }
    if let (Some(password), Some((user, clear))) = (&app.options.password, credentials(headers)) {
        let address = format!("password {}", client_of(peer, headers).address);
        if app.guesses.may(&address, app.now_ms()).is_ok() && password.matches(&clear) {
            let name = if user.is_empty() { "console".to_owned() } else { user.chars().take(64).collect() };
            return Ok(Some(Identity { name, role: Role::Admin, how: How::Password }));
        }
        let _wait = app.guesses.attempt(&address, app.now_ms()).err();
    }
    let name = if is_secure(app, headers) { COOKIE_SECURE } else { COOKIE_PLAIN };
    if let Some(cookie) = cookie(headers, name) {
        let asked = cookie.clone();
        let found = app.accounts(move |accounts| accounts.session(&asked)).await.map_err(broken)?.flatten();
        if let Some(asking) = found {
            let (name, role) = (asking.name.clone(), asking.role);
            return Ok(Some(Identity { name, role, how: How::Session { cookie, asking } }));
        }
    }
    if app.options.anonymous && app.options.password.is_none() {
        let is_inhabited = app.accounts(Accounts::is_inhabited).await.map_err(broken)?.unwrap_or(false);
        if !is_inhabited {
            return match is_local(headers) {
                true => Ok(Some(Identity { name: "console".to_owned(), role: Role::Admin, how: How::Anonymous })),
                false => Err((StatusCode::FORBIDDEN, ELSEWHERE).into_response()),
            };
        }
    }
    Ok(None)
}

/// A token whose time is up: the program that still sends it is told so in the standard's words (RFC 6750), and people in plain ones.
fn expired_token(why: &AccountsError) -> Response {
    let told = "Bearer realm=\"Foretell\", error=\"invalid_token\", error_description=\"The access token expired\"";
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, told)], why.to_string()).into_response()
}

const ELSEWHERE: &str = "As long as nobody needs to sign in, the console answers to localhost and bare addresses only: another \
    name may have been pointed here by a stranger's web page. Add an administrator with `foretell users add NAME --role \
    admin`, or set [console] password_file, to serve it under a name.";

/// A stranger: pages lead to the sign-in page, programs are told what is asked for.
fn unknown(app: &App, request: &Request) -> Response {
    let path = request.uri().path();
    let is_page = !path.starts_with("/api/") && !matches!(path, "/metrics" | "/live");
    if app.options.accounts.is_some() && is_page {
        let wanted = request.uri().path_and_query().map_or("/", |wanted| wanted.as_str());
        let returns = is_safe(request.method()) && wanted != "/";
        let next = if returns { format!("?next={}", encode(wanted)) } else { String::new() };
        return Redirect::to(&format!("/sign-in{next}")).into_response();
    }
    let mut response = StatusCode::UNAUTHORIZED.into_response();
    let headers = response.headers_mut();
    if app.options.accounts.is_some() {
        headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Foretell\""));
    }
    if app.options.password.is_some() {
        let basic = HeaderValue::from_static("Basic realm=\"Foretell\", charset=\"UTF-8\"");
        headers.append(header::WWW_AUTHENTICATE, basic);
    }
    response
}

/// Somebody who may not: the page says who may.
async fn refused(app: &App, request: Request, roles: &[Role], is_program: bool) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let own = request.extensions().get::<Identity>().map(|identity| identity.role);
    let ask = asked(app, request).await;
    let who: Vec<&str> = roles.iter().map(|role| text::role(*role, ask.lang)).collect();
    let own = own.map_or("", |role| text::role(role, ask.lang));
    let told = text::who_may(&who, own, is_program, ask.lang);
    if is_api {
        return api::refusal(StatusCode::FORBIDDEN, &told);
    }
    ask.refusal(StatusCode::FORBIDDEN, text::access(ask.lang).not_yours, told, "/")
}

/// Somebody else's errand: one may look at it, and is told who may do more.
async fn anothers(app: &App, request: Request) -> Response {
    let ask = asked(app, request).await;
    let words = text::access(ask.lang);
    ask.refusal(StatusCode::FORBIDDEN, words.not_yours, words.anothers.to_owned(), "/visits")
}

/// A form whose secret is missing or of another session: nothing was done, and the way back is shown.
async fn stale(app: &App, request: Request) -> Response {
    let path = request.uri().path();
    let back = if path == "/sign-in" { "/sign-in" } else { "/" };
    let ask = asked(app, request).await;
    let words = text::access(ask.lang);
    ask.refusal(StatusCode::FORBIDDEN, words.stale, words.stale_text.to_owned(), back)
}

/// What a page needs to know of a request whose body is not wanted any more.
async fn asked(app: &App, mut request: Request) -> Ask {
    match request.extract_parts_with_state::<Ask, App>(app).await {
        Ok(ask) => ask,
        Err(never) => match never {},
    }
}

/// The accounts cannot be read.
pub(crate) fn broken(error: AccountsError) -> Response {
    api::log_failure(&error);
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// From where a request comes. Behind a proxy on this computer it is what the proxy says.
pub(crate) fn client_of(peer: Option<Peer>, headers: &HeaderMap) -> Client {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let peer = peer.map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.0.to_canonical());
    // The last entry is the nearest proxy's own; those before it could be anybody's invention.
    let told =
        text(HeaderName::from_static("x-forwarded-for")).rsplit(',').next().and_then(|ip| ip.trim().parse().ok());
    let address: IpAddr = told.filter(|_| peer.is_loopback()).unwrap_or(peer);
    Client { address: address.to_string(), agent: text(header::USER_AGENT).to_owned() }
}

/// The cookie of a session, as [`identify`] looks for it.
pub(crate) fn begin_session(app: &App, headers: &HeaderMap, response: &mut Response, secret: &str) {
    let is_secure = is_secure(app, headers);
    set_cookie(
        response,
        if is_secure { COOKIE_SECURE } else { COOKIE_PLAIN },
        secret,
        is_secure,
        Some(SESSION_MAX.as_secs()),
    );
}

/// Takes the cookie of a session away.
pub(crate) fn end_session(app: &App, headers: &HeaderMap, response: &mut Response) {
    let is_secure = is_secure(app, headers);
    set_cookie(response, if is_secure { COOKIE_SECURE } else { COOKIE_PLAIN }, "", is_secure, Some(0));
}

/// The secret of a session's cookie, if a request has one.
pub(crate) fn session_cookie(app: &App, headers: &HeaderMap) -> Option<String> {
    cookie(headers, if is_secure(app, headers) { COOKIE_SECURE } else { COOKIE_PLAIN })
}

fn set_cookie(response: &mut Response, name: &str, secret: &str, is_secure: bool, seconds: Option<u64>) {
    let secure = if is_secure { "; Secure" } else { "" };
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let text = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Whether the browser reaches us encrypted: when the public address says so, except on this computer itself.
fn is_secure(app: &App, headers: &HeaderMap) -> bool {
    app.options.https && !(headers.contains_key(header::HOST) && is_local(headers))
}

pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(of, value)| *of == name && !value.is_empty()).map(|(_, value)| value.to_owned())
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, forwarded: &str, expected: &str) {
        let mut headers = HeaderMap::new();
        if !forwarded.is_empty() {
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
        }
        assert_eq!(client_of(Some(Peer(peer.parse().unwrap())), &headers).address, expected, "{peer} {forwarded}");
    }

    #[test]
    fn only_a_proxy_on_this_computer_is_believed() {
        check("127.0.0.1", "6.6.6.6, 203.0.113.7", "203.0.113.7");
        check("203.0.113.7", "6.6.6.6", "203.0.113.7");
        check("127.0.0.1", "nonsense", "127.0.0.1");
        check("::ffff:203.0.113.7", "", "203.0.113.7");
        check("::1", "", "::1");
    }
}
