//! Signing in with name and password.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::page::{Ask, Chrome};
use crate::access::{self, Peer};
use crate::accounts::{Accounts, AccountsError, Client, Role};
use crate::router::App;
use crate::text::{self, AccessWords};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    c: Chrome,
    w: &'static AccessWords,
    next: String,
    login: String,
    problem: String,
}

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    next: String,
}

/// What was typed. Its debug form would show the password, so it has none.
#[derive(Deserialize)]
pub(crate) struct Typed {
    login: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`
pub(crate) async fn show(ask: Ask, Query(next): Query<Next>) -> Response {
    page(&ask, StatusCode::OK, inside(&next.next), String::new(), String::new())
}

/// `POST /sign-in`: always a new session, so that nobody can be made to use one that a stranger knows.
pub(crate) async fn sign_in(
    State(app): State<App>,
    ask: Ask,
    peer: Option<axum::Extension<Peer>>,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Response {
    let client = access::client_of(peer.map(|peer| peer.0), &headers);
    let former = access::session_cookie(&app, &headers);
    let (login, next) = (typed.login.clone(), inside(&typed.next));
    match begin(&app, typed, client, former).await {
        Ok(Some((secret, home))) => {
            let mut response = Redirect::to(if next == "/" { home } else { &next[..] }).into_response();
            access::begin_session(&app, &headers, &mut response, &secret);
            response
        }
        // Without accounts there is nothing to sign in to.
        Ok(None) => Redirect::to("/").into_response(),
        Err(error) if error.is_refusal() => {
            let (status, seconds) = match error {
                AccountsError::Wait { seconds } => (StatusCode::TOO_MANY_REQUESTS, Some(seconds)),
                _ => (StatusCode::UNPROCESSABLE_ENTITY, None),
            };
            let response = page(&ask, status, next, login, text::refused(&error, ask.lang));
            match seconds {
                Some(seconds) => ([(header::RETRY_AFTER, seconds.to_string())], response).into_response(),
                None => response,
            }
        }
        Err(error) => access::broken(error),
    }
}

async fn begin(
    app: &App,
    typed: Typed,
    client: Client,
    former: Option<String>,
) -> Result<Option<(String, &'static str)>, AccountsError> {
    // One at a time: a flood of sign-ins must leave the cores to the machines.
    let _turn = app.hashing.acquire().await.ok();
    app.accounts(move |accounts| {
        let begun = accounts.sign_in(&typed.login, &typed.password, &client)?;
        if let Some(former) = former
            && let Some(asking) = accounts.session(&former)?
        {
            accounts.sign_out(&former, &asking, &client.address)?;
        }
        at_home(accounts, begun)
    })
    .await
}

/// A session that has begun, and where its day begins: a technician's with the visits, on a phone at somebody's gate.
pub(super) fn at_home(accounts: &Accounts, begun: String) -> Result<(String, &'static str), AccountsError> {
    let role = accounts.session(&begun)?.map(|asking| asking.role);
    Ok((begun, if role == Some(Role::Technician) { "/visits" } else { "/" }))
}

fn page(ask: &Ask, status: StatusCode, next: String, login: String, problem: String) -> Response {
    let login = login.chars().take(64).collect();
    ask.html(status, &SignInPage { c: ask.chrome("", false), w: text::access(ask.lang), next, login, problem })
}

/// An address of ours; anything else becomes the first page, so that no link to the sign-in page leads elsewhere.
fn inside(next: &str) -> String {
    let stays =
        next.starts_with('/') && !next.starts_with("//") && next.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    if stays { next.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn signing_in_leads_nowhere_else() {
        for (next, expected) in [
            ("/queue?x=1", "/queue?x=1"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nx: y", "/"),
            ("", "/"),
        ] {
            assert_eq!(inside(next), expected, "{next:?}");
        }
    }
}
