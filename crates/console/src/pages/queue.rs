//! The advisor's queue, and one advisory on a page of its own.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::card::{Card, card};
use super::page::{Ask, Chrome};
use crate::router::App;
use crate::text::{self, Words};
use crate::view::{AdvisoryCard, AdvisoryState};

/// What was just done, so that the page can say so.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Done {
    #[serde(default)]
    done: String,
}

impl Done {
    fn notice(&self, t: &Words) -> &'static str {
        match self.done.as_str() {
            "approved" => t.done_approved,
            "edited" => t.done_edited,
            "postponed" => t.done_postponed,
            "call" => t.done_call,
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
    done: &'static str,
    cards: Vec<Card>,
}

/// `GET /queue`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(done): Query<Done>) -> Response {
    match app.ask(|backend| backend.queue()).await {
        Ok(cards) => {
            let waiting = cards.iter().filter(|card| waits(card)).count();
            let headline = text::queue_headline(waiting, ask.lang);
            page(&app, &ask, &done, headline, false, cards)
        }
        Err(error) => ask.failure(&error),
    }
}

/// Whether a card waits for the advisor and not for the customer.
fn waits(card: &AdvisoryCard) -> bool {
    matches!(card.state, AdvisoryState::Draft | AdvisoryState::CallInstead | AdvisoryState::AnotherTime { .. })
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

fn page(app: &App, ask: &Ask, done: &Done, headline: String, single: bool, cards: Vec<AdvisoryCard>) -> Response {
    let page = QueuePage {
        c: ask.chrome("queue", true),
        headline,
        single,
        done: done.notice(text::words(ask.lang)),
        cards: cards.into_iter().map(|advisory| card(advisory, app, ask.lang)).collect(),
    };
    ask.html(StatusCode::OK, &page)
}
