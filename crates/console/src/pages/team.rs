//! Our people as customers meet them, with their portraits.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::page::{Ask, Chrome, encode};
use super::pager::{self, Pager};
use super::visits;
use crate::BackendError;
use crate::router::App;
use crate::text::field;
use crate::view::Colleague;

/// People on one page.
const PEOPLE_MAX: usize = 48;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    done: String,
    page: usize,
    /// Key of somebody whose page is wanted, whichever it is.
    who: String,
}

/// The place of somebody on the page that they stand on.
pub(super) fn place_of(key: &str, more: &str) -> String {
    let key = encode(key);
    format!("/team?{more}who={key}#{key}")
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
    p: Pager,
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
    page(&app, &ask, StatusCode::OK, notice, &asked).await
}

/// The page again, with why a portrait was not taken.
pub(super) async fn refused(app: &App, ask: &Ask, key: &str, error: BackendError) -> Response {
    match super::page::refused(ask, &error) {
        Some((status, why)) => page(app, ask, status, why, &Asked { who: key.to_owned(), ..Asked::default() }).await,
        None => ask.failure(&error),
    }
}

async fn page(app: &App, ask: &Ask, status: StatusCode, notice: String, asked: &Asked) -> Response {
    let lang = ask.lang;
    match app.ask(move |backend| backend.team(lang)).await {
        Ok(mut people) => {
            let number = page_of(&people, asked);
            let p = pager::cut(&mut people, number, PEOPLE_MAX, ("/team", &[]), lang);
            let page = TeamPage {
                c: ask.chrome("team", false),
                f: field::words(lang),
                notice,
                bad: status != StatusCode::OK,
                can: ask.may("/team/{key}/portrait"),
                people: people.iter().map(face).collect(),
                p,
            };
            ask.html(status, &page)
        }
        Err(error) => ask.failure(&error),
    }
}

/// Which page is wanted: the one that somebody asked for stands on, or the one of that number.
fn page_of(people: &[Colleague], asked: &Asked) -> usize {
    let place = people.iter().position(|person| person.key == asked.who);
    place.map_or(asked.page, |place| place / PEOPLE_MAX + 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_asked_for_is_on_the_page() {
        let person = |n: usize| Colleague {
            key: format!("t {n}"),
            name: String::new(),
            role: String::new(),
            phone: String::new(),
            badge: String::new(),
            portrait: None,
        };
        let people: Vec<Colleague> = (0..2 * PEOPLE_MAX + 1).map(person).collect();
        #[track_caller]
        fn check(people: &[Colleague], page: usize, who: &str, expected: usize) {
            let asked = Asked { done: String::new(), page, who: who.to_owned() };
            assert_eq!(page_of(people, &asked), expected);
        }
        check(&people, 2, "", 2);
        check(&people, 1, "t 0", 1);
        check(&people, 1, "t 47", 1);
        check(&people, 1, "t 48", 2);
        check(&people, 0, "t 96", 3);
        check(&people, 2, "nobody", 2);
        assert_eq!(place_of("t 48", "done=portrait&"), "/team?done=portrait&who=t%2048#t%2048");
    }
}
