//! Two weeks by day and technician: booked visits, what people can do, where it clashes, and what is offered and not answered.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::{Catalogue, HOUR_MS, Timestamp};
use serde::Deserialize;

use super::card::move_href;
use super::case_row::customer_href;
use super::page::{Ask, Chrome, advisory_href};
use super::pager::{self, Pager};
use super::visits::{machines, works};
use crate::router::App;
use crate::text::{self, desk, field};
use crate::view::{CalendarOffer, CalendarRow, CalendarVisit, Task, VisitCalendar};
use crate::{BackendError, Lang, civil};

const WEEK_DAYS: i64 = 7;

/// Technicians on one page; fully booked they make some 80 KiB.
const ROWS_MAX: usize = 8;

/// Offers named in one day; the rest is counted.
const OFFERS_MAX: usize = 3;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// A day of the first week, `2026-07-13`; this week when missing.
    from: Option<String>,
    page: usize,
}

#[derive(Template)]
#[template(path = "calendar.html")]
struct CalendarPage {
    c: Chrome,
    headline: String,
    span: String,
    before: String,
    after: String,
    conflicts: Vec<Conflict>,
    weeks: Vec<Week>,
    p: Pager,
}

struct Conflict {
    href: String,
    text: String,
}

struct Week {
    span: String,
    days: Vec<Day>,
    rows: Vec<Row>,
    /// What is offered and not answered, by day; empty where nothing is.
    offers: Vec<OfferCell>,
}

struct OfferCell {
    day: String,
    class: &'static str,
    offers: Vec<Offer>,
    more: String,
}

struct Offer {
    href: String,
    hours: String,
    tasks: Vec<(String, String)>,
}

struct Day {
    weekday: &'static str,
    date: String,
    class: &'static str,
    /// A day of the weekend with nothing on it.
    is_narrow: bool,
    /// Booked and possible hours of everybody.
    hours: String,
    load: Load,
}

/// How full something is.
struct Load {
    percent: u8,
    class: &'static str,
    over: bool,
}

struct Row {
    name: String,
    hours: String,
    load: Load,
    cells: Vec<Cell>,
}

struct Cell {
    day: String,
    class: &'static str,
    away: bool,
    /// Booked and possible hours; empty where nothing is booked.
    hours: String,
    load: Load,
    visits: Vec<Visit>,
}

struct Visit {
    href: String,
    hours: String,
    /// Each machine and what is done on it.
    tasks: Vec<(String, String)>,
    customer: String,
    customer_href: String,
    /// Where it is moved or cancelled; empty once it has begun.
    move_href: String,
    trouble: &'static str,
    /// That the work was done; empty before.
    done: &'static str,
}

/// `GET /calendar`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(asked): Query<Asked>) -> Response {
    let day = match asked.from.as_deref().map(civil::from_iso_day) {
        Some(None) => return ask.failure(&BackendError::Invalid("`from` is a day, like 2026-07-13".to_owned())),
        day => day.flatten(),
    };
    let lang = ask.lang;
    match app.ask(move |backend| backend.visit_calendar(day, lang)).await {
        Ok(calendar) => ask.html(StatusCode::OK, &lay_out(&calendar, asked.page, &app.options.catalogue, &ask)),
        Err(error) => ask.failure(&error),
    }
}

fn lay_out(calendar: &VisitCalendar, page: usize, catalogue: &Catalogue, ask: &Ask) -> CalendarPage {
    let lang = ask.lang;
    let length = calendar.weeks as i64 * WEEK_DAYS;
    let (first, last) = (calendar.first_day, calendar.first_day + length - 1);
    let href = |day: i64| format!("/calendar?from={}", civil::iso_day(day));
    let conflicts = conflicts(calendar, lang);
    let mut rows: Vec<&CalendarRow> = calendar.rows.iter().collect();
    let from = civil::iso_day(first);
    let p = pager::cut(&mut rows, page, ROWS_MAX, ("/calendar", &[("from", &from)]), lang);
    CalendarPage {
        c: ask.chrome("calendar", true),
        headline: desk::calendar_headline(calendar.visits.len(), conflicts.len(), lang),
        span: desk::span_of(&civil::day(first, lang), &civil::day(last, lang), lang),
        before: href(first - length),
        after: href(first + length),
        conflicts,
        weeks: (0..calendar.weeks).map(|n| week(calendar, &rows, n, catalogue, lang)).collect(),
        p,
    }
}

fn week(calendar: &VisitCalendar, rows: &[&CalendarRow], n: usize, catalogue: &Catalogue, lang: Lang) -> Week {
    let monday = calendar.first_day + n as i64 * WEEK_DAYS;
    let week_days = || monday..monday + WEEK_DAYS;
    let day = |day: i64| {
        let capacity_h = calendar.rows.iter().map(|row| day_h(calendar, row, day)).sum();
        let booked_h = hours(calendar.visits.iter().filter(|visit| on(calendar, visit.from, day)));
        Day {
            weekday: text::weekday_short(civil::weekday_of(day), lang),
            date: civil::day(day, lang),
            class: class_of(calendar, day),
            is_narrow: is_free_weekend(calendar, day),
            // On a day on which nobody works and nothing is booked there is nothing to say.
            hours: if booked_h + capacity_h > 0.0 { desk::hours_of(booked_h, capacity_h, lang) } else { String::new() },
            load: load(booked_h, capacity_h),
        }
    };
    let offers: Vec<OfferCell> = week_days().map(|day| offers(calendar, day, catalogue, lang)).collect();
    let is_offered = offers.iter().any(|cell| !cell.offers.is_empty());
    Week {
        span: desk::span_of(&civil::day(monday, lang), &civil::day(monday + WEEK_DAYS - 1, lang), lang),
        days: week_days().map(day).collect(),
        rows: rows.iter().map(|row| row_of(calendar, row, n, catalogue, lang)).collect(),
        offers: if is_offered { offers } else { Vec::new() },
    }
}

fn row_of(calendar: &VisitCalendar, row: &CalendarRow, n: usize, catalogue: &Catalogue, lang: Lang) -> Row {
    let monday = calendar.first_day + n as i64 * WEEK_DAYS;
    let (booked_h, capacity_h) = (booked_h(calendar, row, n), row.capacity_h.get(n).copied().unwrap_or(0.0));
    let cell = |day: i64| {
        let own = |visit: &&CalendarVisit| visit.technician == row.key && on(calendar, visit.from, day);
        let visits: Vec<&CalendarVisit> = calendar.visits.iter().filter(own).collect();
        let (booked_h, capacity_h) = (hours(visits.iter().copied()), day_h(calendar, row, day));
        Cell {
            day: day_name(day, lang),
            class: class_of(calendar, day),
            away: row.away.contains(&day),
            hours: if visits.is_empty() { String::new() } else { desk::hours_of(booked_h, capacity_h, lang) },
            load: load(booked_h, capacity_h),
            visits: visits.into_iter().map(|visit| view(calendar, visit, catalogue, lang)).collect(),
        }
    };
    Row {
        name: if row.key.is_empty() { desk::words(lang).nobody_named.to_owned() } else { row.name.clone() },
        hours: desk::hours_of(booked_h, capacity_h, lang),
        load: load(booked_h, capacity_h),
        cells: (monday..monday + WEEK_DAYS).map(cell).collect(),
    }
}

fn offers(calendar: &VisitCalendar, day: i64, catalogue: &Catalogue, lang: Lang) -> OfferCell {
    let of_day: Vec<&CalendarOffer> = calendar.offers.iter().filter(|offer| on(calendar, offer.from, day)).collect();
    let view = |offer: &&CalendarOffer| Offer {
        href: advisory_href(&offer.case),
        hours: span(calendar, offer.from, offer.to),
        tasks: tasks(&offer.tasks, &offer.site_name, catalogue, lang),
    };
    let more = of_day.len().saturating_sub(OFFERS_MAX);
    OfferCell {
        day: day_name(day, lang),
        class: class_of(calendar, day),
        more: if more > 0 { desk::and_more(more, lang) } else { String::new() },
        offers: of_day.iter().take(OFFERS_MAX).map(view).collect(),
    }
}

fn on(calendar: &VisitCalendar, at: Timestamp, day: i64) -> bool {
    civil::day_number(at, calendar.zone) == day
}

fn hours<'a>(visits: impl Iterator<Item = &'a CalendarVisit>) -> f64 {
    visits.map(|visit| (visit.to - visit.from) as f64 / HOUR_MS as f64).sum()
}

/// Hours that somebody can spend on sites on a day.
fn day_h(calendar: &VisitCalendar, row: &CalendarRow, day: i64) -> f64 {
    let place = usize::try_from(day - calendar.first_day).ok();
    place.and_then(|place| row.day_h.get(place)).copied().unwrap_or(0.0)
}

fn load(booked_h: f64, capacity_h: f64) -> Load {
    let share = if capacity_h > 0.0 { booked_h / capacity_h } else { booked_h.min(1.0) };
    let class = match share {
        share if share > 1.0 => "urgent",
        share if share > 0.8 => "advise",
        _ => "good",
    };
    Load { percent: text::percent(share.min(1.0)), class, over: share > 1.0 }
}

/// A day of the weekend with nothing on it takes little room.
fn is_free_weekend(calendar: &VisitCalendar, day: i64) -> bool {
    let visits = calendar.visits.iter().map(|visit| visit.from);
    let mut times = visits.chain(calendar.offers.iter().map(|offer| offer.from));
    civil::weekday_of(day) > 4 && !times.any(|at| on(calendar, at, day))
}

fn class_of(calendar: &VisitCalendar, day: i64) -> &'static str {
    match (on(calendar, calendar.now, day), civil::weekday_of(day) > 4) {
        (true, _) => "today",
        (_, true) => "weekend",
        _ => "",
    }
}

fn day_name(day: i64, lang: Lang) -> String {
    format!("{} {}", text::weekday_short(civil::weekday_of(day), lang), civil::day(day, lang))
}

fn span(calendar: &VisitCalendar, from: Timestamp, to: Timestamp) -> String {
    format!("{}–{}", civil::clock(from, calendar.zone), civil::clock(to, calendar.zone))
}

/// Hours of a row's visits in the week `n`.
fn booked_h(calendar: &VisitCalendar, row: &CalendarRow, n: usize) -> f64 {
    let monday = calendar.first_day + n as i64 * WEEK_DAYS;
    let within = |visit: &&CalendarVisit| {
        let day = civil::day_number(visit.from, calendar.zone);
        visit.technician == row.key && (monday..monday + WEEK_DAYS).contains(&day)
    };
    hours(calendar.visits.iter().filter(within))
}

/// What is wrong with a visit's time; empty when nothing is.
fn trouble(calendar: &VisitCalendar, visit: &CalendarVisit, lang: Lang) -> &'static str {
    let d = desk::words(lang);
    // What is over can be arranged no more.
    if visit.done {
        return "";
    }
    // Nobody named may be several people.
    let row = calendar.rows.iter().find(|row| row.key == visit.technician && !row.key.is_empty());
    let Some(row) = row else { return "" };
    let clashes = |other: &&CalendarVisit| {
        !other.done
            && other.technician == visit.technician
            && other.case != visit.case
            && other.from < visit.to
            && visit.from < other.to
    };
    if row.away.contains(&civil::day_number(visit.from, calendar.zone)) {
        d.while_away
    } else if calendar.visits.iter().any(|other| clashes(&other)) {
        d.overlaps
    } else {
        ""
    }
}

fn conflicts(calendar: &VisitCalendar, lang: Lang) -> Vec<Conflict> {
    let of_visit = |visit: &CalendarVisit| {
        let trouble = trouble(calendar, visit, lang);
        let at = civil::date_time(visit.from, calendar.zone, lang);
        let who = calendar.rows.iter().find(|row| row.key == visit.technician).map_or("", |row| row.name.as_str());
        let text = format!("{who} · {at} · {} · {} · {trouble}", machines(&visit.tasks, lang), visit.site_name);
        (!trouble.is_empty()).then(|| Conflict { href: advisory_href(&visit.case), text })
    };
    let mut found: Vec<Conflict> = calendar.visits.iter().filter_map(of_visit).collect();
    for (row, n) in calendar.rows.iter().flat_map(|row| (0..calendar.weeks).map(move |n| (row, n))) {
        let (booked, capacity) = (booked_h(calendar, row, n), row.capacity_h.get(n).copied().unwrap_or(0.0));
        if booked > capacity && !row.key.is_empty() {
            let week = desk::week_of(&civil::day(calendar.first_day + n as i64 * WEEK_DAYS, lang), lang);
            let hours = desk::hours_of(booked, capacity, lang);
            let text = format!("{} · {week} · {hours} · {}", row.name, desk::words(lang).over_capacity);
            found.push(Conflict { href: String::new(), text });
        }
    }
    found
}

fn view(calendar: &VisitCalendar, visit: &CalendarVisit, catalogue: &Catalogue, lang: Lang) -> Visit {
    Visit {
        href: advisory_href(&visit.case),
        hours: span(calendar, visit.from, visit.to),
        tasks: tasks(&visit.tasks, &visit.site_name, catalogue, lang),
        customer: visit.customer.clone(),
        customer_href: customer_href(&visit.customer_id),
        move_href: if visit.done || visit.from <= calendar.now { String::new() } else { move_href(&visit.case) },
        trouble: trouble(calendar, visit, lang),
        done: if visit.done { field::words(lang).done } else { "" },
    }
}

/// Each machine, the first with its site, and what is done on it.
fn tasks(tasks: &[Task], site_name: &str, catalogue: &Catalogue, lang: Lang) -> Vec<(String, String)> {
    let line = |(place, task): (usize, &Task)| {
        let named =
            if place == 0 { format!("{} · {site_name}", task.machine_name) } else { task.machine_name.clone() };
        (named, works(&task.works, catalogue, lang))
    };
    tasks.iter().enumerate().map(line).collect()
}
