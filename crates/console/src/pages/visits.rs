//! A technician's day, made for a phone: the visits to come.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::Catalogue;
use serde::Deserialize;

use super::case_row::{CaseRow, row};
use super::field_acts::href;
use super::page::{Ask, Chrome};
use super::pager::{self, Pager};
use crate::router::App;
use crate::text::{self, field};
use crate::view::{Choice, ServiceCase, Task, VisitChange, VisitDay, VisitLine};
use crate::{Lang, civil};

/// What the address may ask.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// Whose visits; empty for one's own, or everybody's where one makes none.
    of: String,
    /// What was just done.
    pub(super) done: String,
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
        "note" => f.done_note,
        "taken-back" => f.done_taken_back,
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
    /// What changed lately: where, what, when it was changed.
    changes: Vec<(String, String, String)>,
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
    /// What is done, a line for each machine.
    tasks: Vec<String>,
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
            Some(last) => last.stops.push(stop(visit, catalogue, ask)),
            None => days.push(Day { name, stops: vec![stop(visit, catalogue, ask)] }),
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
        changes: day.changes.iter().map(|change| changed(change, day.zone, lang)).collect(),
        cases: cases.iter().take(CASES_MAX).map(|case: &ServiceCase| row(case, day.now, ask)).collect(),
        more_cases: if more == 0 { String::new() } else { field::more_cases(more, lang) },
        p: pager::of(day.all, number, STOPS_MAX, ("/visits", &[("of", &asked.of)]), lang),
        days,
    }
}

/// What changed of a visit or a breakdown: where it is, what changed, and when.
fn changed(change: &VisitChange, zone: chrono_tz::Tz, lang: Lang) -> (String, String, String) {
    let said = [change.technician.clone(), text::visit_change(change, lang)];
    let said = said.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    (href(change.of), said, civil::date_time(change.at, zone, lang))
}

fn stop(visit: &VisitLine, catalogue: &Catalogue, ask: &Ask) -> Stop {
    let lang = ask.lang;
    let (class, state) = field::visit_state(visit.state, &visit.way, lang);
    Stop {
        href: format!("/visits/{}", visit.id),
        class,
        state,
        hours: civil::slot(visit.slot, ask.place(visit.zone), lang).1,
        customer: visit.customer.clone(),
        tasks: visit.tasks.iter().map(|task| task_line(task, catalogue, lang)).collect(),
        address: if visit.address.is_empty() { visit.site_name.clone() } else { visit.address.clone() },
        technician: visit.technician.clone(),
    }
}

/// A machine and what is done on it.
pub(super) fn task_line(task: &Task, catalogue: &Catalogue, lang: Lang) -> String {
    format!("{} · {}", task.machine_name, works(&task.works, catalogue, lang))
}

/// What the customer calls the machines of a visit, as one phrase.
pub(super) fn machines(tasks: &[Task], lang: Lang) -> String {
    text::listed(&tasks.iter().map(|task| task.machine_name.clone()).collect::<Vec<_>>(), lang)
}

/// What a visit did, as it is said once it is over: `Oil changed`, and of what nothing was found that it was looked at.
pub(super) fn works_made(made: (&[String], &[String]), catalogue: &Catalogue, lang: Lang) -> Vec<String> {
    let (works, looked_at) = made;
    let done = |code: &String| {
        let name = self::works(std::slice::from_ref(code), catalogue, lang);
        text::work_listed(code, &name, lang)
    };
    let looks = looked_at.iter().map(|code| text::work_looked_at(code, catalogue.actions.get(code), lang));
    works.iter().map(done).chain(looks).collect()
}

/// Works in words.
pub(super) fn works(codes: &[String], catalogue: &Catalogue, lang: Lang) -> String {
    let name = |code: &String| match catalogue.actions.get(code) {
        Some(action) => action.name.in_language(lang.tag()).to_owned(),
        None => code.replace('_', " "),
    };
    text::listed(&codes.iter().map(name).collect::<Vec<_>>(), lang)
}
