//! A technician's day, made for a phone: the visits to come, and everything needed to make one of them.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::{Catalogue, FindingKind, Timestamp};
use serde::Deserialize;

use super::card::tel;
use super::case_acts::PartRow;
use super::case_row::{CaseRow, row};
use super::cases::{Line, checklist, lines, parts};
use super::field_acts::Finished;
use super::kept::Kept;
use super::page::{self, Ask, Chrome, advisory_href};
use super::pager::{self, Pager};
use super::photos::{Tile, tiles};
use super::verdicts::{faults, verdict_line};
use crate::router::App;
use crate::text::{self, desk, field};
use crate::view::{
    AlsoThere, CHECKLIST, Choice, EarlierVisit, Errand, PartToBring, ServiceCase, VisitDay, VisitLine, VisitPage,
    VisitState,
};
use crate::{BackendError, Lang, assets, civil};

/// What the address may ask.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// Whose visits; empty for one's own, or everybody's where one makes none.
    of: String,
    /// What was just done.
    done: String,
    page: usize,
}

/// Visits on one page.
const STOPS_MAX: usize = 60;
/// Broken machines before them; the others stand on their own page.
const CASES_MAX: usize = 12;

/// What was just done, in words.
pub(super) fn notice(done: &str, lang: Lang) -> &'static str {
    let f = field::words(lang);
    match done {
        "set-out" => f.done_set_out,
        "arrived" => f.done_arrived,
        "finished" => f.done_finished,
        "missed" => f.done_missed,
        "photo" => f.done_photo,
        "deleted" => f.done_deleted,
        "caption" => f.done_caption,
        "portrait" => f.done_portrait,
        _ => "",
    }
}

#[derive(Template)]
#[template(path = "visits.html")]
struct DayPage {
    c: Chrome,
    f: &'static field::Words,
    headline: String,
    notice: &'static str,
    of: String,
    technicians: Vec<Choice>,
    cases: Vec<CaseRow>,
    /// Broken machines beyond those shown.
    more_cases: String,
    days: Vec<Day>,
    p: Pager,
}

struct Day {
    name: String,
    stops: Vec<Stop>,
}

/// One visit in a list.
struct Stop {
    href: String,
    class: &'static str,
    state: &'static str,
    hours: String,
    customer: String,
    machine: String,
    works: String,
    address: String,
    technician: String,
}

/// `GET /visits`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(asked): Query<Asked>) -> Response {
    let (lang, login) = (ask.lang, ask.person.as_ref().map(|person| person.login.clone()));
    let (of, from) = (asked.of.clone(), asked.page.saturating_sub(1).saturating_mul(STOPS_MAX));
    let day = app.ask(move |backend| {
        let own = match (of.as_str(), &login) {
            ("", Some(login)) => backend.technician_of(login)?,
            ("" | "all", _) => None,
            (key, _) => Some(key.to_owned()),
        };
        backend.visit_day(own.as_deref(), (from, STOPS_MAX), lang)
    });
    match day.await {
        Ok(day) => ask.html(StatusCode::OK, &lay_out(day, &asked, &app.options.catalogue, &ask)),
        Err(error) => ask.failure(&error),
    }
}

fn lay_out(day: VisitDay, asked: &Asked, catalogue: &Catalogue, ask: &Ask) -> DayPage {
    let (lang, f) = (ask.lang, field::words(ask.lang));
    let today = civil::day_number(day.now, day.zone);
    let whose = day.technicians.iter().find(|choice| choice.key == day.of).map(|choice| choice.name.clone());
    let mut days: Vec<Day> = Vec::new();
    for visit in &day.visits {
        let on = civil::day_number(visit.slot.from, day.zone);
        let name = match on - today {
            0 => f.today.to_owned(),
            1 => f.tomorrow.to_owned(),
            _ => format!("{} {}", text::weekday(civil::weekday_of(on), lang), civil::day(on, lang)),
        };
        match days.last_mut().filter(|last| last.name == name) {
            Some(last) => last.stops.push(stop(visit, catalogue, lang)),
            None => days.push(Day { name, stops: vec![stop(visit, catalogue, lang)] }),
        }
    }
    let own = whose.as_deref().unwrap_or_default();
    // On the first page alone: the others go on with the visits.
    let number = asked.page.clamp(1, day.all.div_ceil(STOPS_MAX).max(1));
    let cases = if number == 1 { day.cases.as_slice() } else { &[] };
    let more = cases.len().saturating_sub(CASES_MAX);
    DayPage {
        c: ask.chrome("visits", true),
        f,
        headline: field::day_headline(day.today, own, lang),
        notice: notice(&asked.done, lang),
        of: day.of.clone(),
        technicians: day.technicians,
        cases: cases.iter().take(CASES_MAX).map(|case: &ServiceCase| row(case, day.now, lang)).collect(),
        more_cases: if more == 0 { String::new() } else { field::more_cases(more, lang) },
        p: pager::of(day.all, number, STOPS_MAX, ("/visits", &[("of", &asked.of)]), lang),
        days,
    }
}

fn stop(visit: &VisitLine, catalogue: &Catalogue, lang: Lang) -> Stop {
    let (class, state) = field::visit_state(visit.state, &visit.way, lang);
    Stop {
        href: format!("/visits/{}", visit.id),
        class,
        state,
        hours: civil::slot(visit.slot, visit.zone, lang).1,
        customer: visit.customer.clone(),
        machine: visit.machine_name.clone(),
        works: works(&visit.works, catalogue, lang),
        address: if visit.address.is_empty() { visit.site_name.clone() } else { visit.address.clone() },
        technician: visit.technician.clone(),
    }
}

/// Works in words.
pub(super) fn works(codes: &[String], catalogue: &Catalogue, lang: Lang) -> String {
    let name = |code: &String| match catalogue.actions.get(code) {
        Some(action) => action.name.in_language(lang.tag()).to_owned(),
        None => code.replace('_', " "),
    };
    text::listed(&codes.iter().map(name).collect::<Vec<_>>(), lang)
}

#[derive(Template)]
#[template(path = "visit.html")]
struct OnePage {
    c: Chrome,
    f: &'static field::Words,
    js: &'static str,
    href: String,
    notice: String,
    /// Something was refused.
    bad: bool,
    /// A colleague is sent: one may look, and no more.
    anothers: &'static str,
    /// What was typed into a small form before it was refused.
    kept: Kept,
    /// What was typed into the form of the end.
    typed: Finished,
    part_rows: [PartRow; 3],
    /// The work follows a forecast, which was right or not.
    judged: bool,
    class: &'static str,
    state: &'static str,
    when: String,
    customer: String,
    machine: String,
    machine_href: String,
    machine_detail: String,
    site: String,
    address: String,
    geo: String,
    work: String,
    work_detail: String,
    why: String,
    /// Other machines of the same visit: what each is called, what is to be done, and why.
    also: Vec<[String; 3]>,
    comparison: String,
    people: Vec<Caller>,
    advisor: Caller,
    stage: &'static str,
    stage_advice: &'static str,
    bring: Vec<String>,
    record: Vec<Line>,
    earlier: Vec<(String, String, String)>,
    advisory_href: String,
    can: Can,
    eta: String,
    points: Vec<(&'static str, &'static str, bool)>,
    parts: Vec<Choice>,
    depots: Vec<Choice>,
    depot: String,
    faults: Vec<Choice>,
    report: Vec<String>,
    photos: Vec<Tile>,
}

/// What can be done with a visit as it stands.
struct Can {
    set_out: bool,
    tell: bool,
    arrive: bool,
    finish: bool,
    photo: bool,
}

/// Somebody to ring.
struct Caller {
    name: String,
    role: String,
    phone: String,
    tel: String,
}

/// `GET /visits/{id}`
pub(crate) async fn one(State(app): State<App>, ask: Ask, Path(id): Path<i64>, Query(asked): Query<Asked>) -> Response {
    let notice = notice(&asked.done, ask.lang).to_owned();
    again(&app, &ask, id, (StatusCode::OK, notice), Finished::default()).await
}

/// One visit as it stands now, with what there is to say about what was just tried.
async fn again(app: &App, ask: &Ask, id: i64, told: (StatusCode, String), typed: Finished) -> Response {
    let (lang, who) = (ask.lang, ask.asker());
    let asked = app.ask(move |backend| Ok((backend.visit(id, lang)?, who.is_barred_from(backend, Errand::Visit(id))?)));
    match asked.await {
        Ok((page, barred)) => {
            ask.html(told.0, &lay_out_one(&page, &app.options.catalogue, ask, (told.0, told.1, barred), typed))
        }
        Err(error) => ask.failure(&error),
    }
}

/// What an act that was refused is answered with; what was typed stays.
pub(super) async fn refused(app: &App, ask: &Ask, id: i64, error: &BackendError, typed: Finished) -> Response {
    match page::refused(ask, error) {
        Some(told) => again(app, ask, id, told, typed).await,
        None => ask.failure(error),
    }
}

fn lay_out_one(
    page: &VisitPage,
    catalogue: &Catalogue,
    ask: &Ask,
    (status, notice, barred): (StatusCode, String, bool),
    typed: Finished,
) -> OnePage {
    let (line, lang) = (&page.line, ask.lang);
    let (class, state) = field::visit_state(line.state, &line.way, lang);
    let codes = line.works.iter().chain(page.also.iter().flat_map(|also| &also.works));
    let actions = codes.filter_map(|code| catalogue.actions.get(code));
    let stops = actions.clone().any(|action| action.stops_machine);
    let minutes: u32 = actions.map(|action| action.minutes).sum();
    let booked = line.state == VisitState::Booked && !barred;
    let arrived = line.way.arrived.is_some();
    let kw = page.rated_kw.map_or_else(String::new, |kw| format!("{} kW", text::number(kw)));
    let detail = [page.model.clone(), kw].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    let fault = catalogue.fault(page.finding.cause(None, &[], catalogue).fault);
    OnePage {
        c: ask.chrome("visits", false),
        f: field::words(lang),
        js: assets::field_js(),
        href: format!("/visits/{}", line.id),
        notice,
        bad: status != StatusCode::OK,
        anothers: if barred && line.state == VisitState::Booked { text::access(lang).anothers } else { "" },
        kept: typed.kept.clone(),
        part_rows: typed.closing.part_rows(),
        judged: page.finding.kind != FindingKind::MaintenanceDue,
        class,
        state,
        when: text::when(line.slot, line.zone, lang),
        customer: line.customer.clone(),
        machine: line.machine_name.clone(),
        machine_href: format!("/m/{}", line.machine),
        machine_detail: detail.join(" · "),
        site: line.site_name.clone(),
        address: line.address.clone(),
        geo: page.place_deg.map_or_else(String::new, |(north, east)| format!("geo:{north:.5},{east:.5}")),
        work: works(&line.works, catalogue, lang),
        work_detail: if minutes == 0 { String::new() } else { text::proposal_detail(minutes, stops, lang) },
        why: text::kind_sentence_at(&page.finding, page.now, catalogue, lang),
        also: page.also.iter().map(|also| also_there(also, page.now, catalogue, lang)).collect(),
        comparison: fault.map_or_else(String::new, |fault| fault.comparison.in_language(lang.tag()).to_owned()),
        people: page.people.iter().map(|p| caller(&p.name, &p.role, &p.phone)).collect(),
        advisor: caller(&page.advisor.name, &page.advisor.role, &page.advisor.phone),
        stage: desk::stage(page.stage, lang),
        stage_advice: desk::stage_advice(page.stage, lang),
        bring: page.parts.iter().map(|part| bring(part, lang)).collect(),
        record: lines(&page.record, catalogue, line.zone, lang),
        earlier: page.earlier.iter().map(|visit| earlier(visit, line.zone, catalogue, lang)).collect(),
        advisory_href: advisory_href(&line.case),
        can: Can {
            set_out: booked && line.way.set_out.is_none(),
            tell: booked && line.way.is_under_way(),
            arrive: booked && !arrived,
            finish: booked && arrived,
            photo: !barred,
        },
        eta: if line.way.is_under_way() {
            field::there_in(&line.way, (page.now, line.zone), lang)
        } else {
            String::new()
        },
        points: points(&typed, lang),
        parts: parts(catalogue, lang),
        depots: page.depots.clone(),
        depot: Some(&typed.closing.depot).filter(|depot| !depot.is_empty()).unwrap_or(&page.depot).clone(),
        faults: faults(catalogue, lang),
        report: report(page, catalogue, lang),
        photos: tiles(&page.photos),
        typed,
    }
}

/// What is to be done on another machine of the same visit, and why.
fn also_there(also: &AlsoThere, now: Timestamp, catalogue: &Catalogue, lang: Lang) -> [String; 3] {
    let why = text::kind_sentence_at(&also.finding, now, catalogue, lang);
    [also.machine_name.clone(), works(&also.works, catalogue, lang), why]
}

/// The checklist with what was ticked.
fn points(typed: &Finished, lang: Lang) -> Vec<(&'static str, &'static str, bool)> {
    let points = CHECKLIST.iter().copied().zip(checklist(lang)).zip(typed.closing.ticked());
    points.map(|((name, label), ticked)| (name, label, ticked)).collect()
}

fn caller(name: &str, role: &str, phone: &str) -> Caller {
    Caller { name: name.to_owned(), role: role.to_owned(), tel: tel(phone), phone: phone.to_owned() }
}

fn bring(part: &PartToBring, lang: Lang) -> String {
    let (f, name) = (field::words(lang), text::part(&part.part, lang));
    match (part.depot.is_empty(), lang) {
        (true, Lang::En) => format!("{name} – {}", f.no_depot_has),
        (true, Lang::Zh) => format!("{name}（{}）", f.no_depot_has),
        (false, Lang::En) => format!("{name} – {} {} ({})", f.lies_in, part.depot, part.n),
        (false, Lang::Zh) => format!("{name}（{}{}，{}件）", f.lies_in, part.depot, part.n),
    }
}

fn earlier(visit: &EarlierVisit, zone: chrono_tz::Tz, catalogue: &Catalogue, lang: Lang) -> (String, String, String) {
    let said = [visit.technician.clone(), visit.note.clone()];
    let said = said.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    (civil::date(visit.at, zone, lang), works(&visit.works, catalogue, lang), said)
}

/// What was done, line by line, once somebody said.
fn report(page: &VisitPage, catalogue: &Catalogue, lang: Lang) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(report) = &page.report {
        said.extend(page.minutes.map(|minutes| field::took(minutes, lang)));
        said.extend(report.parts.iter().map(|(part, n)| format!("{n} × {}", text::part(part, lang))));
        said.extend([report.left_out.clone(), report.note.clone()]);
    }
    said.extend(page.verdict.as_ref().map(|verdict| verdict_line(verdict, page.line.zone, catalogue, lang)));
    said.retain(|line| !line.is_empty());
    said
}
