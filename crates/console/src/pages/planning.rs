//! The coming weeks: parts against the shelves, visits against capacity, what postponing costs.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::{Catalogue, FaultCode};

use super::page::{Ask, Chrome, advisory_href};
use crate::router::App;
use crate::text::{self, desk};
use crate::view::{DelayLine, PartPlan, Planning, WeekPlan};
use crate::{Lang, chart, civil};

#[derive(Template)]
#[template(path = "planning.html")]
struct PlanningPage {
    c: Chrome,
    headline: String,
    parts: Vec<Part>,
    load: String,
    weeks: Vec<Week>,
    delays: Vec<Delay>,
}

struct Part {
    /// Its code, by which the search points at it.
    key: String,
    name: String,
    class: &'static str,
    last: String,
    chart: String,
    stock: u32,
    shelves: Vec<String>,
    whole: String,
}

struct Week {
    from: String,
    visits: String,
    booked: String,
    likely: String,
    capacity: String,
    over: bool,
}

struct Delay {
    href: String,
    machine: String,
    customer: String,
    fault: String,
    sooner: String,
    before: String,
    after: String,
    cost: String,
}

/// `GET /planning`
pub(crate) async fn show(State(app): State<App>, ask: Ask) -> Response {
    let lang = ask.lang;
    match app.ask(move |backend| backend.planning(lang)).await {
        Ok(planning) => ask.html(StatusCode::OK, &lay_out(&planning, &app.options.catalogue, &ask)),
        Err(error) => ask.failure(&error),
    }
}

fn lay_out(planning: &Planning, catalogue: &Catalogue, ask: &Ask) -> PlanningPage {
    let lang = ask.lang;
    let short = planning.parts.iter().filter(|part| part.may_run_out.is_some()).count();
    let overfull = planning.weeks.iter().filter(|week| week.expected_h > week.capacity_h).count();
    // Of what nobody needs and nobody has there is nothing to say.
    let matters = |part: &&PartPlan| part.stock > 0 || part.up_to.last().is_some_and(|band| band.expected >= 0.005);
    let mut parts: Vec<&PartPlan> = planning.parts.iter().filter(matters).collect();
    parts.sort_by_key(|part| {
        let never = usize::MAX;
        (part.runs_out.unwrap_or(never), part.may_run_out.unwrap_or(never), part.part.clone())
    });
    let labels: Vec<String> = planning.weeks.iter().map(|week| civil::day_of(week.from, planning.zone, lang)).collect();
    PlanningPage {
        c: ask.chrome("planning", true),
        headline: desk::planning_headline(short, overfull, lang),
        parts: parts.into_iter().map(|plan| part(plan, lang)).collect(),
        load: chart::load(&planning.weeks, &labels, lang),
        weeks: planning.weeks.iter().zip(&labels).map(|(week, label)| row(week, label, lang)).collect(),
        delays: planning.delays.iter().map(|line| delay(line, planning, catalogue, lang)).collect(),
    }
}

fn part(plan: &PartPlan, lang: Lang) -> Part {
    let (class, last) = desk::shelves_last(plan.may_run_out, plan.runs_out, plan.up_to.len(), lang);
    // A depot and what lies there are not parted at the end of a line.
    let shelves = plan.shelves.iter().filter(|(_, n)| *n > 0).map(|(depot, n)| format!("{depot}\u{a0}{n}"));
    Part {
        key: plan.part.clone(),
        name: text::part(&plan.part, lang),
        class,
        last,
        chart: chart::demand(plan, lang),
        stock: plan.stock,
        shelves: shelves.collect(),
        whole: plan.up_to.last().map_or_else(String::new, |band| desk::band(*band, lang)),
    }
}

fn row(week: &WeekPlan, label: &str, lang: Lang) -> Week {
    Week {
        from: label.to_owned(),
        visits: desk::band(week.visits, lang),
        booked: desk::planned_hours(week.booked_h, lang),
        likely: desk::planned_hours(week.expected_h, lang),
        capacity: desk::planned_hours(week.capacity_h, lang),
        over: week.expected_h > week.capacity_h,
    }
}

fn delay(line: &DelayLine, planning: &Planning, catalogue: &Catalogue, lang: Lang) -> Delay {
    let fault = FaultCode::new(&line.fault);
    let cost = match (line.stop_cost, line.energy_cost) {
        (None, None) => desk::words(lang).cost_unknown.to_owned(),
        (stop, energy) => desk::money(stop.unwrap_or(0.0) + energy.unwrap_or(0.0), &line.currency, lang),
    };
    Delay {
        href: advisory_href(&line.case),
        machine: line.machine_name.clone(),
        customer: line.customer.clone(),
        fault: fault.map_or_else(|| line.fault.clone(), |fault| text::fault(&fault, catalogue, lang)),
        sooner: civil::date_time(line.sooner, planning.zone, lang),
        before: text::share(line.risk_before),
        after: text::share(line.risk_after),
        cost,
    }
}
