//! The advisor's queue, and one advisory on a page of its own.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::card::{Can, Card, card};
use super::page::{Ask, Chrome};
use crate::router::App;
use crate::text;
use crate::view::{AdvisoryCard, Draft};
use crate::{BackendError, Lang};

/// What was just done, so that the page can say so.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Done {
    #[serde(default)]
    done: String,
}

impl Done {
    fn notice(&self, lang: Lang) -> &'static str {
        let t = text::words(lang);
        match self.done.as_str() {
            "approved" => t.done_approved,
            "edited" => t.done_edited,
            "postponed" => t.done_postponed,
            "call" => t.done_call,
            "called" => t.done_called,
            "booked" => t.done_booked,
            "closed" => t.done_closed,
            "visited" => t.done_visited,
            "missed" => t.done_missed,
            "verdict" => text::desk::words(lang).done_verdict,
            _ => "",
        }
    }
}

#[derive(Template)]
#[template(path = "queue.html")]
struct QueuePage {
    c: Chrome,
    headline: String,
    single: bool,
    done: String,
    cards: Vec<Card>,
}

/// `GET /queue`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(done): Query<Done>) -> Response {
    match app.ask(|backend| backend.queue()).await {
        Ok(cards) => {
            let waiting = cards.iter().filter(|card| Can::waits(&card.state)).count();
            let headline = text::queue_headline(waiting, ask.lang);
            page(&app, &ask, &done, headline, false, cards)
        }
        Err(error) => ask.failure(&error),
    }
}

/// `GET /advisory/{id}`
pub(crate) async fn show_one(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<String>,
    Query(done): Query<Done>,
) -> Response {
    match app.ask(move |backend| backend.advisory(&id)).await {
        Ok(card) => {
            let headline = format!("{}, {}", card.machine_name, card.site_name);
            page(&app, &ask, &done, headline, true, vec![card])
        }
        Err(error) => ask.failure(&error),
    }
}

/// The card as it stands now, when what an advisor decided could not be done: what was typed is kept, and the reason stands
/// beside it.
pub(crate) async fn show_again(
    app: &App,
    ask: &Ask,
    id: String,
    typed: Option<Draft>,
    error: BackendError,
) -> Response {
    let t = text::words(ask.lang);
    let status = match &error {
        BackendError::Conflict(_) => StatusCode::CONFLICT,
        BackendError::Invalid(_) | BackendError::Text(_) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => return ask.failure(&error),
    };
    let Ok(now) = app.ask(move |backend| backend.advisory(&id)).await else { return ask.failure(&error) };
    let headline = format!("{}, {}", now.machine_name, now.site_name);
    let card = card(now, app, ask.lang);
    let problems = match &error {
        BackendError::Text(faults) => faults.iter().map(|fault| text::text_fault(fault, ask.lang)).collect(),
        BackendError::Invalid(why) => vec![why.clone()],
        _ if typed.is_none() => vec![t.conflict_text.to_owned()],
        _ if card.can.approve => vec![t.edit_stale.to_owned()],
        _ => vec![t.edit_late.to_owned()],
    };
    // Beside the form where one is open, else at the head of the page.
    let done = if typed.is_some() { String::new() } else { problems.join(" ") };
    let cards = vec![card.refused(typed, problems)];
    ask.html(status, &QueuePage { c: ask.chrome("queue", true), headline, single: true, done, cards })
}

fn page(app: &App, ask: &Ask, done: &Done, headline: String, single: bool, cards: Vec<AdvisoryCard>) -> Response {
    let page = QueuePage {
        c: ask.chrome("queue", true),
        headline,
        single,
        done: done.notice(ask.lang).to_owned(),
        cards: cards.into_iter().map(|advisory| card(advisory, app, ask.lang)).collect(),
    };
    ask.html(StatusCode::OK, &page)
}
