//! The JSON API under `/api/v1`, described by `/api/v1/openapi.json`. Read only but for customers' replies: what changes
//! something else is done on the pages or arrives over MQTT.

mod desk;
mod json;
mod problem;
mod replies;

use std::borrow::Cow;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use foretell_model::{DAY_MS, MachineId, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use problem::{as_problem, log_failure, problem, refusal};
pub(crate) use replies::PER_MINUTE_MAX as REPLIES_PER_MINUTE_MAX;

use crate::pages::page::machine_of;
use crate::router::App;
use crate::view::QuarantineQuery;
use crate::{BackendError, FindingsQuery, Span};

const OPENAPI: &str = include_str!("openapi.json");

/// Most items in one answer.
const ITEMS_MAX: usize = 10_000;
/// Items in one answer when nothing is asked.
const ITEMS_DEFAULT: usize = 100;
/// Findings when nothing is asked; each takes more than a kilobyte.
const FINDINGS_DEFAULT: usize = 50;

/// Raw bytes of a refused item in an answer.
const RAW_BYTES: usize = 4_096;

/// Machines, customers, advisories and visits in one answer: when nothing is asked, and at most.
const FLEET_PAGE: (usize, usize) = (50, 1_000);
const CUSTOMERS_PAGE: (usize, usize) = (100, 1_000);
const ADVISORIES_PAGE: (usize, usize) = (10, 100);
const VISITS_PAGE: (usize, usize) = (100, 1_000);

/// Every route with its path as OpenAPI writes it, which is as axum writes it.
fn table() -> Vec<(&'static str, MethodRouter<App>)> {
    let mut table = vec![
        ("/api/v1/openapi.json", get(openapi)),
        ("/api/v1/fleet", get(fleet)),
        ("/api/v1/machines/{site}/{machine}", get(machine)),
        ("/api/v1/machines/{site}/{machine}/findings", get(machine_findings)),
        ("/api/v1/machines/{site}/{machine}/readings", get(readings)),
        ("/api/v1/findings", get(findings)),
        ("/api/v1/advisories", get(advisories)),
        ("/api/v1/advisories/{id}", get(advisory)),
        ("/api/v1/clocks", get(clocks)),
        ("/api/v1/replies", post(replies::take)),
        ("/api/v1/ingest", get(ingest)),
        ("/api/v1/quarantine", get(quarantine)),
    ];
    table.extend(desk::table());
    table
}

/// The API's routes.
pub(crate) fn routes() -> Router<App> {
    table().into_iter().fold(Router::new(), |router, (path, method)| router.route(path, method))
}

type Asked<T> = Result<Query<T>, QueryRejection>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingsAsked {
    machine: Option<String>,
    since: Option<String>,
    max: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpanAsked {
    from: Option<String>,
    to: Option<String>,
    max: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuarantineAsked {
    reason: Option<String>,
    machine: Option<String>,
    from: Option<String>,
    to: Option<String>,
    before: Option<u64>,
    max: Option<usize>,
}

/// One page of a long list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PageAsked {
    max: Option<usize>,
    cursor: Option<String>,
}

impl PageAsked {
    fn max(&self, (default, most): (usize, usize)) -> usize {
        self.max.unwrap_or(default).clamp(1, most)
    }

    /// Keeps of a list that is sorted by key the page that is asked for; gives the cursor of the next, if there is one.
    fn cut<T>(&self, list: &mut Vec<T>, page: (usize, usize), key: impl Fn(&T) -> Cow<'_, str>) -> Option<String> {
        if let Some(after) = &self.cursor {
            list.drain(..list.partition_point(|item| *key(item) <= **after));
        }
        let max = self.max(page);
        let next = (list.len() > max).then(|| list.get(max - 1).map(|last| key(last).into_owned())).flatten();
        list.truncate(max);
        next
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct MaxAsked {
    max: Option<usize>,
}

fn query<T>(asked: Asked<T>) -> Result<T, BackendError> {
    asked.map(|Query(asked)| asked).map_err(|refused| BackendError::Invalid(refused.body_text()))
}

/// An instant of a query, as RFC 3339 has it; of a day alone its beginning in UTC.
pub(crate) fn instant(name: &str, text: Option<&String>) -> Result<Option<Timestamp>, BackendError> {
    let read = |text: &String| {
        let whole = if text.len() == "2026-07-18".len() { format!("{text}T00:00:00Z") } else { text.clone() };
        Timestamp::parse(&whole).map_err(|error| BackendError::Invalid(format!("`{name}`: {error}")))
    };
    text.filter(|text| !text.is_empty()).map(read).transpose()
}

fn of_machine(text: Option<&str>) -> Result<Option<MachineId>, BackendError> {
    let machine = text.map(MachineId::parse).transpose();
    machine.map_err(|error| BackendError::Invalid(format!("`machine`: {error}")))
}

fn bounded(max: Option<usize>) -> usize {
    max.unwrap_or(ITEMS_DEFAULT).clamp(1, ITEMS_MAX)
}

fn findings_max(max: Option<usize>) -> usize {
    bounded(max.or(Some(FINDINGS_DEFAULT)))
}

fn answer(found: Result<Value, BackendError>) -> Response {
    match found {
        Ok(value) => axum::Json(value).into_response(),
        Err(error) => problem(&error),
    }
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

async fn fleet(State(app): State<App>, asked: Asked<PageAsked>) -> Response {
    let found = app.ask(move |backend| {
        let (asked, mut fleet) = (query(asked)?, backend.fleet()?);
        fleet.machines.sort_by(|a, b| a.id.as_str().cmp(b.id.as_str()));
        let next = asked.cut(&mut fleet.machines, FLEET_PAGE, |machine| Cow::Borrowed(machine.id.as_str()));
        Ok(json::fleet(&fleet, next))
    });
    answer(found.await)
}

async fn machine(State(app): State<App>, Path((site, machine)): Path<(String, String)>) -> Response {
    answer(app.ask(move |backend| Ok(json::machine(&backend.machine(&machine_of(&site, &machine)?)?))).await)
}

async fn machine_findings(
    State(app): State<App>,
    Path((site, machine)): Path<(String, String)>,
    asked: Asked<MaxAsked>,
) -> Response {
    let found = app.ask(move |backend| {
        let machine = Some(machine_of(&site, &machine)?);
        let query = FindingsQuery { machine, since: None, max: findings_max(query(asked)?.max) };
        Ok(json!({ "findings": json::findings(&backend.findings(&query)?) }))
    });
    answer(found.await)
}

async fn findings(State(app): State<App>, asked: Asked<FindingsAsked>) -> Response {
    let found = app.ask(move |backend| {
        let asked = query(asked)?;
        let machine = of_machine(asked.machine.as_deref())?;
        let since = instant("since", asked.since.as_ref())?;
        let query = FindingsQuery { machine, since, max: findings_max(asked.max) };
        Ok(json!({ "findings": json::findings(&backend.findings(&query)?) }))
    });
    answer(found.await)
}

async fn readings(
    State(app): State<App>,
    Path((site, machine)): Path<(String, String)>,
    asked: Asked<SpanAsked>,
) -> Response {
    let found = app.ask(move |backend| {
        let id = machine_of(&site, &machine)?;
        let asked = query(asked)?;
        let to = instant("to", asked.to.as_ref())?.unwrap_or_else(|| backend.now() + 1);
        let from = instant("from", asked.from.as_ref())?.unwrap_or(to + -DAY_MS);
        let readings = backend.readings(&id, Span { from, to }, bounded(asked.max))?;
        let readings: Vec<Value> = readings.iter().map(json::reading).collect();
        Ok(json!({ "machine": id.as_str(), "from": from.to_string(), "to": to.to_string(), "readings": readings }))
    });
    answer(found.await)
}

/// The queue has an order of its own, so its cursor is a place in it.
async fn advisories(State(app): State<App>, asked: Asked<PageAsked>) -> Response {
    let found = app.ask(move |backend| {
        let asked = query(asked)?;
        let from = asked.cursor.as_deref().map_or(Ok(0), str::parse::<usize>);
        let from = from.map_err(|_| BackendError::Invalid("`cursor` is none that was given out".to_owned()))?;
        let queue = backend.queue(from, asked.max(ADVISORIES_PAGE))?;
        // Beyond the end one gets the last cards again; a program has had them.
        let cards: Vec<Value> = queue.cards.iter().filter(|_| queue.from >= from).map(json::advisory).collect();
        let end = queue.from + queue.cards.len();
        let next = (end < queue.all && queue.from >= from).then(|| end.to_string());
        Ok(json!({ "advisories": cards, "next": next }))
    });
    answer(found.await)
}

async fn advisory(State(app): State<App>, Path(id): Path<String>) -> Response {
    answer(app.ask(move |backend| Ok(json::advisory(&backend.advisory(&id)?))).await)
}

async fn ingest(State(app): State<App>) -> Response {
    answer(app.ask(|backend| Ok(json::ingest(&backend.ingest()?))).await)
}

async fn clocks(State(app): State<App>, asked: Asked<MaxAsked>) -> Response {
    let found = app.ask(move |backend| {
        let max = bounded(query(asked)?.max);
        let clocks: Vec<Value> = backend.clocks()?.iter().take(max).map(json::clock).collect();
        Ok(json!({ "clocks": clocks }))
    });
    answer(found.await)
}

async fn quarantine(State(app): State<App>, asked: Asked<QuarantineAsked>) -> Response {
    let found = app.ask(move |backend| {
        let asked = query(asked)?;
        let query = QuarantineQuery {
            machine: of_machine(asked.machine.as_deref())?,
            from: instant("from", asked.from.as_ref())?,
            to: instant("to", asked.to.as_ref())?,
            reason: asked.reason,
            before: asked.before,
            max: bounded(asked.max),
            raw_bytes_max: RAW_BYTES,
        };
        let items: Vec<Value> = backend.quarantine(&query)?.iter().map(json::quarantined).collect();
        Ok(json!({ "quarantine": items }))
    });
    answer(found.await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_lists_every_route_and_no_other() {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let described: Vec<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut served: Vec<&str> = table().into_iter().map(|(path, _)| path).collect();
        served.sort_unstable();
        assert_eq!(described, served);
    }

    #[test]
    fn every_reference_of_the_description_leads_somewhere() {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let mut references = 0;
        for piece in OPENAPI.split("\"$ref\"").skip(1) {
            let pointer = piece.split('"').nth(1).unwrap().trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{pointer}");
            references += 1;
        }
        assert!(references > 10);
    }
}
