//! A one-time link: its owner chooses a name and a password, and is signed in.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::page::{Ask, Chrome, encode};
use super::sign_in::at_home;
use crate::access::{self, Peer};
use crate::accounts::AccountsError;
use crate::router::App;
use crate::text::{self, AccessWords};

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage {
    c: Chrome,
    w: &'static AccessWords,
    action: String,
    login: String,
    name: String,
    problem: String,
}

/// What was typed. Its debug form would show the password, so it has none.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    name: String,
    password: String,
    again: String,
}

/// `GET /welcome/{link}`: opening it uses nothing up.
pub(crate) async fn show(State(app): State<App>, ask: Ask, Path(link): Path<String>) -> Response {
    page(&app, &ask, link, None, String::new()).await
}

/// `POST /welcome/{link}`
pub(crate) async fn redeem(
    State(app): State<App>,
    ask: Ask,
    Path(link): Path<String>,
    peer: Option<axum::Extension<Peer>>,
    headers: HeaderMap,
    Form(chosen): Form<Chosen>,
) -> Response {
    let client = access::client_of(peer.map(|peer| peer.0), &headers);
    let (secret, name) = (link.clone(), chosen.name.clone());
    let turn = app.hashing.acquire().await.ok();
    let redeemed = app.accounts(move |accounts| {
        if chosen.password != chosen.again {
            return Err(AccountsError::PasswordsDiffer);
        }
        let login = accounts.redeem(&secret, &chosen.name, &chosen.password, &client.address)?;
        at_home(accounts, accounts.begin(&login, &chosen.name, &client)?)
    });
    let redeemed = redeemed.await;
    drop(turn);
    match redeemed {
        Ok(Some((secret, home))) => {
            let mut response = Redirect::to(home).into_response();
            access::begin_session(&app, &headers, &mut response, &secret);
            response
        }
        Ok(None) => Redirect::to("/").into_response(),
        Err(error) if error.is_refusal() => page(&app, &ask, link, Some(name), text::refused(&error, ask.lang)).await,
        Err(error) => access::broken(error),
    }
}

async fn page(app: &App, ask: &Ask, link: String, typed: Option<String>, problem: String) -> Response {
    let w = text::access(ask.lang);
    let secret = link.clone();
    match app.accounts(move |accounts| accounts.link(&secret)).await {
        Ok(Some(person)) => {
            // The first administrator is called by the login name until somebody has come.
            let own = if person.name == person.login { String::new() } else { person.name };
            let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            let (c, action) = (ask.chrome("", false), format!("/welcome/{}", encode(&link)));
            let name = typed.unwrap_or(own);
            ask.html(status, &WelcomePage { c, w, action, login: person.login, name, problem })
        }
        Ok(None) => Redirect::to("/").into_response(),
        Err(error) if error.is_refusal() => {
            ask.refusal(StatusCode::GONE, w.link_spent, w.link_spent_text.to_owned(), "/sign-in")
        }
        Err(error) => access::broken(error),
    }
}
