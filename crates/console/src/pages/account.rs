//! One's own account: password, devices, signing out.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use chrono_tz::Tz;
use serde::Deserialize;

use super::page::{Ask, Chrome};
use crate::access::{self, Peer};
use crate::accounts::{AccountsError, Asking, Session};
use crate::router::App;
use crate::text::{self, AccessWords};
use crate::{Lang, civil};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    c: Chrome,
    w: &'static AccessWords,
    login: String,
    role: &'static str,
    role_hint: &'static str,
    notice: &'static str,
    problem: String,
    sessions: Vec<SessionRow>,
}

/// A session as a row of a table.
pub(super) struct SessionRow {
    pub(super) login: String,
    pub(super) agent: String,
    pub(super) address: String,
    pub(super) since: String,
    pub(super) seen: String,
}

impl SessionRow {
    /// Instants as the company's own clock shows them.
    pub(super) fn of(session: Session, zone: Tz, lang: Lang) -> Self {
        Self {
            login: session.login,
            agent: browser(&session.client.agent),
            address: session.client.address,
            since: civil::date_time(session.created, zone, lang),
            seen: civil::date_time(session.seen, zone, lang),
        }
    }
}

/// What was typed. Its debug form would show the password, so it has none.
#[derive(Deserialize)]
pub(crate) struct Changed {
    old: String,
    password: String,
    again: String,
}

/// `GET /account`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(done): Query<Done>) -> Response {
    let notice = if done.done == "password" { text::access(ask.lang).password_changed } else { "" };
    page(&app, &ask, StatusCode::OK, notice, String::new()).await
}

/// What was just done, so that the page can say so.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Done {
    #[serde(default)]
    done: String,
}

/// `POST /account/password`: other devices are signed out, this one goes on with a new session.
pub(crate) async fn password(
    State(app): State<App>,
    ask: Ask,
    peer: Option<axum::Extension<Peer>>,
    headers: HeaderMap,
    Form(typed): Form<Changed>,
) -> Response {
    let Some(asking) = ask.person.clone() else { return Redirect::to("/users").into_response() };
    let client = access::client_of(peer.map(|peer| peer.0), &headers);
    let turn = app.hashing.acquire().await.ok();
    let changed = app.accounts(move |accounts| {
        if typed.password != typed.again {
            return Err(AccountsError::PasswordsDiffer);
        }
        accounts.change_password(&asking, &typed.old, &typed.password, &client)?;
        accounts.begin(&asking.login, &asking.name, &client)
    });
    let changed = changed.await;
    drop(turn);
    match changed {
        Ok(Some(secret)) => {
            let mut response = Redirect::to("/account?done=password").into_response();
            access::begin_session(&app, &headers, &mut response, &secret);
            response
        }
        Ok(None) => Redirect::to("/").into_response(),
        Err(error) if error.is_refusal() => {
            let told = text::refused(&error, ask.lang);
            page(&app, &ask, StatusCode::UNPROCESSABLE_ENTITY, "", told).await
        }
        Err(error) => access::broken(error),
    }
}

/// `POST /account/sign-out`
pub(crate) async fn sign_out(
    State(app): State<App>,
    ask: Ask,
    peer: Option<axum::Extension<Peer>>,
    headers: HeaderMap,
) -> Response {
    let address = access::client_of(peer.map(|peer| peer.0), &headers).address;
    let secret = access::session_cookie(&app, &headers).unwrap_or_default();
    leave(&app, &ask, &headers, move |accounts, asking| accounts.sign_out(&secret, asking, &address)).await
}

/// `POST /account/sign-out-everywhere`
pub(crate) async fn sign_out_everywhere(State(app): State<App>, ask: Ask, headers: HeaderMap) -> Response {
    leave(&app, &ask, &headers, |accounts, asking| accounts.sign_out_everywhere(&asking.login, &asking.name)).await
}

async fn leave<F>(app: &App, ask: &Ask, headers: &HeaderMap, how: F) -> Response
where
    F: FnOnce(&crate::Accounts, &Asking) -> Result<(), AccountsError> + Send + 'static,
{
    let Some(asking) = ask.person.clone() else { return Redirect::to("/").into_response() };
    if let Err(error) = app.accounts(move |accounts| how(accounts, &asking)).await {
        return access::broken(error);
    }
    let mut response = Redirect::to("/sign-in").into_response();
    access::end_session(app, headers, &mut response);
    response
}

async fn page(app: &App, ask: &Ask, status: StatusCode, notice: &'static str, problem: String) -> Response {
    // Where nobody needs to sign in there is no account of one's own.
    let Some(asking) = ask.person.clone() else { return Redirect::to("/").into_response() };
    let login = asking.login.clone();
    let sessions = match app.accounts(move |accounts| accounts.sessions(Some(&login))).await {
        Ok(sessions) => sessions.unwrap_or_default(),
        Err(error) => return access::broken(error),
    };
    let zone = match app.ask(|backend| Ok(backend.zone())).await {
        Ok(zone) => zone,
        Err(error) => return ask.failure(&error),
    };
    let page = AccountPage {
        c: ask.chrome("account", false),
        w: text::access(ask.lang),
        role: text::role(asking.role, ask.lang),
        role_hint: text::role_hint(asking.role, ask.lang),
        login: asking.login,
        notice,
        problem,
        sessions: sessions.into_iter().map(|session| SessionRow::of(session, zone, ask.lang)).collect(),
    };
    ask.html(status, &page)
}

/// What a person recognises in a browser's description of itself.
fn browser(agent: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| (*name).to_owned())
    };
    let browser = find(&[
        ("MicroMessenger", "WeChat"),
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = find(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) if agent.is_empty() => "–".to_owned(),
        (None, None) => agent.chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn a_browser_is_named_as_people_know_it() {
        for (agent, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36", "Chrome, Linux"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
            ("curl/8.1", "curl/8.1"),
            ("", "–"),
        ] {
            assert_eq!(browser(agent), expected, "{agent}");
        }
    }
}
