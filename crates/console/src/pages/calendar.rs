//! Booked visits by day and technician over two weeks, with what people can do and where it clashes.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::{Catalogue, FaultCode, HOUR_MS};
use serde::Deserialize;

use super::cases::customer_href;
use super::page::{Ask, Chrome, advisory_href};
use crate::router::App;
use crate::text::{self, desk};
use crate::view::{CalendarRow, CalendarVisit, VisitCalendar};
use crate::{BackendError, Lang, civil};

const WEEK_DAYS: i64 = 7;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// A day of the first week, `2026-07-13`; this week when missing.
    from: Option<String>,
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
    is_empty: bool,
}

struct Conflict {
    href: String,
    text: String,
}

struct Week {
    span: String,
    days: Vec<Day>,
    rows: Vec<Row>,
}

struct Day {
    weekday: &'static str,
    date: String,
    class: &'static str,
}

struct Row {
    name: String,
    hours: String,
    percent: u8,
    class: &'static str,
    over: bool,
    cells: Vec<Cell>,
}

struct Cell {
    day: String,
    class: &'static str,
    away: bool,
    visits: Vec<Visit>,
}

struct Visit {
    href: String,
    hours: String,
    machine: String,
    work: String,
    customer: String,
    customer_href: String,
    trouble: &'static str,
}

/// `GET /calendar`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(asked): Query<Asked>) -> Response {
    let day = match asked.from.as_deref().map(civil::from_iso_day) {
        Some(None) => return ask.failure(&BackendError::Invalid("`from` is a day, like 2026-07-13".to_owned())),
        day => day.flatten(),
    };
    let lang = ask.lang;
    match app.ask(move |backend| backend.visit_calendar(day, lang)).await {
        Ok(calendar) => ask.html(StatusCode::OK, &lay_out(&calendar, &app.options.catalogue, &ask)),
        Err(error) => ask.failure(&error),
    }
}

fn lay_out(calendar: &VisitCalendar, catalogue: &Catalogue, ask: &Ask) -> CalendarPage {
    let lang = ask.lang;
    let length = calendar.weeks as i64 * WEEK_DAYS;
    let (first, last) = (calendar.first_day, calendar.first_day + length - 1);
    let href = |day: i64| format!("/calendar?from={}", civil::iso_day(day));
    let conflicts = conflicts(calendar, lang);
    CalendarPage {
        c: ask.chrome("calendar", true),
        headline: desk::calendar_headline(calendar.visits.len(), conflicts.len(), lang),
        span: desk::span_of(&civil::day(first, lang), &civil::day(last, lang), lang),
        before: href(first - length),
        after: href(first + length),
        conflicts,
        weeks: (0..calendar.weeks).map(|n| week(calendar, n, catalogue, lang)).collect(),
        is_empty: calendar.visits.is_empty(),
    }
}

fn week(calendar: &VisitCalendar, n: usize, catalogue: &Catalogue, lang: Lang) -> Week {
    let monday = calendar.first_day + n as i64 * WEEK_DAYS;
    let today = civil::day_number(calendar.now, calendar.zone);
    let class = |day: i64| match (day == today, civil::weekday_of(day) > 4) {
        (true, _) => "today",
        (_, true) => "weekend",
        _ => "",
    };
    let days = (monday..monday + WEEK_DAYS).map(|day| Day {
        weekday: text::weekday_short(civil::weekday_of(day), lang),
        date: civil::day(day, lang),
        class: class(day),
    });
    let rows = calendar.rows.iter().map(|row| {
        let own = || calendar.visits.iter().filter(|visit| visit.technician == row.key);
        let booked_h = booked_h(calendar, row, n);
        let capacity_h = row.capacity_h.get(n).copied().unwrap_or(0.0);
        let share = if capacity_h > 0.0 { booked_h / capacity_h } else { booked_h.min(1.0) };
        let cell = |day: i64| Cell {
            day: format!("{} {}", text::weekday_short(civil::weekday_of(day), lang), civil::day(day, lang)),
            class: class(day),
            away: row.away.contains(&day),
            visits: own()
                .filter(|visit| civil::day_number(visit.from, calendar.zone) == day)
                .map(|visit| view(calendar, visit, catalogue, lang))
                .collect(),
        };
        Row {
            name: if row.key.is_empty() { desk::words(lang).nobody_named.to_owned() } else { row.name.clone() },
            hours: desk::hours_of(booked_h, capacity_h, lang),
            percent: text::percent(share.min(1.0)),
            class: match share {
                share if share > 1.0 => "urgent",
                share if share > 0.8 => "advise",
                _ => "good",
            },
            over: share > 1.0,
            cells: (monday..monday + WEEK_DAYS).map(cell).collect(),
        }
    });
    let span = desk::span_of(&civil::day(monday, lang), &civil::day(monday + WEEK_DAYS - 1, lang), lang);
    Week { span, days: days.collect(), rows: rows.collect() }
}

/// Hours of a row's visits in the week `n`.
fn booked_h(calendar: &VisitCalendar, row: &CalendarRow, n: usize) -> f64 {
    let monday = calendar.first_day + n as i64 * WEEK_DAYS;
    let within = |visit: &&CalendarVisit| {
        let day = civil::day_number(visit.from, calendar.zone);
        visit.technician == row.key && (monday..monday + WEEK_DAYS).contains(&day)
    };
    calendar.visits.iter().filter(within).map(|visit| (visit.to - visit.from) as f64 / HOUR_MS as f64).sum()
}

/// What is wrong with a visit's time; empty when nothing is.
fn trouble(calendar: &VisitCalendar, visit: &CalendarVisit, lang: Lang) -> &'static str {
    let d = desk::words(lang);
    // Nobody named may be several people.
    let row = calendar.rows.iter().find(|row| row.key == visit.technician && !row.key.is_empty());
    let Some(row) = row else { return "" };
    let clashes = |other: &&CalendarVisit| {
        other.technician == visit.technician
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
        let text = format!("{who} · {at} · {}, {} · {trouble}", visit.machine_name, visit.site_name);
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
    let (from, to) = (civil::clock(visit.from, calendar.zone), civil::clock(visit.to, calendar.zone));
    Visit {
        href: advisory_href(&visit.case),
        hours: format!("{from}–{to}"),
        machine: format!("{}, {}", visit.machine_name, visit.site_name),
        work: work(&visit.fault, catalogue, lang),
        customer: visit.customer.clone(),
        customer_href: customer_href(&visit.customer_id),
        trouble: trouble(calendar, visit, lang),
    }
}

/// What is done about a fault; what the fault is called where nothing is known of it.
fn work(fault: &str, catalogue: &Catalogue, lang: Lang) -> String {
    let Some(code) = FaultCode::new(fault) else { return fault.replace('_', " ") };
    let action = catalogue.action_for(&code).map(|(_, action)| action.name.in_language(lang.tag()).to_owned());
    action.unwrap_or_else(|| text::fault(&code, catalogue, lang))
}
