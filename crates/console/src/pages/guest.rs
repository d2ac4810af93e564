//! What the customer's link shows beside the letter's page: who comes and how far away they are, a broken machine's case, the
//! machine's report, pictures of the work, and how we may write. Everything here is of the link's own visit or case.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use foretell_model::MachineId;
use serde::Deserialize;

use super::answer::answered;
use super::booking::{Done, kind};
use super::card::tel;
use super::figure::{Figure, report_figure};
use super::guest_frame::Frame;
use super::health::typeset;
use super::page::{Ask, encode, render};
use super::photos::jpeg;
use super::team::initial;
use crate::health::sheet::Sheet;
use crate::router::App;
use crate::text::{self, field};
use crate::typed;
use crate::view::{CaseReport, Comer, GuestChoice, GuestReport, Way};
use crate::{BackendError, Lang, chart};

/// Longest report of a breakdown, characters.
const TROUBLE_CHARS_MAX: usize = 500;
/// Longest time of day, characters.
const HOUR_CHARS_MAX: usize = 5;
/// Longest name of a machine, characters.
const NAME_CHARS_MAX: usize = 80;

/// Who comes, as a card.
pub(super) struct ComerCard {
    pub(super) name: String,
    pub(super) initial: String,
    pub(super) badge: String,
    pub(super) phone: String,
    pub(super) tel: String,
    pub(super) portrait: String,
}

/// How far somebody has come.
pub(super) struct WayView {
    pub(super) headline: String,
    pub(super) because: String,
    pub(super) svg: String,
}

/// A person who comes, with the portrait as this link's holder may see it.
pub(super) fn comer_card(comer: &Comer, frame: &Frame) -> ComerCard {
    ComerCard {
        name: comer.name.clone(),
        initial: initial(&comer.name),
        badge: comer.badge.clone(),
        tel: tel(&comer.phone),
        phone: comer.phone.clone(),
        portrait: frame.small(comer.portrait),
    }
}

/// Somebody on the way; nothing before and after.
pub(super) fn way_view(
    way: &Way,
    name: &str,
    now: foretell_model::Timestamp,
    zone: chrono_tz::Tz,
    lang: Lang,
) -> Option<WayView> {
    if way.arrived.is_some() {
        let headline = field::words(lang).comer_here.to_owned();
        return Some(WayView { headline, because: String::new(), svg: String::new() });
    }
    way.is_under_way().then(|| WayView {
        headline: field::there_in(way, (now, zone), lang),
        because: field::way_because(way, name, (now, zone), lang),
        svg: chart::way(way, now, field::words(lang).way_label),
    })
}

/// What was done, line by line.
pub(super) fn report_lines(report: Option<&CaseReport>, minutes: Option<u32>, lang: Lang) -> Vec<String> {
    let Some(report) = report else { return Vec::new() };
    let parts = report.parts.iter().map(|(part, n)| format!("{n} × {}", text::part(part, lang)));
    let mut lines: Vec<String> = minutes.map(|minutes| field::took(minutes, lang)).into_iter().chain(parts).collect();
    lines.push(report.note.clone());
    lines.retain(|line| !line.is_empty());
    lines
}

/// Which machine's report, where a letter is about several.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Which {
    machine: Option<String>,
}

/// Where a machine's report is; that of the letter's own machine where none is named.
pub(super) fn report_href(base: &str, machine: Option<&MachineId>) -> String {
    let of = machine.map_or_else(String::new, |id| format!("?machine={}", encode(id.machine())));
    format!("{base}/report{of}")
}

#[derive(Template)]
#[template(path = "guest_report.html")]
struct ReportPage {
    frame: Frame,
    pdf: String,
    f: &'static field::Words,
    s: Sheet,
    fig: Figure,
}

/// `GET /b/{token}/report`
pub(crate) async fn report(
    State(app): State<App>,
    ask: Ask,
    Path(token): Path<String>,
    Query(which): Query<Which>,
) -> Response {
    let base = format!("/b/{}", encode(&token));
    let named = which.machine.clone();
    match app.ask(move |backend| backend.guest_report(&token, named.as_deref())).await {
        Ok(GuestReport { lang, report }) => {
            let sheet = Sheet::of(&report, &app.options.catalogue, lang);
            let of = which.machine.map_or_else(String::new, |machine| format!("?machine={}", encode(&machine)));
            let page = ReportPage {
                pdf: format!("{base}/report.pdf{of}"),
                frame: Frame::new(lang, base),
                f: field::words(lang),
                fig: report_figure(&report.detail.curve, &sheet.now_name, &app.options.catalogue, lang),
                s: sheet,
            };
            render(StatusCode::OK, &page)
        }
        Err(error) => kind(&ask, &error),
    }
}

/// `GET /b/{token}/report.pdf`
pub(crate) async fn report_pdf(
    State(app): State<App>,
    ask: Ask,
    Path(token): Path<String>,
    Query(which): Query<Which>,
) -> Response {
    let asked = app.ask(move |backend| backend.guest_report(&token, which.machine.as_deref())).await;
    let typeset = match asked {
        Ok(GuestReport { lang, report }) => typeset(&app, report, lang).await,
        Err(error) => Err(error),
    };
    match typeset {
        Ok(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
                (header::CONTENT_DISPOSITION, HeaderValue::from_static("inline; filename=\"health-report.pdf\"")),
            ];
            (headers, bytes).into_response()
        }
        // That a font is missing is our affair and none of the customer's.
        Err(BackendError::Invalid(why)) => {
            let attempted = "typeset a customer's report".to_owned();
            kind(&ask, &BackendError::Failed { attempted, source: why.into() })
        }
        Err(error) => kind(&ask, &error),
    }
}

/// `GET /b/{token}/photo/{id}`
pub(crate) async fn photo(State(app): State<App>, ask: Ask, Path((token, id)): Path<(String, i64)>) -> Response {
    picture(app.ask(move |backend| backend.guest_photo(&token, id, false)).await, &ask)
}

/// `GET /b/{token}/photo/{id}/small`
pub(crate) async fn photo_small(State(app): State<App>, ask: Ask, Path((token, id)): Path<(String, i64)>) -> Response {
    picture(app.ask(move |backend| backend.guest_photo(&token, id, true)).await, &ask)
}

fn picture(found: Result<Vec<u8>, BackendError>, ask: &Ask) -> Response {
    match found {
        Ok(bytes) => jpeg(bytes),
        Err(error) => kind(ask, &error),
    }
}

#[derive(Template)]
#[template(path = "preferences.html")]
struct ChoicePage {
    frame: Frame,
    f: &'static field::Words,
    kept: bool,
    /// The hours that were chosen cannot be kept.
    hours_wrong: bool,
    media: Vec<Medium>,
    hours: Vec<String>,
    from: String,
    until: String,
}

struct Medium {
    code: String,
    name: String,
    welcome: bool,
    first: bool,
}

/// `GET /b/{token}/preferences`
pub(crate) async fn preferences(
    State(app): State<App>,
    ask: Ask,
    Path(token): Path<String>,
    Query(done): Query<Done>,
) -> Response {
    let base = format!("/b/{}", encode(&token));
    match app.ask(move |backend| backend.guest_choice(&token)).await {
        Ok(choice) => render(StatusCode::OK, &ChoicePage { kept: done.is("kept"), ..lay_out_choice(&choice, base) }),
        Err(error) => kind(&ask, &error),
    }
}

/// What was chosen, with the hours that cannot be kept marked: nobody chooses everything else again.
async fn choose_again(app: &App, ask: &Ask, token: String, typed: GuestChoice) -> Response {
    let base = format!("/b/{}", encode(&token));
    match app.ask(move |backend| backend.guest_choice(&token)).await {
        Ok(known) => {
            let page = ChoicePage { hours_wrong: true, ..lay_out_choice(&known.with(typed), base) };
            render(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => kind(ask, &error),
    }
}

fn lay_out_choice(choice: &GuestChoice, base: String) -> ChoicePage {
    let medium = |(place, (code, welcome)): (usize, &(String, bool))| Medium {
        name: text::medium(code, choice.lang),
        code: code.clone(),
        welcome: *welcome,
        first: place == 0,
    };
    let mut hours: Vec<String> = (0..=47).map(|half| format!("{:02}:{:02}", half / 2, half % 2 * 30)).collect();
    // What was registered may be no half-hour.
    for known in [&choice.from, &choice.until] {
        if let Err(place) = hours.binary_search(known) {
            hours.insert(place, known.clone());
        }
    }
    ChoicePage {
        frame: Frame::new(choice.lang, base),
        f: field::words(choice.lang),
        kept: false,
        hours_wrong: false,
        media: choice.media.iter().enumerate().map(medium).collect(),
        hours,
        from: choice.from.clone(),
        until: choice.until.clone(),
    }
}

/// `POST /b/{token}/preferences`. A browser sends `welcome` once for each box that is ticked.
pub(crate) async fn choose(
    State(app): State<App>,
    ask: Ask,
    Path(token): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let of = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default();
    let first = of("first");
    let mut media: Vec<(String, bool)> = pairs
        .iter()
        .filter(|(key, value)| key == "welcome" && value.len() <= 64)
        .map(|(_, medium)| (medium.clone(), true))
        .take(16)
        .collect();
    // The preferred one leads, welcome or not.
    match media.iter().position(|(medium, _)| *medium == first) {
        Some(place) => media[..=place].rotate_right(1),
        None => media.insert(0, (first, false)),
    }
    let lang = Lang::from_tag(&of("language")).unwrap_or(ask.lang);
    let hour = |name: &str| of(name).chars().take(HOUR_CHARS_MAX).collect();
    let choice = GuestChoice { lang, media, from: hour("from"), until: hour("until") };
    let (path, typed) = (token.clone(), choice.clone());
    let to = format!("/b/{}/preferences?done=kept", encode(&token));
    let otherwise = |error| async {
        match error {
            BackendError::Refused(_) => choose_again(&app, &ask, token, typed).await,
            error => kind(&ask, &error),
        }
    };
    answered(app.ask(move |backend| backend.choose(&path, choice)), |()| to, otherwise).await
}

#[derive(Debug, Deserialize)]
pub(crate) struct Trouble {
    /// What the customer calls the machine, where the letter is about several.
    which: Option<String>,
    #[serde(default)]
    what: String,
}

/// `POST /b/{token}/trouble`
pub(crate) async fn trouble(
    State(app): State<App>,
    ask: Ask,
    Path(token): Path<String>,
    Form(form): Form<Trouble>,
) -> Response {
    let what = typed::fit(&form.what, TROUBLE_CHARS_MAX);
    let which = form.which.map(|which| which.chars().take(NAME_CHARS_MAX).collect::<String>());
    let reported = app.ask(move |backend| backend.report_trouble(&token, which.as_deref(), &what));
    let otherwise = |error| async move {
        match error {
            // No button sends a machine that the page does not name: it was renamed meanwhile, or somebody tries.
            BackendError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
            error => kind(&ask, &error),
        }
    };
    answered(reported, |path| path, otherwise).await
}
