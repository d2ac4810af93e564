//! How often forecasts were right, by fault, and the verdict on one of them.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::{Catalogue, FaultCode, Obstacle};
use serde::Deserialize;

use super::answer::answered;
use super::case_acts::cut;
use super::kept::Kept;
use super::page::{Ask, Chrome, advisory_href};
use super::queue::show_again;
use crate::router::App;
use crate::text::{self, desk};
use crate::view::{Choice, FaultPrecision, Found, Verdict};
use crate::{BackendError, Lang, civil};

#[derive(Template)]
#[template(path = "verdicts.html")]
struct VerdictsPage {
    c: Chrome,
    headline: String,
    /// The share of all with its interval; empty where there are too few for one.
    share: String,
    rows: Vec<Row>,
}

struct Row {
    fault: String,
    confirmed: u32,
    something_else: u32,
    not_found: u32,
    /// How many of how many.
    of_all: String,
    /// The share with its interval; empty where there are too few for one.
    share: String,
    /// Widths of the three parts of the bar and where the second and third begin, per cent.
    bar: [u32; 5],
}

/// `GET /verdicts`
pub(crate) async fn show(State(app): State<App>, ask: Ask) -> Response {
    match app.ask(|backend| backend.precision()).await {
        Ok(faults) => ask.html(StatusCode::OK, &lay_out(faults, &app.options.catalogue, &ask)),
        Err(error) => ask.failure(&error),
    }
}

fn lay_out(mut faults: Vec<FaultPrecision>, catalogue: &Catalogue, ask: &Ask) -> VerdictsPage {
    let all = |fault: &FaultPrecision| fault.confirmed + fault.not_found + fault.something_else;
    faults.sort_by_key(|fault| (std::cmp::Reverse(all(fault)), fault.fault.clone()));
    let (confirmed, total) = faults.iter().fold((0, 0), |(c, n), fault| (c + fault.confirmed, n + all(fault)));
    let row = |fault: &FaultPrecision| {
        let all = all(fault).max(1);
        let share = |n: u32| (100.0 * f64::from(n) / f64::from(all)).round() as u32;
        let (first, second) = (share(fault.confirmed), share(fault.confirmed + fault.something_else));
        let (of_all, interval) = desk::confirmed_of(fault.confirmed, all, ask.lang);
        Row {
            fault: name(&fault.fault, catalogue, ask.lang),
            confirmed: fault.confirmed,
            something_else: fault.something_else,
            not_found: fault.not_found,
            of_all,
            share: interval,
            bar: [first, first, second - first, second, 100 - second.min(100)],
        }
    };
    VerdictsPage {
        c: ask.chrome("verdicts", true),
        headline: desk::precision_headline(confirmed, total, ask.lang),
        share: desk::confirmed_of(confirmed, total, ask.lang).1,
        rows: faults.iter().map(row).collect(),
    }
}

fn name(fault: &str, catalogue: &Catalogue, lang: Lang) -> String {
    FaultCode::new(fault).map_or_else(|| fault.replace('_', " "), |code| text::fault(&code, catalogue, lang))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Given {
    id: String,
    found: String,
    #[serde(default)]
    instead: String,
    #[serde(default)]
    note: String,
}

/// `POST /queue/verdict`
pub(crate) async fn give(State(app): State<App>, ask: Ask, Form(form): Form<Given>) -> Response {
    let (id, by) = (form.id.clone(), ask.by.clone());
    let kept = Kept::of("verdict", &[("found", &form.found), ("instead", &form.instead), ("note", &form.note)]);
    let given = app.ask(move |backend| {
        let found = Found::from_name(&form.found);
        let found = found.ok_or(BackendError::from(Obstacle::FoundMissing))?;
        let instead = Some(form.instead).filter(|code| found == Found::SomethingElse && !code.is_empty());
        backend.give_verdict(&form.id, (found, instead), &cut(&form.note), &by)
    });
    let to = format!("{}?done=verdict", advisory_href(&id));
    answered(given, |()| to, |error| show_again(&app, &ask, id, (None, kept), error)).await
}

/// Faults that could be found instead.
pub(super) fn faults(catalogue: &Catalogue, lang: Lang) -> Vec<Choice> {
    catalogue.faults.iter().map(|fault| choice(&fault.code, catalogue, lang)).collect()
}

/// Faults that a customer may be told of.
pub(super) fn faults_told(catalogue: &Catalogue, lang: Lang) -> Vec<Choice> {
    let told = catalogue.faults.iter().filter(|fault| fault.customer);
    told.map(|fault| choice(&fault.code, catalogue, lang)).collect()
}

fn choice(code: &FaultCode, catalogue: &Catalogue, lang: Lang) -> Choice {
    Choice { key: code.to_string(), name: text::fault(code, catalogue, lang) }
}

/// A verdict in a line.
pub(super) fn verdict_line(verdict: &Verdict, zone: chrono_tz::Tz, catalogue: &Catalogue, lang: Lang) -> String {
    let instead = verdict.instead.as_ref().map(|fault| name(fault, catalogue, lang));
    let said = [Some(desk::found(verdict.found, lang).to_owned()), instead, Some(verdict.note.clone())];
    let mut said: Vec<String> = said.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    said.push(format!("{} {}", text::who(&verdict.who, lang), civil::date(verdict.at, zone, lang)));
    said.join(" · ")
}
