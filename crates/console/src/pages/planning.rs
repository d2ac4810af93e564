//! The coming weeks: parts against the shelves, visits against capacity, what postponing costs.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::{Catalogue, FaultCode, Objection, Obstacle};
use serde::Deserialize;

use super::answer::answered;
use super::case_acts;
use super::page::{self, Ask, Chrome, advisory_href, encode};
use crate::router::App;
use crate::text::{self, desk};
use crate::view::{Choice, DelayLine, PartPlan, Planning, StockCount, WeekPlan};
use crate::{BackendError, Lang, chart, civil};

/// Most pieces on one shelf.
const PIECES_MAX: u32 = 100_000;

/// What the address may ask.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// The depot and the part that were just counted.
    counted: String,
    part: String,
}

/// A count as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Counted {
    depot: String,
    part: String,
    n: String,
}

#[derive(Template)]
#[template(path = "planning.html")]
struct PlanningPage {
    c: Chrome,
    headline: String,
    notice: String,
    /// Something was refused.
    bad: bool,
    /// Whether the form for counting stands open.
    counting: bool,
    depots: Vec<Choice>,
    /// Kinds of parts to choose from.
    kinds: Vec<Choice>,
    /// What was typed, or counted just now.
    typed: Counted,
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
    /// How many are needed in each week: its first day and the count.
    weeks: Vec<(String, String)>,
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
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(asked): Query<Asked>) -> Response {
    // Whoever counts one shelf counts the next one of that depot.
    let typed = Counted { depot: asked.counted, part: asked.part, n: String::new() };
    again(&app, &ask, (StatusCode::OK, None), typed).await
}

/// `POST /planning/stock`
pub(crate) async fn count(State(app): State<App>, ask: Ask, Form(form): Form<Counted>) -> Response {
    let (by, typed) = (ask.by.clone(), form.clone());
    let to = format!("/planning?counted={}&part={}#count", encode(&form.depot), encode(&form.part));
    let counted = app.ask(move |backend| {
        let n = form.n.trim().parse().ok().filter(|n| *n <= PIECES_MAX);
        let n = n.ok_or_else(|| BackendError::Refused(Objection::about(Obstacle::CountInvalid, form.n.trim())))?;
        backend.count_stock(&StockCount { depot: form.depot, part: form.part, n }, &by)
    });
    let (app, ask) = (&app, &ask);
    let otherwise = |error| async move {
        match page::refused(ask, &error) {
            Some((status, why)) => again(app, ask, (status, Some(why)), typed).await,
            None => ask.failure(&error),
        }
    };
    answered(counted, |()| to, otherwise).await
}

/// The page, with why a count was refused.
async fn again(app: &App, ask: &Ask, (status, why): (StatusCode, Option<String>), typed: Counted) -> Response {
    let lang = ask.lang;
    match app.ask(move |backend| backend.planning(lang)).await {
        Ok(planning) => ask.html(status, &lay_out(planning, (why, typed), &app.options.catalogue, ask)),
        Err(error) => ask.failure(&error),
    }
}

/// Every kind of part that some work takes or a shelf holds.
fn kinds(planning: &Planning, catalogue: &Catalogue, lang: Lang) -> Vec<Choice> {
    let mut kinds = case_acts::parts(catalogue, lang);
    for plan in &planning.parts {
        if !kinds.iter().any(|kind| kind.key == plan.part) {
            kinds.push(Choice { key: plan.part.clone(), name: text::part(&plan.part, lang) });
        }
    }
    kinds.sort_by(|a, b| a.name.cmp(&b.name));
    kinds
}

/// What lies there now of what was counted last; empty where nothing was.
fn counted(planning: &Planning, typed: &Counted, lang: Lang) -> String {
    let depot = planning.depots.iter().find(|depot| depot.key == typed.depot);
    let plan = planning.parts.iter().find(|plan| plan.part == typed.part);
    depot.zip(plan).map_or_else(String::new, |(depot, plan)| {
        let n = plan.shelves.iter().find(|(name, _)| *name == depot.name).map_or(0, |(_, n)| *n);
        desk::counted(&depot.name, &text::part(&plan.part, lang), n, lang)
    })
}

fn lay_out(
    planning: Planning,
    (why, typed): (Option<String>, Counted),
    catalogue: &Catalogue,
    ask: &Ask,
) -> PlanningPage {
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
        notice: why.clone().unwrap_or_else(|| counted(&planning, &typed, lang)),
        bad: why.is_some(),
        counting: why.is_some() || !typed.depot.is_empty(),
        kinds: kinds(&planning, catalogue, lang),
        typed,
        c: ask.chrome("planning", true),
        headline: desk::planning_headline(short, overfull, lang),
        parts: parts.into_iter().map(|plan| part(plan, &labels, lang)).collect(),
        load: chart::load(&planning.weeks, &labels, lang),
        weeks: planning.weeks.iter().zip(&labels).map(|(week, label)| row(week, label, lang)).collect(),
        delays: planning.delays.iter().map(|line| delay(line, &planning, catalogue, lang)).collect(),
        depots: planning.depots,
    }
}

fn part(plan: &PartPlan, labels: &[String], lang: Lang) -> Part {
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
        weeks: labels.iter().cloned().zip(plan.weeks.iter().map(|band| desk::band(*band, lang))).collect(),
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
