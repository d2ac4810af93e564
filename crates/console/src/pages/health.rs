//! A machine's health report: as a page, and as the PDF that a customer keeps.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use foretell_model::{MachineId, Timestamp};
use serde::Deserialize;

use super::figure::{Figure, report_figure};
use super::page::{Ask, Chrome, encode, machine_href, machine_of};
use crate::api::instant;
use crate::health::sheet::Sheet;
use crate::router::App;
use crate::view::HealthReport;
use crate::{BackendError, health};

/// Longest span a report looks back on, days.
const SPAN_DAYS_MAX: f64 = 3_660.0;

/// The span of a report: days, or instants as RFC 3339 has them.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    from: Option<String>,
    to: Option<String>,
}

#[derive(Template)]
#[template(path = "health.html")]
struct HealthPage {
    c: Chrome,
    s: Sheet,
    fig: Figure,
    machine_href: String,
    pdf_href: String,
    photo_base: &'static str,
}

/// `GET /m/{site}/{machine}/report`, with `from` and `to` as dates or RFC 3339.
pub(crate) async fn show(
    State(app): State<App>,
    ask: Ask,
    Path((site, machine)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    match report(&app, &ask, (&site, &machine), &asked).await {
        Ok((id, report)) => {
            let sheet = Sheet::of(&report, &app.options.catalogue, ask.lang);
            let end = |name, end: &Option<String>| end.as_ref().map(|end| format!("&{name}={}", encode(end)));
            let span = [end("from", &asked.from), end("to", &asked.to)].into_iter().flatten().collect::<String>();
            let page = HealthPage {
                c: ask.chrome("fleet", false),
                fig: report_figure(&report.detail.curve, &sheet.now_name, &app.options.catalogue, ask.lang),
                s: sheet,
                photo_base: "/photos",
                machine_href: machine_href(&id),
                pdf_href: format!("{}/report.pdf?lang={}{span}", machine_href(&id), ask.lang.tag()),
            };
            ask.html(StatusCode::OK, &page)
        }
        Err(error) => ask.failure(&error),
    }
}

/// `GET /m/{site}/{machine}/report.pdf`
pub(crate) async fn pdf(
    State(app): State<App>,
    ask: Ask,
    Path((site, machine)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    match report(&app, &ask, (&site, &machine), &asked).await {
        Ok((id, report)) => match typeset(&app, report, ask.lang).await {
            Ok(bytes) => file(&id, bytes),
            Err(error) => ask.failure(&error),
        },
        Err(error) => ask.failure(&error),
    }
}

/// One report at a time: typesetting takes a core, and readings come first.
pub(super) async fn typeset(app: &App, report: HealthReport, lang: crate::Lang) -> Result<Vec<u8>, BackendError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| BackendError::Failed {
        attempted: "typeset a health report".to_owned(),
        source,
    };
    let _turn = app.typesetting.acquire().await.map_err(|error| failed(error.into()))?;
    let (options, fonts) = (Arc::clone(&app.options), app.fonts.clone());
    let done = tokio::task::spawn_blocking(move || {
        health::pdf(
            &report,
            &options.catalogue,
            lang,
            fonts.get_or_init(|| health::Fonts::find(options.fonts_dir.as_deref())),
        )
    });
    match done.await {
        Ok(Ok(bytes)) => Ok(bytes),
        // What is missing and the remedy are for whoever runs this; they may read it.
        Ok(Err(error)) => Err(BackendError::Invalid(error.to_string())),
        Err(panicked) => Err(failed(panicked.into())),
    }
}

fn file(id: &MachineId, bytes: Vec<u8>) -> Response {
    let mut response = ([(header::CONTENT_TYPE, "application/pdf")], bytes).into_response();
    let name = format!("inline; filename=\"health-{}-{}.pdf\"", id.site(), id.machine());
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

async fn report(
    app: &App,
    ask: &Ask,
    (site, machine): (&str, &str),
    asked: &Asked,
) -> Result<(MachineId, HealthReport), BackendError> {
    let (id, lang) = (machine_of(site, machine)?, ask.lang);
    let span = span(asked)?;
    let report = app.ask(move |backend| backend.health_report(&id, span, lang)).await?;
    Ok((report.detail.summary.id.clone(), report))
}

/// The span that is asked for: both ends, or none for the usual one.
fn span(asked: &Asked) -> Result<(Option<Timestamp>, Option<Timestamp>), BackendError> {
    let (from, to) = (instant("from", asked.from.as_ref())?, instant("to", asked.to.as_ref())?);
    if let (Some(from), Some(to)) = (from, to)
        && !(0.0..=SPAN_DAYS_MAX).contains(&to.days_since(from))
    {
        return Err(BackendError::Invalid("`from` must lie before `to`, at most ten years".to_owned()));
    }
    Ok((from, to))
}
