//! Raw readings over a span: the bottom of every claim.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::{DAY_MS, Reading};
use serde::Deserialize;

use super::page::{Ask, Chrome, machine_href, machine_of};
use super::table::{ReadingsTable, table};
use crate::router::App;
use crate::view::MachineDetail;
use crate::{BackendError, Span, civil, text};

/// Most readings on one page.
const READINGS_MAX: usize = 1_000;

/// The span asked for, as two `datetime-local` fields in the site's zone; the last day when absent.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    from: Option<String>,
    to: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "readings.html")]
struct ReadingsPage {
    c: Chrome,
    name: String,
    site: String,
    machine_href: String,
    json_href: String,
    summary: String,
    from: String,
    to: String,
    table: ReadingsTable,
}

/// `GET /m/{site}/{machine}/readings`
pub(crate) async fn show(
    State(app): State<App>,
    ask: Ask,
    Path((site, machine)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let found = app.ask(move |backend| {
        let id = machine_of(&site, &machine)?;
        let detail = backend.machine(&id)?;
        let span = span(&asked, &detail)?;
        let readings = backend.readings(&id, span, READINGS_MAX)?;
        Ok((detail, span, readings))
    });
    match found.await {
        Ok((detail, span, readings)) => ask.html(StatusCode::OK, &lay_out(&detail, span, readings, &ask)),
        Err(error) => ask.failure(&error),
    }
}

fn span(asked: &Asked, detail: &MachineDetail) -> Result<Span, BackendError> {
    let zone = detail.summary.zone;
    let read = |text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => civil::from_field(text, zone)
            .map(Some)
            .ok_or_else(|| BackendError::Invalid(format!("`{text}` is not a date and time"))),
    };
    // Past the newest reading by a minute, so that the reading itself is inside.
    let newest = detail.summary.last_reading.map_or(detail.curve.now, |last| last + 60_000);
    let to = read(&asked.to)?.unwrap_or(newest);
    let from = read(&asked.from)?.unwrap_or(to + -DAY_MS);
    Ok(Span { from, to })
}

fn lay_out(detail: &MachineDetail, span: Span, mut readings: Vec<Reading>, ask: &Ask) -> ReadingsPage {
    let machine = &detail.summary;
    let (zone, lang) = (machine.zone, ask.lang);
    readings.reverse();
    ReadingsPage {
        c: ask.chrome("fleet", false),
        name: machine.name.clone(),
        site: machine.site_name.clone(),
        machine_href: machine_href(&machine.id),
        json_href: format!("/api/v1/machines/{}/readings?from={}&to={}", machine.id, span.from, span.to),
        summary: text::readings_summary(readings.len(), READINGS_MAX, lang),
        from: civil::field(span.from, zone),
        to: civil::field(span.to, zone),
        table: table(&readings, zone, lang),
    }
}
