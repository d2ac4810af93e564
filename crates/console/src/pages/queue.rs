//! The advisor's queue, and one advisory on a page of its own.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use foretell_model::Obstacle;
use serde::Deserialize;

use super::card::{Card, card};
use super::case_row::{CaseRow, customer_href, row};
use super::field_acts;
use super::kept::Kept;
use super::page::{self, Ask, Chrome, advisory_href};
use super::pager::{self, Pager};
use crate::router::App;
use crate::text;
use crate::view::{AdvisoryCard, CaseDesk, Draft, LooseReply, ServiceCase, UntoldLine, UntoldOf};
use crate::{BackendError, Lang, civil};

/// Cards on one page; with their curves and letters some 75 KiB.
const CARDS_MAX: usize = 3;

/// Broken machines shown before the cards; the others are a link away.
const BROKEN_MAX: usize = 5;

/// What was just done, so that the page can say so, and which page of the queue is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Done {
    done: String,
    page: usize,
    /// A form of the card that is to stand open, e.g. `move`.
    open: String,
}

impl Done {
    /// The form that a link from elsewhere leads to.
    fn opened(&self) -> Kept {
        match self.open.as_str() {
            "move" => Kept::of("move", &[]),
            "cancel" => Kept::of("cancel", &[]),
            _ => Kept::default(),
        }
    }

    fn notice(&self, lang: Lang) -> &'static str {
        let t = text::words(lang);
        match self.done.as_str() {
            "approved" => t.done_approved,
            "edited" => t.done_edited,
            "postponed" => t.done_postponed,
            "call" => t.done_call,
            "called" => t.done_called,
            "booked" => t.done_booked,
            "moved" => t.done_moved,
            "cancelled" => t.done_cancelled,
            "closed" => t.done_closed,
            "visited" => t.done_visited,
            "missed" => t.done_missed,
            "arrived" => t.done_arrived,
            "again" => t.done_again,
            "revoked" => t.done_revoked,
            "noted" => t.done_noted,
            "written" => t.done_written,
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
    /// Something was refused.
    bad: bool,
    cards: Vec<Card>,
    /// What is broken and waits for somebody: the promise that is nearest to slipping comes first.
    broken: Vec<CaseRow>,
    /// How many of them there are, where not all are shown.
    broken_all: Option<usize>,
    /// Words that may not have arrived, about which no card asks.
    untold: Vec<Untold>,
    /// What customers wrote outside of any case.
    replies: Vec<Reply>,
    p: Pager,
}

/// What a customer wrote outside of any case, and where its customer stands.
struct Reply {
    id: i64,
    href: String,
    from: String,
    text: String,
    at: String,
}

impl Reply {
    fn of(reply: LooseReply, ask: &Ask) -> Self {
        let from = [reply.customer, reply.machine_name].into_iter().filter(|part| !part.is_empty());
        Self {
            id: reply.id,
            href: customer_href(&reply.customer_id),
            from: from.collect::<Vec<_>>().join(" · "),
            text: reply.text,
            at: civil::date_time(reply.at, ask.place(reply.zone), ask.lang),
        }
    }
}

/// A word that may not have arrived, and the page on which that is settled.
struct Untold {
    href: String,
    /// It is a note that the customer cannot read.
    is_note: bool,
    line: UntoldLine,
}

impl From<UntoldLine> for Untold {
    fn from(line: UntoldLine) -> Self {
        let href = match &line.of {
            UntoldOf::Advisory(advisory) => advisory_href(advisory),
            UntoldOf::Case(case) => format!("/cases/{case}"),
            UntoldOf::Note(errand) => format!("{}#note", field_acts::href(*errand)),
        };
        let is_note = matches!(line.of, UntoldOf::Note(_));
        Self { href, is_note, line }
    }
}

/// Broken machines that wait for somebody.
#[derive(Default)]
struct Broken {
    all: usize,
    rows: Vec<CaseRow>,
}

impl Broken {
    fn of(desk: CaseDesk, ask: &Ask) -> Self {
        let mut waiting: Vec<ServiceCase> =
            desk.open.into_iter().chain(desk.closed).filter(ServiceCase::waits).collect();
        waiting.sort_by_key(ServiceCase::urgency);
        let rows = waiting.iter().take(BROKEN_MAX).map(|case| row(case, desk.now, ask)).collect();
        Self { all: waiting.len(), rows }
    }
}

/// `GET /queue`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(done): Query<Done>) -> Response {
    let from = done.page.saturating_sub(1).saturating_mul(CARDS_MAX);
    let lang = ask.lang;
    match app.ask(move |backend| Ok((backend.queue(from, CARDS_MAX)?, backend.cases(lang)?))).await {
        Ok((queue, cases)) => {
            let broken = Broken::of(cases, &ask);
            let waiting = queue.waiting + broken.all + queue.untold.len() + queue.replies.len();
            let number = queue.from.div_ceil(CARDS_MAX) + 1;
            let p = pager::of(queue.all, number, CARDS_MAX, ("/queue", &[]), lang);
            let headline = text::queue_headline(waiting, lang);
            laid_out(&app, &ask, &done, headline, Some(p), (queue.cards, broken, queue.untold, queue.replies))
        }
        Err(error) => ask.failure(&error),
    }
}

/// `POST /queue/replies/{id}/noted`
pub(crate) async fn noted(State(app): State<App>, ask: Ask, Path(id): Path<i64>) -> Response {
    let by = ask.by.clone();
    match app.ask(move |backend| backend.note_reply(id, &by)).await {
        Ok(()) => Redirect::to("/queue?done=noted").into_response(),
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
            let headline = format!("{} · {}", card.machine_name, card.site_name);
            laid_out(&app, &ask, &done, headline, None, (vec![card], Broken::default(), Vec::new(), Vec::new()))
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
    (typed, kept): (Option<Draft>, Kept),
    error: BackendError,
) -> Response {
    let t = text::words(ask.lang);
    let told = text::refusal(&error, ask.lang);
    if told.is_none() && !matches!(error, BackendError::Text(_)) {
        return ask.failure(&error);
    }
    let Ok(now) = app.ask(move |backend| backend.advisory(&id)).await else { return ask.failure(&error) };
    let headline = format!("{} · {}", now.machine_name, now.site_name);
    let is_written = now.is_written;
    let card = card(now, app, ask);
    let letters = text::letters::words(ask.lang);
    let problems = match &error {
        BackendError::Text(faults) => faults.iter().map(|fault| text::breach(fault, ask.lang)).collect(),
        // Who was faster is a colleague, and can be asked.
        BackendError::Refused(told) if typed.is_none() && told.why == Obstacle::Stale => {
            vec![format!("{} {}", t.conflict_text, card.decided).trim().to_owned()]
        }
        // Nobody puts their words in the place of a colleague's unseen.
        BackendError::Refused(told) if is_written && card.can.approve && told.why == Obstacle::Stale => {
            vec![format!("{} {}", letters.edit_beside, card.decided).trim().to_owned()]
        }
        _ if typed.is_none() || page::status_of(&error) == StatusCode::UNPROCESSABLE_ENTITY => {
            told.into_iter().collect()
        }
        _ if card.can.approve => vec![letters.edit_stale.to_owned()],
        _ => vec![letters.edit_late.to_owned()],
    };
    // Beside the form where one is open, else at the head of the page.
    let done = if typed.is_some() { String::new() } else { problems.join(" ") };
    let is_odd = matches!(&error, BackendError::Refused(told) if told.why == Obstacle::OddHour);
    let card = Card { ask_odd: is_odd || kept.has("agreed"), ..card };
    let (status, cards) = (page::status_of(&error), vec![card.refused(typed, kept, problems)]);
    let page = QueuePage {
        c: ask.chrome("queue", true),
        headline,
        single: true,
        done,
        bad: true,
        cards,
        broken: Vec::new(),
        broken_all: None,
        untold: Vec::new(),
        replies: Vec::new(),
        p: Pager::default(),
    };
    ask.html(status, &page)
}

/// `pager` is none on the page of a single card.
fn laid_out(
    app: &App,
    ask: &Ask,
    done: &Done,
    headline: String,
    pager: Option<Pager>,
    (cards, broken, untold, replies): (Vec<AdvisoryCard>, Broken, Vec<UntoldLine>, Vec<LooseReply>),
) -> Response {
    let page = QueuePage {
        c: ask.chrome("queue", true),
        headline,
        single: pager.is_none(),
        bad: false,
        done: done.notice(ask.lang).to_owned(),
        cards: cards.into_iter().map(|advisory| Card { kept: done.opened(), ..card(advisory, app, ask) }).collect(),
        broken_all: Some(broken.all).filter(|all| *all > broken.rows.len()),
        broken: broken.rows,
        untold: untold.into_iter().map(Untold::from).collect(),
        replies: replies.into_iter().map(|reply| Reply::of(reply, ask)).collect(),
        p: pager.unwrap_or_default(),
    };
    ask.html(StatusCode::OK, &page)
}
