//! The quarantine page by page: by reason, machine and time, newest first.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono_tz::Tz;
use foretell_model::{MachineId, Quarantined, Timestamp};
use serde::Deserialize;

use super::ingest::{QuarantineRow, quarantine_row};
use super::page::{Ask, Chrome, encode};
use crate::router::App;
use crate::view::{IngestStatus, QuarantineQuery};
use crate::{BackendError, civil, text};

/// Items on one page.
const ITEMS: usize = 50;

/// Raw bytes read of each.
const RAW_BYTES: usize = 2_000;

/// What the form asks; an empty field asks nothing. Times are UTC, as everything about arrival is.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    reason: Option<String>,
    machine: Option<String>,
    from: Option<String>,
    to: Option<String>,
    before: Option<u64>,
}

#[derive(Template)]
#[template(path = "quarantine.html")]
struct QuarantinePage {
    c: Chrome,
    reasons: Vec<Choice>,
    machine: String,
    from: String,
    to: String,
    items: Vec<QuarantineRow>,
    older_href: Option<String>,
}

struct Choice {
    code: String,
    name: String,
    count: String,
    selected: bool,
}

/// `GET /quarantine`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(asked): Query<Asked>) -> Response {
    let found = app.ask({
        let asked = asked.clone();
        move |backend| {
            let query = query(&asked)?;
            Ok((backend.quarantine(&query)?, backend.ingest()?))
        }
    });
    match found.await {
        Ok((items, status)) => ask.html(StatusCode::OK, &lay_out(items, &status, &asked, &ask)),
        Err(error) => ask.failure(&error),
    }
}

fn given(field: &Option<String>) -> Option<&str> {
    field.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn query(asked: &Asked) -> Result<QuarantineQuery, BackendError> {
    let instant = |field: &Option<String>| -> Result<Option<Timestamp>, BackendError> {
        let Some(text) = given(field) else { return Ok(None) };
        let read = civil::from_field(text, Tz::UTC).map(Some);
        read.ok_or_else(|| BackendError::Invalid(format!("`{text}` is not a date and time")))
    };
    let machine = given(&asked.machine).map(MachineId::parse).transpose();
    Ok(QuarantineQuery {
        reason: given(&asked.reason).map(str::to_owned),
        machine: machine.map_err(|error| BackendError::Invalid(error.to_string()))?,
        from: instant(&asked.from)?,
        to: instant(&asked.to)?,
        before: asked.before,
        max: ITEMS,
        raw_bytes_max: RAW_BYTES,
    })
}

fn lay_out(items: Vec<Quarantined>, status: &IngestStatus, asked: &Asked, ask: &Ask) -> QuarantinePage {
    let lang = ask.lang;
    let text = |field: &Option<String>| given(field).unwrap_or_default().to_owned();
    let reasons = status.held.iter().map(|held| Choice {
        name: text::refusal_reason(&held.reason, lang),
        count: text::number(held.count as f64, lang),
        selected: given(&asked.reason) == Some(&held.reason),
        code: held.reason.clone(),
    });
    let older = items.last().filter(|_| items.len() == ITEMS).map(|last| {
        let field = |name: &str, value: &Option<String>| format!("{name}={}", encode(given(value).unwrap_or_default()));
        let fields = [
            field("reason", &asked.reason),
            field("machine", &asked.machine),
            field("from", &asked.from),
            field("to", &asked.to),
        ];
        format!("/quarantine?{}&before={}", fields.join("&"), last.id)
    });
    QuarantinePage {
        c: ask.chrome("ingest", false),
        reasons: reasons.collect(),
        machine: text(&asked.machine),
        from: text(&asked.from),
        to: text(&asked.to),
        older_href: older,
        items: items.into_iter().map(|item| quarantine_row(item, status.now, lang)).collect(),
    }
}
