//! What is broken: open cases with both clocks, one case, and what is done about it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::Catalogue;
use serde::Deserialize;

use super::asker::Standing;
use super::card::tel;
use super::case_acts::{Closing, PartRow, parts};
use super::case_machine::{MachineCard, machine_card};
use super::case_row::{CaseRow, expected, report_lines, row, why_lost};
use super::kept::Kept;
use super::page::{self, Ask, Chrome};
use super::pager::{self, Pager};
use super::photos::{Tile, tiles};
use super::verdicts::faults_told;
use crate::router::App;
use crate::text::{self, desk, field};
use crate::view::{
    CHECKLIST, CaseDesk, CasePage, Choice, Errand, MachineName, PhotoView, RecordLine, ServiceCase, UnsettledWord,
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

/// Machines listed to choose from while typing; of more a few words are looked for.
const NAMES_MAX: usize = 300;
/// Machines shown where what was typed may mean several.
pub(super) const SEVERAL_MAX: usize = 12;

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
        "settled" => text::words(lang).done_noted,
        "stage" => d.done_stage,
        "handed-over" => text::words(lang).done_handed_over,
        "stopped" => d.done_stopped,
        "resumed" => d.done_resumed,
        "erased" => field::words(lang).erased,
        "withdrawn" => field::words(lang).done_withdrawn,
        done @ ("set-out" | "photo" | "deleted" | "taken-back" | "note") => super::visits::notice(done, lang),
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
    /// What was typed, or the machine that is meant, in full.
    machine: String,
    what: String,
    /// Machines to choose from while typing; empty where there are too many.
    names: Vec<String>,
    /// Machines that what was typed may mean, where it may mean several: identity and name in full.
    several: Vec<(String, String)>,
    /// Mended, but the customer has replied since and waits for an answer.
    replied: Vec<CaseRow>,
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
    /// What the page shows of that on which its acts depend.
    seen: u64,
    eta: String,
    photos: Vec<Tile>,
    row: CaseRow,
    m: MachineCard,
    notice: String,
    /// Something was refused.
    bad: bool,
    /// A colleague is sent: one may look, and no more.
    anothers: &'static str,
    /// What was typed into a small form.
    kept: Kept,
    /// What was typed into the form of the end.
    typed: Closing,
    part_rows: Vec<PartRow>,
    is_open: bool,
    phone: String,
    tel: String,
    contact: String,
    stage_with_advice: String,
    /// In which language the customer reads.
    reads: &'static str,
    reader: &'static str,
    note_lacks: bool,
    what: Vec<String>,
    /// What the customer replied and nobody has answered yet.
    heard: Vec<String>,
    opened: String,
    /// By whose clock times are told and typed; empty where it is the reader's.
    clock: String,
    sent: Option<SentView>,
    /// What the customer was last told from the site.
    told: Vec<String>,
    can: Can,
    technicians: Vec<Choice>,
    /// Faults that a customer may be told of.
    faults: Vec<Choice>,
    depots: Vec<Choice>,
    parts: Vec<Choice>,
    points: Vec<Point>,
    /// Nothing was broken, and nothing done.
    withdrawn: bool,
    /// The case that goes on in its place; empty where there is none.
    goes_on: String,
    report: Vec<String>,
    record: Vec<Line>,
    unsettled: Vec<UnsettledWord>,
}

/// What can be done with a case as it stands.
struct Can {
    call: bool,
    set_out: bool,
    tell: bool,
    /// It is this telephone that tells where it is.
    share: bool,
    send: bool,
    arrive: bool,
    close: bool,
    photo: bool,
    /// An arrival can be taken back: the customer was not told yet what was found.
    take_back: bool,
    /// It can be ended because nothing is broken.
    withdraw: bool,
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
    let (lang, machine, can_open) = (ask.lang, typed.0.clone(), ask.may("/cases"));
    let asked = app.ask(move |backend| {
        let desk = backend.cases(lang)?;
        let names = if can_open { backend.machines_called("", NAMES_MAX + 1)? } else { Vec::new() };
        let meant = if machine.is_empty() { Vec::new() } else { backend.machines_called(&machine, SEVERAL_MAX)? };
        Ok((desk, names, meant))
    });
    match asked.await {
        Ok((desk, names, meant)) => {
            let shown = lay_out(desk, ask, (status, notice), typed, page);
            ask.html(status, &shown.choosing(names, meant))
        }
        Err(error) => ask.failure(&error),
    }
}

impl CasesPage {
    /// With the machines that may be meant.
    fn choosing(mut self, names: Vec<MachineName>, meant: Vec<MachineName>) -> Self {
        if names.len() <= NAMES_MAX {
            self.names = names.iter().map(MachineName::in_full).collect();
        }
        match meant.as_slice() {
            [one] => self.machine = one.in_full(),
            several => self.several = several.iter().map(|one| (one.id.to_string(), one.in_full())).collect(),
        }
        self
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
    let (replied, closed): (Vec<ServiceCase>, _) = desk.closed.into_iter().partition(|case| !case.heard.is_empty());
    let rows = |cases: &[ServiceCase]| cases.iter().map(|case| row(case, desk.now, ask)).collect();
    CasesPage {
        c: ask.chrome("cases", true),
        headline,
        bad: status != StatusCode::OK,
        notice,
        machine,
        what,
        names: Vec::new(),
        several: Vec::new(),
        open: rows(&desk.open),
        replied: rows(&replied),
        closed: rows(&closed),
        p,
    }
}

/// `GET /cases/{id}`
pub(crate) async fn one(State(app): State<App>, ask: Ask, Path(id): Path<i64>, Query(asked): Query<Asked>) -> Response {
    let notice = notice(&asked.done, ask.lang).to_owned();
    again(&app, &ask, id, (StatusCode::OK, notice), Typed::default()).await
}

/// What was typed into the forms of a case: the small ones, and the one of the end.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) kept: Kept,
    pub(super) closing: Closing,
}

/// One case as it stands now, with what there is to say about what was just tried, and what was typed.
pub(super) async fn again(app: &App, ask: &Ask, id: i64, told: (StatusCode, String), typed: Typed) -> Response {
    let (lang, errand, who) = (ask.lang, Errand::Case(id), ask.asker());
    let asked =
        app.ask(move |backend| Ok((backend.case(id, lang)?, backend.photos(errand)?, who.standing(backend, errand)?)));
    match asked.await {
        Ok((page, photos, standing)) => {
            ask.html(told.0, &lay_out_one(page, &photos, &app.options.catalogue, ask, told, standing, typed))
        }
        Err(error) => ask.failure(&error),
    }
}

/// What an act that was refused is answered with.
pub(super) async fn refused(app: &App, ask: &Ask, id: i64, error: &BackendError, typed: Typed) -> Response {
    match page::refused(ask, error) {
        Some(told) => again(app, ask, id, told, typed).await,
        None => ask.failure(error),
    }
}

fn lay_out_one(
    page: CasePage,
    photos: &[PhotoView],
    catalogue: &Catalogue,
    ask: &Ask,
    (status, notice): (StatusCode, String),
    Standing { barred, on_way }: Standing,
    Typed { kept, closing: typed }: Typed,
) -> OneCase {
    let (case, lang) = (&page.case, ask.lang);
    let (is_open, is_mine, place) = (case.closed.is_none(), !barred, ask.place(case.zone));
    let done = case.report.as_ref().map_or_else(|| typed.ticked(), |report| report.done);
    let points = CHECKLIST.iter().zip(checklist(lang)).zip(done);
    let coming = is_open && case.on_site.met.is_none() && case.sent.is_some();
    OneCase {
        // Whoever is on the way must not have the page swapped under a thumb.
        c: ask.chrome("cases", !case.way.is_under_way()),
        f: field::words(lang),
        js: assets::field_js(),
        href: format!("/cases/{}", case.id),
        seen: case.revision,
        eta: if coming { field::there_in(&case.way, (page.now, place), lang) } else { String::new() },
        photos: tiles(photos),
        row: row(case, page.now, ask),
        m: machine_card(&page, catalogue, lang),
        notice,
        bad: status != StatusCode::OK,
        anothers: if barred && is_open { text::access(lang).anothers } else { "" },
        kept,
        part_rows: typed.part_rows(),
        is_open,
        typed,
        tel: tel(&case.phone),
        phone: case.phone.clone(),
        contact: case.contact.clone(),
        stage_with_advice: desk::stage_with_advice(case.stage, &page.advisor, lang),
        reads: field::reads(page.reader, lang),
        reader: page.reader.tag(),
        note_lacks: page.note_lacks,
        what: case.what.lines().map(str::to_owned).collect(),
        heard: case.heard.clone(),
        clock: place.name(page.now, lang),
        opened: civil::date_time(case.opened, place, lang),
        sent: case.sent.as_ref().map(|sent| SentView {
            name: sent.name.clone(),
            tel: tel(&sent.phone),
            phone: sent.phone.clone(),
            badge: sent.badge.clone(),
            // Who is there is expected no more.
            eta: case
                .way
                .arrival
                .filter(|_| coming)
                .map_or_else(String::new, |arrival| expected(arrival, &page, place, lang)),
        }),
        told: if is_open { text::told_of_case(&page, catalogue, place, lang) } else { Vec::new() },
        can: Can {
            call: is_open && case.call_back.met.is_none() || !case.heard.is_empty(),
            set_out: is_mine && coming && case.way.set_out.is_none(),
            tell: is_mine && coming && case.way.is_under_way(),
            share: on_way,
            send: is_open && case.on_site.met.is_none(),
            arrive: is_mine && coming,
            close: is_mine && is_open && case.on_site.met.is_some(),
            photo: is_mine,
            take_back: is_mine
                && case.goes_on.is_none()
                && (!is_open || case.on_site.met.is_some() && case.progress.is_none()),
            withdraw: is_open,
        },
        withdrawn: case.withdrawn.is_some() || case.goes_on.is_some(),
        goes_on: case.goes_on.map_or_else(String::new, |id| format!("/cases/{id}")),
        technicians: page.technicians,
        faults: faults_told(catalogue, lang),
        depots: page.depots,
        parts: parts(catalogue, lang),
        points: points.map(|((name, label), done)| Point { name, label, done }).collect(),
        report: case.report.as_ref().map_or_else(Vec::new, |report| report_lines(report, lang)),
        record: lines(&page.record, catalogue, case.zone, lang),
        unsettled: why_lost(page.unsettled, lang),
    }
}

/// The closing checklist in words, in the order of [`CHECKLIST`].
pub(super) fn checklist(lang: Lang) -> [&'static str; 5] {
    let d = desk::words(lang);
    [d.check_test_run, d.check_tidy, d.check_old_parts, d.check_report, d.check_courtesy]
}

/// Entries of the record as they are read.
pub(crate) fn lines(record: &[RecordLine], catalogue: &Catalogue, zone: chrono_tz::Tz, lang: Lang) -> Vec<Line> {
    let line = |entry: &RecordLine| {
        let machine = if entry.machine.is_empty() { String::new() } else { format!("{} · ", entry.machine) };
        Line {
            at: civil::date_time(entry.at, zone, lang),
            who: text::who(&entry.who, lang),
            what: format!("{machine}{}", text::happening(&entry.what, &entry.why, catalogue, zone, lang)),
        }
    };
    record.iter().map(line).collect()
}
