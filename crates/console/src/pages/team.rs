//! Our people as customers meet them, with their portraits.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::page::{Ask, Chrome, encode};
use super::visits;
use crate::BackendError;
use crate::router::App;
use crate::text::field;
use crate::view::Colleague;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "team.html")]
struct TeamPage {
    c: Chrome,
    f: &'static field::Words,
    notice: String,
    bad: bool,
    can: bool,
    people: Vec<Face>,
}

struct Face {
    id: String,
    href: String,
    name: String,
    detail: String,
    initial: String,
    portrait: Option<i64>,
}

/// `GET /team`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(asked): Query<Asked>) -> Response {
    let notice = visits::notice(&asked.done, ask.lang).to_owned();
    page(&app, &ask, StatusCode::OK, notice).await
}

/// The page again, with why a portrait was not taken.
pub(super) async fn refused(app: &App, ask: &Ask, error: BackendError) -> Response {
    match super::page::refused(ask, &error) {
        Some((status, why)) => page(app, ask, status, why).await,
        None => ask.failure(&error),
    }
}

async fn page(app: &App, ask: &Ask, status: StatusCode, notice: String) -> Response {
    let lang = ask.lang;
    match app.ask(move |backend| backend.team(lang)).await {
        Ok(people) => {
            let page = TeamPage {
                c: ask.chrome("team", false),
                f: field::words(lang),
                notice,
                bad: status != StatusCode::OK,
                can: ask.may("/team/{key}/portrait"),
                people: people.iter().map(face).collect(),
            };
            ask.html(status, &page)
        }
        Err(error) => ask.failure(&error),
    }
}

fn face(person: &Colleague) -> Face {
    let detail = [person.role.as_str(), person.phone.as_str(), person.badge.as_str()];
    Face {
        id: encode(&person.key),
        href: format!("/team/{}/portrait", encode(&person.key)),
        name: person.name.clone(),
        detail: detail.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
        initial: initial(&person.name),
        portrait: person.portrait,
    }
}

/// Under a sender's name: the role, as it heads a line, and the company.
pub(super) fn signed(role: &str, company: &str) -> String {
    let known = [crate::text::capitalised(role), company.to_owned()].into_iter().filter(|part| !part.is_empty());
    known.collect::<Vec<_>>().join(" · ")
}

/// The first letter of a name, where there is no portrait.
pub(super) fn initial(name: &str) -> String {
    name.chars().next().map_or_else(String::new, |first| first.to_uppercase().collect())
}
