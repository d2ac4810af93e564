//! What is broken: open cases with both clocks, one case, and what is done about it.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::{Catalogue, Timestamp};
use serde::Deserialize;

use super::card::tel;
use super::case_acts::{Closing, PartRow};
use super::page::{Ask, Chrome, encode};
use super::pager::{self, Pager};
use super::photos::{Tile, tiles};
use crate::router::App;
use crate::text::{self, desk, field};
use crate::view::{
    CHECKLIST, CaseDesk, CasePage, Choice, Errand, PhotoView, RecordLine, ServiceCase, Timer, TimerState,
};
use crate::{BackendError, Lang, assets, civil};

/// What the address may ask of the list and of one case.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// A machine to open a case on.
    #[serde(default)]
    machine: String,
    /// What was just done.
    #[serde(default)]
    done: String,
    #[serde(default)]
    page: usize,
}

/// Open cases on one page.
const ROWS_MAX: usize = 40;

/// What was just done, in words.
pub(crate) fn notice(done: &str, lang: Lang) -> &'static str {
    let d = desk::words(lang);
    match done {
        "opened" => d.done_opened,
        "called" => d.done_called,
        "sent" => d.done_sent,
        "arrived" => d.done_arrived,
        "found" => d.done_found,
        "mended" => d.done_mended,
        "stage" => d.done_stage,
        "stopped" => d.done_stopped,
        "resumed" => d.done_resumed,
        "erased" => field::words(lang).erased,
        done @ ("set-out" | "photo" | "deleted") => super::visits::notice(done, lang),
        _ => "",
    }
}

#[derive(Template)]
#[template(path = "cases.html")]
struct CasesPage {
    c: Chrome,
    headline: String,
    notice: String,
    /// Something was refused.
    bad: bool,
    machine: String,
    what: String,
    open: Vec<CaseRow>,
    closed: Vec<CaseRow>,
    p: Pager,
}

#[derive(Template)]
#[template(path = "case.html")]
struct OneCase {
    c: Chrome,
    f: &'static field::Words,
    js: &'static str,
    href: String,
    eta: String,
    photos: Vec<Tile>,
    row: CaseRow,
    notice: String,
    /// Something was refused.
    bad: bool,
    /// What was typed into the form of the end.
    typed: Closing,
    part_rows: [PartRow; 3],
    phone: String,
    tel: String,
    contact: String,
    stage_advice: &'static str,
    what: Vec<String>,
    opened: String,
    sent: Option<SentView>,
    can: Can,
    technicians: Vec<Choice>,
    /// Faults that a customer may be told of.
    faults: Vec<Choice>,
    depots: Vec<Choice>,
    parts: Vec<Choice>,
    points: Vec<Point>,
    report: Vec<String>,
    record: Vec<Line>,
}

/// What can be done with a case as it stands.
struct Can {
    call: bool,
    set_out: bool,
    tell: bool,
    send: bool,
    arrive: bool,
    close: bool,
}

struct Point {
    name: &'static str,
    label: &'static str,
    done: bool,
}

struct SentView {
    name: String,
    phone: String,
    tel: String,
    badge: String,
    eta: String,
}

/// One entry of the record as it is read.
pub(crate) struct Line {
    pub(crate) at: String,
    pub(crate) who: String,
    pub(crate) what: String,
}

/// One case in a list.
pub(crate) struct CaseRow {
    pub(crate) href: String,
    pub(crate) class: &'static str,
    pub(crate) machine: String,
    pub(crate) machine_href: String,
    pub(crate) site: String,
    pub(crate) customer: String,
    pub(crate) customer_href: String,
    pub(crate) stage: String,
    pub(crate) what: String,
    pub(crate) source: String,
    pub(crate) next: &'static str,
    pub(crate) timers: Vec<Clock>,
}

/// One of the two clocks.
pub(crate) struct Clock {
    pub(crate) class: &'static str,
    pub(crate) label: &'static str,
    pub(crate) line: String,
    pub(crate) promised: String,
    /// How much of the time is gone, per cent.
    pub(crate) gone: u8,
    /// Milliseconds since 1970 of the promise, for the script that keeps counting; 0 when it was kept.
    pub(crate) due_ms: i64,
    pub(crate) now_ms: i64,
    pub(crate) left: &'static str,
    pub(crate) over: &'static str,
}

/// `GET /cases`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(asked): Query<Asked>) -> Response {
    let notice = notice(&asked.done, ask.lang).to_owned();
    list(&app, &ask, StatusCode::OK, notice, (asked.machine, String::new()), asked.page).await
}

/// The list, with what was typed into its form.
pub(super) async fn list(
    app: &App,
    ask: &Ask,
    status: StatusCode,
    notice: String,
    typed: (String, String),
    page: usize,
) -> Response {
    let lang = ask.lang;
    match app.ask(move |backend| backend.cases(lang)).await {
        Ok(desk) => ask.html(status, &lay_out(desk, ask, (status, notice), typed, page)),
        Err(error) => ask.failure(&error),
    }
}

fn lay_out(
    mut desk: CaseDesk,
    ask: &Ask,
    (status, notice): (StatusCode, String),
    (machine, what): (String, String),
    page: usize,
) -> CasesPage {
    let headline = desk::cases_headline(&desk, ask.lang);
    desk.open.sort_by_key(ServiceCase::urgency);
    let p = pager::cut(&mut desk.open, page, ROWS_MAX, ("/cases", &[]), ask.lang);
    let rows = |cases: &[ServiceCase]| cases.iter().map(|case| row(case, desk.now, ask.lang)).collect();
    CasesPage {
        c: ask.chrome("cases", true),
        headline,
        bad: status != StatusCode::OK,
        notice,
        machine,
        what,
        open: rows(&desk.open),
        closed: rows(&desk.closed),
        p,
    }
}

/// `GET /cases/{id}`
pub(crate) async fn one(State(app): State<App>, ask: Ask, Path(id): Path<i64>, Query(asked): Query<Asked>) -> Response {
    let notice = notice(&asked.done, ask.lang).to_owned();
    again(&app, &ask, id, StatusCode::OK, notice).await
}

/// One case as it stands now, with what there is to say about what was just tried.
pub(super) async fn again(app: &App, ask: &Ask, id: i64, status: StatusCode, notice: String) -> Response {
    again_with(app, ask, id, (status, notice), Closing::default()).await
}

/// The same with what was typed into the form of the end.
pub(super) async fn again_with(app: &App, ask: &Ask, id: i64, told: (StatusCode, String), typed: Closing) -> Response {
    let lang = ask.lang;
    let asked = app.ask(move |backend| Ok((backend.case(id, lang)?, backend.photos(Errand::Case(id))?)));
    match asked.await {
        Ok((page, photos)) => ask.html(told.0, &lay_out_one(page, &photos, &app.options.catalogue, ask, told, typed)),
        Err(error) => ask.failure(&error),
    }
}

/// What an act that was refused is answered with.
pub(super) async fn refused(app: &App, ask: &Ask, id: i64, error: BackendError) -> Response {
    refused_with(app, ask, id, error, Closing::default()).await
}

/// The same with what was typed into the form of the end.
pub(super) async fn refused_with(app: &App, ask: &Ask, id: i64, error: BackendError, typed: Closing) -> Response {
    let (status, why) = match error {
        BackendError::Conflict(why) => (StatusCode::CONFLICT, why),
        BackendError::Invalid(why) => (StatusCode::UNPROCESSABLE_ENTITY, why),
        error => return ask.failure(&error),
    };
    again_with(app, ask, id, (status, text::refusal(&why, ask.lang)), typed).await
}

fn lay_out_one(
    page: CasePage,
    photos: &[PhotoView],
    catalogue: &Catalogue,
    ask: &Ask,
    (status, notice): (StatusCode, String),
    typed: Closing,
) -> OneCase {
    let (case, lang) = (&page.case, ask.lang);
    let is_open = case.closed.is_none();
    let done = case.report.as_ref().map_or_else(|| typed.ticked(), |report| report.done);
    let points = CHECKLIST.iter().zip(checklist(lang)).zip(done);
    let coming = is_open && case.on_site.met.is_none() && case.sent.is_some();
    OneCase {
        // Whoever is on the way must not have the page swapped under a thumb.
        c: ask.chrome("cases", !case.way.is_under_way()),
        f: field::words(lang),
        js: assets::field_js(),
        href: format!("/cases/{}", case.id),
        eta: if coming { field::there_in(&case.way, page.now, lang) } else { String::new() },
        photos: tiles(photos),
        row: row(case, page.now, lang),
        notice,
        bad: status != StatusCode::OK,
        part_rows: typed.part_rows(),
        typed,
        tel: tel(&case.phone),
        phone: case.phone.clone(),
        contact: case.contact.clone(),
        stage_advice: desk::stage_advice(case.stage, lang),
        what: case.what.lines().map(str::to_owned).collect(),
        opened: civil::date_time(case.opened, case.zone, lang),
        sent: case.sent.as_ref().map(|sent| SentView {
            name: sent.name.clone(),
            tel: tel(&sent.phone),
            phone: sent.phone.clone(),
            badge: sent.badge.clone(),
            eta: sent.eta.map_or_else(String::new, |eta| civil::date_time(eta, case.zone, lang)),
        }),
        can: Can {
            call: is_open && case.call_back.met.is_none(),
            set_out: coming && case.way.set_out.is_none(),
            tell: coming && case.way.is_under_way(),
            send: is_open && case.on_site.met.is_none(),
            arrive: is_open && case.on_site.met.is_none() && case.sent.is_some(),
            close: is_open && case.on_site.met.is_some(),
        },
        technicians: page.technicians,
        faults: catalogue
            .faults
            .iter()
            .filter(|fault| fault.customer)
            .map(|fault| Choice { key: fault.code.to_string(), name: text::fault(&fault.code, catalogue, lang) })
            .collect(),
        depots: page.depots,
        parts: parts(catalogue, lang),
        points: points.map(|((name, label), done)| Point { name, label, done }).collect(),
        report: case.report.as_ref().map_or_else(Vec::new, |report| {
            let part = |(part, n): &(String, u32)| format!("{n} × {}", text::part(part, lang));
            report.parts.iter().map(part).chain([report.left_out.clone(), report.note.clone()]).collect()
        }),
        record: lines(&page.record, case.zone, lang),
    }
}

/// The closing checklist in words, in the order of [`CHECKLIST`].
pub(super) fn checklist(lang: Lang) -> [&'static str; 5] {
    let d = desk::words(lang);
    [d.check_test_run, d.check_tidy, d.check_old_parts, d.check_report, d.check_courtesy]
}

/// Every part that the catalogue's work needs.
pub(super) fn parts(catalogue: &Catalogue, lang: Lang) -> Vec<Choice> {
    let kinds: BTreeSet<&String> = catalogue.actions.values().flat_map(|action| &action.parts).collect();
    kinds.into_iter().map(|part| Choice { key: part.clone(), name: text::part(part, lang) }).collect()
}

/// Entries of the record as they are read.
pub(crate) fn lines(record: &[RecordLine], zone: chrono_tz::Tz, lang: Lang) -> Vec<Line> {
    let line = |entry: &RecordLine| {
        let machine = if entry.machine.is_empty() { String::new() } else { format!("{} · ", entry.machine) };
        Line {
            at: civil::date_time(entry.at, zone, lang),
            who: text::who(&entry.who, lang),
            what: format!("{machine}{}", text::happening(&entry.what, &entry.why, zone, lang)),
        }
    };
    record.iter().map(line).collect()
}

/// A case in a list.
pub(crate) fn row(case: &ServiceCase, now: Timestamp, lang: Lang) -> CaseRow {
    let d = desk::words(lang);
    let next = match (case.closed, case.on_site.met, &case.sent, case.call_back.met) {
        (Some(_), ..) => d.case_over,
        (_, Some(_), ..) => d.next_mend,
        (_, _, _, None) => d.next_call,
        (_, _, None, _) => d.next_send,
        (_, _, Some(_), _) => d.next_arrive,
    };
    let clock = |label, timer: Timer| {
        let whole = (timer.due - case.opened).max(1) as f64;
        let gone = (timer.met.unwrap_or(now) - case.opened) as f64 / whole;
        let (left, over) = desk::count_forms(lang);
        Clock {
            class: class(timer.state),
            label,
            line: desk::timer_line(timer, now, case.zone, lang),
            promised: desk::promised_by(timer.due, case.zone, lang),
            gone: text::percent(gone.clamp(0.0, 1.0)),
            due_ms: if timer.met.is_some() || case.closed.is_some() { 0 } else { timer.due.millis() },
            now_ms: now.millis(),
            left,
            over,
        }
    };
    CaseRow {
        href: format!("/cases/{}", case.id),
        class: if case.closed.is_some() { "good" } else { class(case.urgency().0) },
        machine: case.machine_name.clone(),
        machine_href: format!("/m/{}", case.machine),
        site: case.site_name.clone(),
        customer: case.customer.clone(),
        customer_href: customer_href(&case.customer_id),
        stage: case.stage.map_or_else(String::new, |stage| format!("{stage}/6 {}", desk::stage(Some(stage), lang))),
        what: case.what.lines().next().unwrap_or_default().to_owned(),
        source: desk::source(&case.source, lang),
        next,
        timers: vec![clock(d.call_back, case.call_back), clock(d.on_site, case.on_site)],
    }
}

/// A customer's page; empty where nobody is registered.
pub(crate) fn customer_href(id: &str) -> String {
    if id.is_empty() { String::new() } else { format!("/customers/{}", encode(id)) }
}

/// The colour of a promise.
const fn class(state: TimerState) -> &'static str {
    match state {
        TimerState::Late => "urgent",
        TimerState::Slipping => "advise",
        TimerState::Running => "watch",
        TimerState::KeptLate => "hidden",
        TimerState::Kept => "good",
    }
}
