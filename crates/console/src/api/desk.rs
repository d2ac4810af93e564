//! The service desk as JSON: cases, customers, visits, planning, verdicts, search.

use std::borrow::Cow;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use foretell_model::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::json::tasks;
use super::{Asked, CUSTOMERS_PAGE, PageAsked, VISITS_PAGE, answer, of_machine, query};
use crate::pages::page::Ask;
use crate::router::App;
use crate::view::{
    Band, CHECKLIST, CalendarVisit, CustomerLine, CustomerPage, DelayLine, Hit, PartPlan, Planning, RecordEntry,
    RecordLine, RecordQuery, ServiceCase, Timer, WeekPlan,
};
use crate::{BackendError, civil};

/// Things of each kind that a search answers with.
const HITS_MAX: usize = 100;

/// Entries of the record in one answer: when nothing is asked, and at most.
const RECORD_PAGE: (u32, u32) = (100, 1_000);

/// The desk's routes.
pub(super) fn table() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/api/v1/cases", get(cases)),
        ("/api/v1/cases/{id}", get(case)),
        ("/api/v1/customers", get(customers)),
        ("/api/v1/customers/{id}", get(customer)),
        ("/api/v1/planning", get(planning)),
        ("/api/v1/record", get(record)),
        ("/api/v1/search", get(search)),
        ("/api/v1/verdicts", get(verdicts)),
        ("/api/v1/visits", get(visits)),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct VisitsAsked {
    from: Option<String>,
    max: Option<usize>,
    cursor: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordAsked {
    who: Option<String>,
    #[serde(default)]
    people: bool,
    customer: Option<String>,
    machine: Option<String>,
    max: Option<u32>,
    cursor: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sought {
    q: String,
}

async fn cases(State(app): State<App>, ask: Ask) -> Response {
    let found = app.ask(move |backend| {
        let mut desk = backend.cases(ask.lang)?;
        desk.open.sort_by_key(ServiceCase::urgency);
        let list = |cases: &[ServiceCase]| cases.iter().map(service_case).collect::<Vec<_>>();
        Ok(json!({ "now": desk.now.to_string(), "open": list(&desk.open), "closed": list(&desk.closed) }))
    });
    answer(found.await)
}

async fn case(State(app): State<App>, ask: Ask, Path(id): Path<String>) -> Response {
    let found = app.ask(move |backend| {
        let number = id.parse().map_err(|_| BackendError::NotFound(format!("case {id}")))?;
        let page = backend.case(number, ask.lang)?;
        let mut value = service_case(&page.case);
        value["record"] = page.record.iter().map(record_line).collect();
        Ok(value)
    });
    answer(found.await)
}

async fn customers(State(app): State<App>, ask: Ask, asked: Asked<PageAsked>) -> Response {
    let found = app.ask(move |backend| {
        let (asked, mut customers) = (query(asked)?, backend.customers(ask.lang)?);
        customers.lines.sort_by(|a, b| a.id.cmp(&b.id));
        let next = asked.cut(&mut customers.lines, CUSTOMERS_PAGE, |line| Cow::Borrowed(line.id.as_str()));
        let lines: Vec<Value> = customers.lines.iter().map(customer_line).collect();
        Ok(json!({ "now": customers.now.to_string(), "customers": lines, "next": next }))
    });
    answer(found.await)
}

async fn customer(State(app): State<App>, ask: Ask, Path(id): Path<String>) -> Response {
    answer(app.ask(move |backend| Ok(customer_page(&backend.customer(&id, ask.lang)?))).await)
}

async fn visits(State(app): State<App>, ask: Ask, asked: Asked<VisitsAsked>) -> Response {
    let found = app.ask(move |backend| {
        let VisitsAsked { from, max, cursor } = query(asked)?;
        let day = from.map(|text| {
            civil::from_iso_day(&text)
                .ok_or_else(|| BackendError::Invalid(format!("`from`: `{text}` is no day like 2026-07-13")))
        });
        let mut calendar = backend.visit_calendar(day.transpose()?, ask.lang)?;
        // In their order, which is that of their begin.
        let next = PageAsked { max, cursor }.cut(&mut calendar.visits, VISITS_PAGE, |visit| {
            Cow::Owned(format!("{:015} {}", visit.from.millis(), visit.case))
        });
        let people: Vec<Value> = calendar
            .rows
            .iter()
            .map(|row| {
                let away: Vec<String> = row.away.iter().map(|day| civil::iso_day(*day)).collect();
                json!({ "technician": row.key, "name": row.name, "capacity_h": row.capacity_h, "away": away })
            })
            .collect();
        let visits: Vec<Value> = calendar.visits.iter().map(visit).collect();
        Ok(json!({
            "from": civil::iso_day(calendar.first_day), "weeks": calendar.weeks,
            "time_zone": calendar.zone.name(), "technicians": people, "visits": visits, "next": next,
        }))
    });
    answer(found.await)
}

async fn planning(State(app): State<App>, ask: Ask) -> Response {
    answer(app.ask(move |backend| Ok(plan(&backend.planning(ask.lang)?))).await)
}

async fn record(State(app): State<App>, ask: Ask, asked: Asked<RecordAsked>) -> Response {
    let found = app.ask(move |backend| {
        let asked = query(asked)?;
        let before = asked.cursor.as_deref().map(str::parse::<i64>).transpose();
        let query = RecordQuery {
            who: asked.who,
            people: asked.people,
            customer: asked.customer,
            machine: of_machine(asked.machine.as_deref())?,
            before: before.map_err(|_| BackendError::Invalid("`cursor` is none that was given out".to_owned()))?,
            max: asked.max.unwrap_or(RECORD_PAGE.0).clamp(1, RECORD_PAGE.1),
        };
        let record = backend.record(&query, ask.lang)?;
        let entries: Vec<Value> = record.entries.iter().map(record_entry).collect();
        Ok(json!({ "entries": entries, "next": record.next.map(|next| next.to_string()) }))
    });
    answer(found.await)
}

fn record_entry(entry: &RecordEntry) -> Value {
    let mut value = record_line(&entry.line);
    value["id"] = entry.id.into();
    value["who"] = entry.by.clone().into();
    value["customer_id"] = entry.customer.as_ref().map(|(key, _)| key.clone()).into();
    value["machine"] = entry.machine.as_ref().map(ToString::to_string).into();
    value["case"] = entry.case.clone().into();
    value
}

async fn verdicts(State(app): State<App>) -> Response {
    let found = app.ask(|backend| {
        let faults: Vec<Value> = backend
            .precision()?
            .iter()
            .map(|fault| {
                json!({
                    "fault": fault.fault, "confirmed": fault.confirmed, "not_found": fault.not_found,
                    "something_else": fault.something_else,
                })
            })
            .collect();
        Ok(json!({ "faults": faults }))
    });
    answer(found.await)
}

async fn search(State(app): State<App>, ask: Ask, asked: Asked<Sought>) -> Response {
    let found = app.ask(move |backend| {
        let hits = backend.search(&query(asked)?.q.trim().to_lowercase(), HITS_MAX, ask.lang)?;
        let hits = hits.for_whom(|pattern| ask.may_see(pattern));
        let list = |hits: &[Hit]| -> Value {
            hits.iter().map(|hit| json!({ "id": hit.key, "name": hit.name, "detail": hit.detail })).collect()
        };
        Ok(json!({
            "machines": list(&hits.machines), "customers": list(&hits.customers), "cases": list(&hits.cases),
            "letters": list(&hits.letters), "people": list(&hits.people), "parts": list(&hits.parts), "more": hits.more,
        }))
    });
    answer(found.await)
}

fn instant(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

fn timer(timer: Timer) -> Value {
    json!({ "due": timer.due.to_string(), "met": instant(timer.met), "state": timer.state.name() })
}

fn service_case(case: &ServiceCase) -> Value {
    let report = case.report.as_ref().map(|report| {
        let done: Map<String, Value> =
            CHECKLIST.iter().zip(report.done).map(|(point, done)| ((*point).to_owned(), Value::from(done))).collect();
        let parts: Map<String, Value> = report.parts.iter().map(|(part, n)| (part.clone(), Value::from(*n))).collect();
        json!({ "checklist": done, "left_out": report.left_out, "parts": parts, "note": report.note })
    });
    json!({
        "id": case.id, "machine": case.machine, "machine_name": case.machine_name, "site_name": case.site_name,
        "customer_id": case.customer_id, "customer": case.customer, "stage": case.stage, "source": case.source,
        "what": case.what, "heard": case.heard, "opened": case.opened.to_string(), "call_back": timer(case.call_back),
        "on_site": timer(case.on_site), "closed": instant(case.closed), "withdrawn": case.withdrawn, "report": report, "goes_on_as": case.goes_on,
        "technician": case.sent.as_ref().map(|sent| json!({
            "name": sent.name, "phone": sent.phone, "badge": sent.badge,
            "eta": instant(case.way.arrival.map(|known| known.at)),
            "eta_as_of": instant(case.way.arrival.map(|known| known.as_of)),
        })),
    })
}

fn record_line(entry: &RecordLine) -> Value {
    json!({
        "at": entry.at.to_string(), "who": entry.who, "what": entry.what, "why": entry.why, "machine_name": entry.machine,
    })
}

fn customer_line(line: &CustomerLine) -> Value {
    json!({
        "id": line.id, "name": line.name, "contact": line.contact, "language": line.lang.tag(),
        "time_zone": line.zone.name(), "advisor": line.advisor, "machines": line.machines, "stage": line.stage,
        "open_cases": line.open_cases, "next_visit": instant(line.next_visit),
    })
}

fn customer_page(page: &CustomerPage) -> Value {
    let mut value = customer_line(&page.line);
    let media = page.media.iter().map(
        |medium| json!({ "medium": medium.medium, "address": medium.address, "stopped": instant(medium.stopped) }),
    );
    let stages = page.stages.iter().map(
        |change| json!({ "at": change.at.to_string(), "stage": change.stage, "who": change.who, "why": change.why }),
    );
    let machines = page.machines.iter().map(|machine| {
        json!({
            "id": machine.id, "name": machine.name, "site_name": machine.site_name, "model": machine.model,
            "rated_kw": machine.rated_kw, "last_reading": instant(machine.last_reading),
        })
    });
    value["media"] = media.collect();
    value["stages"] = stages.collect();
    value["machine_list"] = machines.collect();
    value["cases"] = page.cases.iter().map(service_case).collect();
    value["record"] = page.record.iter().map(record_line).collect();
    value
}

fn visit(visit: &CalendarVisit) -> Value {
    // The visit's own machine and fault, as before there were visits to several.
    let own = visit.tasks.first();
    json!({
        "case": visit.case, "machine_name": own.map(|task| &task.machine_name), "site_name": visit.site_name,
        "customer_id": visit.customer_id, "customer": visit.customer, "fault": own.map(|task| &task.fault),
        "tasks": tasks(&visit.tasks),
        "technician": visit.technician, "from": visit.from.to_string(), "to": visit.to.to_string(),
    })
}

fn plan(planning: &Planning) -> Value {
    let band = |band: &Band| json!({ "expected": band.expected, "p10": band.low, "p90": band.high });
    let part = |part: &PartPlan| {
        let shelves: Value = part.shelves.iter().map(|(depot, n)| json!({ "depot": depot, "n": n })).collect();
        json!({
            "part": part.part, "stock": part.stock, "shelves": shelves,
            "weeks": part.weeks.iter().map(band).collect::<Vec<_>>(),
            "up_to": part.up_to.iter().map(band).collect::<Vec<_>>(),
            "may_run_out_in_week": part.may_run_out, "runs_out_in_week": part.runs_out,
        })
    };
    let week = |week: &WeekPlan| {
        json!({
            "from": week.from.to_string(), "visits": band(&week.visits), "expected_h": week.expected_h,
            "booked_h": week.booked_h, "capacity_h": week.capacity_h,
        })
    };
    let delay = |line: &DelayLine| {
        json!({
            "case": line.case, "machine_name": line.machine_name, "customer": line.customer, "fault": line.fault,
            "sooner": line.sooner.to_string(), "later": line.later.to_string(), "risk_before": line.risk_before,
            "risk_after": line.risk_after, "stop_cost": line.stop_cost, "energy_cost": line.energy_cost, "currency": line.currency,
        })
    };
    json!({
        "now": planning.now.to_string(),
        "parts": planning.parts.iter().map(part).collect::<Vec<_>>(),
        "weeks": planning.weeks.iter().map(week).collect::<Vec<_>>(),
        "delays": planning.delays.iter().map(delay).collect::<Vec<_>>(),
    })
}
