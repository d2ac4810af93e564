//! What is found for a word: machines, customers, cases, letters, parts, people.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::case_row::customer_href;
use super::page::{Ask, Chrome, advisory_href, encode};
use super::team;
use crate::router::App;
use crate::text::{desk, field};
use crate::view::{Hit, Hits};

/// Things of each kind on the page.
const HITS_MAX: usize = 40;
/// Longest word that is looked for, characters.
const SOUGHT_CHARS_MAX: usize = 100;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    c: Chrome,
    headline: String,
    kinds: Vec<(&'static str, Vec<Found>)>,
    nothing: &'static str,
    more: bool,
}

struct Found {
    href: String,
    name: String,
    detail: String,
}

/// `GET /search`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(asked): Query<Asked>) -> Response {
    let sought: String = asked.q.trim().chars().take(SOUGHT_CHARS_MAX).collect();
    let (needle, lang) = (sought.to_lowercase(), ask.lang);
    let found = match needle.is_empty() {
        true => Ok(Hits::default()),
        false => app.ask(move |backend| backend.search(&needle, HITS_MAX, lang)).await,
    };
    match found {
        Ok(hits) => {
            let hits = hits.for_whom(|pattern| ask.may_see(pattern));
            ask.html(StatusCode::OK, &lay_out(&hits, &sought, &ask))
        }
        Err(error) => ask.failure(&error),
    }
}

fn lay_out(hits: &Hits, sought: &str, ask: &Ask) -> SearchPage {
    let d = desk::words(ask.lang);
    let found = |hits: &[Hit], href: &dyn Fn(&str) -> String| -> Vec<Found> {
        let one = |hit: &Hit| Found { href: href(&hit.key), name: hit.name.clone(), detail: hit.detail.clone() };
        hits.iter().map(one).collect()
    };
    let parts = |key: &str| format!("/planning#part-{}", encode(key));
    let mut kinds = vec![
        (d.cases, found(&hits.cases, &|key| format!("/cases/{key}"))),
        (d.customers, found(&hits.customers, &customer_href)),
        (d.machines, found(&hits.machines, &|key| format!("/m/{key}"))),
        (d.letters, found(&hits.letters, &letter_href)),
        (d.parts_demand, found(&hits.parts, &parts)),
        (field::words(ask.lang).team, found(&hits.people, &|key| team::place_of(key, ""))),
    ];
    kinds.retain(|(_, found)| !found.is_empty());
    SearchPage {
        c: ask.chrome("", false).searching(sought, ""),
        headline: desk::search_headline(sought, ask.lang),
        nothing: match (kinds.is_empty(), sought.is_empty()) {
            (true, true) => d.search_ask,
            (true, false) => d.search_none,
            (false, _) => "",
        },
        kinds,
        more: hits.more,
    }
}

/// Where a letter can be read: with the case that it is about.
fn letter_href(about: &str) -> String {
    if about.starts_with("case/") { about.replacen("case/", "/cases/", 1) } else { advisory_href(about) }
}
